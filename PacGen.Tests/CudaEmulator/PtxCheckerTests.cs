using NUnit.Framework.Constraints;
using static PacGen.Tests.CudaEmulator.PtxProgram;

namespace PacGen.Tests.CudaEmulator;

/// <summary>Programs that are wrong, and their right twins: each fault is reported with the line that it stands in.</summary>
internal sealed class PtxCheckerTests
{
    private const string Shared = ".shared .align 16 .b8 shared[512];";

    private const string Exchange =
        """
        mov.u64 %rd6, shared;
        add.u64 %rd7, %rd6, %rd5;
        st.shared.u32 [%rd7], %r1;
        BARRIER
        xor.b32 %r2, %r1, OTHER;
        mul.wide.u32 %rd8, %r2, 4;
        add.u64 %rd9, %rd6, %rd8;
        ld.shared.u32 %r3, [%rd9];
        st.global.u32 [%rd4], %r3;
        """;

    /// <summary>From either side: which thread comes second is the schedule's.</summary>
    [Test]
    public void AMissingBarrierIsFound([Values(0, 1, 2)] int seed) => Races("", "33", seed);

    [TestCase("bar.sync 0;", "33")]
    [TestCase("bar.warp.sync -1;", "1")]
    [TestCase("", "0")]
    public void AnExchangeWithABarrierIsRight(string barrier, string other) => Assert.That(
        Run(Exchange.Replace("BARRIER", barrier).Replace("OTHER", other), [], 64, 64, Shared),
        Is.EqualTo(Enumerable.Range(0, 64).Select(thread => (uint)(thread ^ int.Parse(other)))));

    [TestCase("", "1", TestName = "lanes of a warp without any")]
    [TestCase("bar.warp.sync -1;", "33", TestName = "a warp's barrier between warps")]
    public void ABarrierThatIsTooWeakIsFound(string barrier, string other) => Races(barrier, other, 0);

    private static void Races(string barrier, string other, int seed) => Assert.That(
        () => Run(
            Exchange.Replace("BARRIER", barrier).Replace("OTHER", other), [], 64, 64, Shared, new RunOptions { Seed = seed }),
        Throws.TypeOf<EmulatedFault>().With.Property("Line").AnyOf(FirstLine + 2, FirstLine + 7)
            .And.Message.Contains("race: it ").And.Message.Contains(", with no barrier between"));

    [Test]
    public void WritesOverOneAnotherAreFound() =>
        Fails("mov.u64 %rd6, shared; st.shared.u32 [%rd6], %r1;", FirstLine, "race: it writes over shared memory at 0");

    [Test]
    public void AWriteOverWhatOthersReadIsFound() => Fails(
        """
        mov.u64 %rd6, shared;
        add.u64 %rd7, %rd6, %rd5;
        st.shared.u32 [%rd7], %r1;
        bar.sync 0;
        ld.shared.u32 %r2, [%rd6];
        add.u32 %r2, %r2, 1;
        st.shared.u32 [%rd7], %r2;
        """, FirstLine + 6, "has read, line 26", 64);

    [Test]
    public void NeighboursOfOneWordMayWriteItsHalves() => Assert.That(
        Run(
            """
            mov.u64 %rd6, shared;
            mul.wide.u32 %rd7, %r1, 2;
            add.u64 %rd7, %rd6, %rd7;
            st.shared.u16 [%rd7], %r1;
            bar.sync 0;
            add.u64 %rd8, %rd6, %rd5;
            setp.lt.u32 %p1, %r1, 16;
            mov.b32 %r2, 0;
            @%p1 ld.shared.u32 %r2, [%rd8];
            st.global.u32 [%rd4], %r2;
            """, [], 32, 32, Shared)[3], Is.EqualTo(0x70006u));

    private const string Copy =
        """
        mov.u64 %rd6, shared;
        add.u64 %rd7, %rd6, %rd5;
        cp.async.ca.shared.global [%rd7], [%rd3], 4, BYTES;
        cp.async.commit_group;
        WAIT
        ld.shared.u32 %r3, [%rd7];
        st.global.u32 [%rd4], %r3;
        """;

    [TestCase("cp.async.wait_group 0;", 4)]
    [TestCase("cp.async.wait_all;", 4)]
    [TestCase("cp.async.wait_group 0;", 0)]
    public void CopiesCome(string wait, int bytes) => Assert.That(
        Run(Copy.Replace("WAIT", wait).Replace("BYTES", $"{bytes}"), Numbers(32), 32, 32, Shared),
        Is.EqualTo(Numbers(32).Select(number => bytes == 0 ? 0 : number)));

    [TestCase("")]
    [TestCase("cp.async.wait_group 1;")]
    public void AMissingWaitIsFound(string wait) => Fails(
        Copy.Replace("WAIT", wait).Replace("BYTES", "4"), FirstLine + 5, "is pending", 32, input: Numbers(32));

    /// <summary>Without the checker, too, the bytes are not there before the wait.</summary>
    [Test]
    public void BytesComeOnlyWithAWait() => Assert.That(
        Run(
            Copy.Replace("WAIT", "").Replace("BYTES", "4"), Numbers(32), 32, 32, Shared, new RunOptions { ChecksRaces = false }),
        Is.All.EqualTo(uint.MaxValue));

    [Test]
    public void AnotherThreadsCopyNeedsABarrierToo() => Fails(
        Copy.Replace("WAIT", "cp.async.wait_group 0; xor.b32 %r2, %r1, 1; mul.wide.u32 %rd8, %r2, 4; add.u64 %rd7, %rd6, %rd8;")
            .Replace("BYTES", "4"),
        FirstLine + 5, "race: it reads", 32, input: Numbers(32));

    [TestCase("ld.global.u32 %r2, [%rd3+4];", "4 bytes outside all memory")]
    [TestCase("ld.global.u32 %r2, [%rd3+-4];", "4 bytes outside")]
    [TestCase("st.global.u32 [%rd3+2], %r1;", "no multiple of 4")]
    [TestCase("ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd3];", "no multiple of 16")]
    [TestCase("mov.u64 %rd6, shared; ld.shared.u32 %r2, [%rd6+512];", "shared memory, which has 512")]
    [TestCase("mov.u64 %rd6, shared; st.shared.u32 [%rd6+2], %r1;", "no multiple of 4")]
    [TestCase("mov.u64 %rd6, shared; cp.async.cg.shared.global [%rd6+8], [%rd1], 16;", "no multiple of 16")]
    [TestCase("trap;", "stopped itself")]
    public void ABadAddressIsFound(string text, string what) => Fails(text, FirstLine, what, 32, input: Numbers(32));

    [TestCase("bar.sync 1;", "of a block's barriers 0 is emulated")]
    [TestCase("bar.sync %r1;", "of a block's barriers 0 is emulated")]
    [TestCase("fence.acq_rel.cluster;", "this fence is not emulated")]
    public void WhatIsNotEmulatedIsRefused(string text, string what) => Assert.That(
        () => PtxModule.Parse(Text(text)), Throws.TypeOf<EmulatedFault>().With.Message.Contains(what));

    [Test]
    public void LanesAtDifferentBarriersAreFound() => Fails(
        """
        setp.lt.u32 %p1, %r1, 8;
        @%p1 bra few;
        bar.sync 0;
        bra end;
        few:
        bar.sync 0;
        end:
        """, FirstLine + 5, "different barriers, others at line 24");

    [Test]
    public void ALaneOfAMaskThatNeverComesIsFound() => Fails(
        """
        setp.lt.u32 %p1, %r1, 8;
        @%p1 bra end;
        shfl.sync.down.b32 %r2, %r1, 1, 31, -1;
        end:
        bar.sync 0;
        """, FirstLine + 2, "lanes that never come");

    [Test]
    public void AThreadThatHasEndedHoldsNobodyUp() => Assert.That(
        Run("setp.lt.u32 %p1, %r1, 40; @%p1 ret; bar.sync 0; st.global.u32 [%rd4], %r1;", [], 64, 64)[63], Is.EqualTo(63));

    [TestCase("")]
    [TestCase("membar.cta;")]
    [TestCase("membar.gl;")]
    public void BlocksThatShareAWordNeedAFenceAndAnAtomic(string fence)
    {
        // Each block leaves a word; the last one adds them.
        string text =
            $"""
            mov.u32 %r2, %ctaid.x;
            mul.wide.u32 %rd6, %r2, 4;
            add.u64 %rd6, %rd2, %rd6;
            st.global.u32 [%rd6], %r2;
            {fence}
            atom.global.add.u32 %r3, [%rd2+64], 1;
            setp.ne.u32 %p1, %r3, 3;
            @%p1 ret;
            ld.global.u32 %r4, [%rd2];
            ld.global.u32 %r5, [%rd2+4];
            ld.global.u32 %r6, [%rd2+8];
            ld.global.u32 %r7, [%rd2+12];
            add.u32 %r4, %r4, %r5;
            add.u32 %r4, %r4, %r6;
            add.u32 %r4, %r4, %r7;
            st.global.u32 [%rd2+68], %r4;
            """;
        RunOptions options = new() { ChecksGlobalRaces = true };
        if (fence != "membar.gl;")
        {
            Fails(text, FirstLine + 8, "no fence", 1, options, blocks: 4);
        }
        else
        {
            Assert.That(Run(text, [], 18, 1, "", options, 4)[17], Is.EqualTo(6));
        }
    }

    /// <summary>A thread's fence is for its own accesses, and with a barrier for others'; so is an atomic operation.</summary>
    [TestCase("bar.sync 0;", "membar.gl;", "bar.sync 0;", true)]
    [TestCase("membar.gl; bar.sync 0;", "", "bar.sync 0;", true)]
    [TestCase("bar.sync 0;", "", "bar.sync 0;", false)]
    [TestCase("", "membar.gl;", "bar.sync 0;", false)]
    [TestCase("bar.sync 0;", "membar.gl;", "", false)]
    public void AFenceOfOneThreadNeedsBarriers(string before, string fence, string behind, bool isRight)
    {
        string text =
            $"""
            mov.u32 %r2, %ctaid.x;
            mul.wide.u32 %rd6, %r2, 256;
            add.u64 %rd6, %rd4, %rd6;
            st.global.u32 [%rd6], 6;
            {before}
            setp.ne.u32 %p1, %r1, 0;
            @%p1 bra join;
            {fence}
            atom.global.add.u32 %r3, [%rd2+512], 1;
            join:
            {behind}
            setp.eq.u32 %p2, %r2, 0;
            @%p2 ret;
            ld.global.u32 %r4, [%rd4];
            st.global.u32 [%rd6], %r4;
            """;
        RunOptions options = new() { ChecksGlobalRaces = true };
        if (isRight)
        {
            Assert.That(Run(text, [], 129, 64, "", options, 2)[..128], Is.All.EqualTo(6));
        }
        else
        {
            Assert.That(
                () => Run(text, [], 129, 64, "", options, 2),
                Throws.TypeOf<EmulatedFault>().With.Property("Line").EqualTo(FirstLine + 13).And.Message.Contains("no fence"));
        }
    }

    /// <summary>A branch that all lanes of a warp are said to take, or none.</summary>
    [Test]
    public void LanesThatPartAtAUniformBranchAreFound()
    {
        const string Part = "setp.lt.u32 %p1, %r1, LIMIT; @%p1 bra.uni few; add.u32 %r1, %r1, 1; few: st.global.u32 [%rd4], %r1;";
        Fails(Part.Replace("LIMIT", "8"), FirstLine, "bra.uni: it goes on where other lanes branch");
        Assert.That(Run(Part.Replace("LIMIT", "32"), [], 64, 64, Shared)[31..33], Is.EqualTo(new uint[] { 31, 33 }));
    }

    /// <summary>No array is where it is by chance, be its size the kernel's or the launch's.</summary>
    [TestCase(16, false, true)]
    [TestCase(8, false, false)]
    [TestCase(4, false, false)]
    [TestCase(16, true, true)]
    [TestCase(8, true, false)]
    [TestCase(4, true, false)]
    public void SharedMemoryIsAtAMultipleOfWhatItAsksForAlone(int align, bool isDynamic, bool isRight)
    {
        IResolveConstraint expected = isRight ? Throws.Nothing
            : Throws.TypeOf<EmulatedFault>().With.Message.Contains("no multiple of 16");
        string array = $".shared .align {align} .b8 shared";
        Assert.That(
            () => Run(
                """
                mov.u64 %rd6, shared;
                mov.b32 %r2, 0;
                setp.eq.u32 %p1, %r1, 0;
                @%p1 st.shared.v4.u32 [%rd6], {%r2, %r2, %r2, %r2};
                """, [], 32, 32, isDynamic ? "" : $"{array}[512];", dynamicBytes: isDynamic ? 512 : 0,
                ofModule: isDynamic ? $".extern {array}[];" : ""),
            expected);
    }

    /// <summary>Its own read comes between.</summary>
    [TestCase(2)]
    [TestCase(3)]
    public void AWriteOverWhatAnotherBlockReadIsFound(int blocks) => Fails(
        $"""
        mov.u32 %r2, %ctaid.x;
        ld.global.u32 %r3, [%rd2];
        setp.ne.u32 %p1, %r2, {blocks - 1};
        @%p1 ret;
        add.u32 %r3, %r3, 1;
        st.global.u32 [%rd2], %r3;
        """, FirstLine + 5, $"block number {blocks - 2} read, line {FirstLine + 1}", 1,
        new RunOptions { ChecksGlobalRaces = true }, blocks: blocks);

    [TestCase("ld.global.u32", false)]
    [TestCase("ld.volatile.global.u32", true)]
    [TestCase("atom.global.cta.add.u32", false)]
    [TestCase("atom.global.add.u32", true)]
    public void APlainAccessOfWhatOthersChangeAtomicallyIsFound(string access, bool isRight)
    {
        string text =
            $"""
            mov.u32 %r2, %ctaid.x;
            setp.eq.u32 %p1, %r2, 0;
            @%p1 atom.global.add.u32 %r3, [%rd2], 1;
            @!%p1 {access} %r3, [%rd2]{(access[0] == 'a' ? ", 1" : "")};
            """;
        RunOptions options = new() { ChecksGlobalRaces = true };
        if (isRight)
        {
            Assert.That(Run(text, [], 1, 1, "", options, 2)[0], Is.EqualTo(access[0] == 'a' ? 2 : 1));
        }
        else
        {
            Fails(text, FirstLine + 3, "block number 0 wrote", 1, options, blocks: 2);
        }
    }

    /// <summary>All blocks wait for one another: more than are resident at first.</summary>
    [Test]
    public void AllBlocksMayWaitForOneAnother([Values(0, 1)] int seed) => Assert.That(
        Run(
            """
            atom.global.add.u32 %r2, [%rd2], 1;
            wait:
            ld.volatile.global.u32 %r3, [%rd2];
            setp.ne.u32 %p1, %r3, 8;
            @%p1 bra wait;
            st.global.u32 [%rd2+4], %r3;
            """, [], 2, 1, "", new RunOptions { Seed = seed }, 8)[1], Is.EqualTo(8));

    /// <summary>The first block waits for the second.</summary>
    [Test]
    public void BlocksMayWaitForOneAnother([Values(0, 1)] int seed) => Assert.That(
        Run(
            """
            mov.u32 %r2, %ctaid.x;
            setp.ne.u32 %p1, %r2, 0;
            @%p1 bra second;
            wait:
            ld.volatile.global.u32 %r3, [%rd2];
            setp.eq.u32 %p2, %r3, 0;
            @%p2 bra wait;
            add.u32 %r3, %r3, 1;
            st.global.u32 [%rd2+4], %r3;
            ret;
            second:
            st.global.u32 [%rd2], 6;
            """, [], 2, 1, "", new RunOptions { Seed = seed }, 2)[1], Is.EqualTo(7));

    /// <summary>32 lanes 8 bytes apart: two words a bank, and 8 sectors.</summary>
    /// <summary>
    /// A loop that half of the lanes leave earlier than the others, and where they go on in front of it in the text: what they do
    /// there is one instruction each of the warp.
    /// </summary>
    [Test]
    public void LanesMeetWhereBranchesDo()
    {
        RunCounts counts = new();
        uint[] values = Run(
            """
            bra head;
            meet:
            mul.lo.u32 %r2, %r2, 3;
            st.global.u32 [%rd4], %r2;
            ret;
            head:
            mov.b32 %r2, 0;
            shr.u32 %r3, %r1, 4;
            body:
            setp.gt.u32 %p1, %r2, %r3;
            @%p1 bra meet;
            add.u32 %r2, %r2, 1;
            bra body;
            """, [], 32, 32, "", new RunOptions { Counts = counts });
        Assert.That(values, Is.EqualTo(Enumerable.Range(0, 32).Select(thread => thread < 16 ? 3u : 6u)));
        Assert.That(counts.ByKind["st.global"], Is.EqualTo(1));
    }

    [Test]
    public void CountsWhatMemoryTakes()
    {
        RunCounts counts = new();
        Run(
            """
            mul.wide.u32 %rd8, %r1, 8;
            mov.u64 %rd6, shared;
            add.u64 %rd7, %rd6, %rd8;
            st.shared.u32 [%rd7], %r1;
            bar.sync 0;
            ld.shared.u32 %r2, [%rd6];
            add.u64 %rd9, %rd2, %rd8;
            st.global.u32 [%rd9], %r2;
            ld.global.u32 %r3, [%rd3];
            """, Numbers(32), 64, 32, Shared, new RunOptions { Counts = counts });
        Assert.That(
            (counts.SharedWavefronts, counts.StoreSectors, counts.LoadSectors, counts.ByKind["ld.shared"], counts.ByKind["add"],
                counts.Issued),
            Is.EqualTo((2 + 1, 8, 4, 1, 4, 8 + 9 + 1)));
    }

    private static uint[] Numbers(int count) => [.. Enumerable.Range(100, count).Select(number => (uint)number)];

    private static void Fails(
        string body, int line, string what, int threads = 32, RunOptions? options = null, uint[]? input = null, int blocks = 1) =>
        Assert.That(
            () => Run(body, input ?? [], 64, threads, Shared, options, blocks),
            Throws.TypeOf<EmulatedFault>().With.Property("Line").EqualTo(line).And.Message.Contains(what));
}
