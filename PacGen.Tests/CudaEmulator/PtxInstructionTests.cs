using static PacGen.Tests.CudaEmulator.PtxProgram;

namespace PacGen.Tests.CudaEmulator;

/// <summary>Single instructions, by hand, against values that follow from PTX's definition.</summary>
internal sealed class PtxInstructionTests
{
    private const uint Nan = 0x7FFFFFFF, NegativeNan = 0xFFC00001;

    [TestCase("add.s32 %r4, %r2, %r3;", 0x7FFFFFFFu, 1u, 0x80000000u)]
    [TestCase("sub.s32 %r4, %r2, %r3;", 0u, 1u, 0xFFFFFFFFu)]
    [TestCase("mul.lo.s32 %r4, %r2, %r3;", 0x10001u, 0x10001u, 0x20001u)]
    [TestCase("mul.hi.u32 %r4, %r2, %r3;", 0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFEu)]
    [TestCase("mul.hi.s32 %r4, %r2, %r3;", 0xFFFFFFFFu, 0xFFFFFFFFu, 0u)]
    [TestCase("mad.lo.u32 %r4, %r2, %r3, 7;", 3u, 5u, 22u)]
    [TestCase("div.s32 %r4, %r2, %r3;", 0xFFFFFFF9u, 2u, 0xFFFFFFFDu)]
    [TestCase("div.u32 %r4, %r2, %r3;", 0xFFFFFFF9u, 2u, 0x7FFFFFFCu)]
    [TestCase("div.u32 %r4, %r2, %r3;", 5u, 0u, 0xFFFFFFFFu)]
    [TestCase("div.s32 %r4, %r2, %r3;", 0x80000000u, 0xFFFFFFFFu, 0x80000000u)]
    [TestCase("rem.s32 %r4, %r2, %r3;", 0xFFFFFFF9u, 2u, 0xFFFFFFFFu)]
    [TestCase("rem.u32 %r4, %r2, %r3;", 7u, 4u, 3u)]
    [TestCase("min.s32 %r4, %r2, %r3;", 0xFFFFFFFFu, 1u, 0xFFFFFFFFu)]
    [TestCase("min.u32 %r4, %r2, %r3;", 0xFFFFFFFFu, 1u, 1u)]
    [TestCase("max.s32 %r4, %r2, -3;", 0xFFFFFFF0u, 0u, 0xFFFFFFFDu)]
    [TestCase("neg.s32 %r4, %r2;", 5u, 0u, 0xFFFFFFFBu)]
    [TestCase("abs.s32 %r4, %r2;", 0xFFFFFFFBu, 0u, 5u)]
    [TestCase("shl.b32 %r4, %r2, %r3;", 3u, 31u, 0x80000000u)]
    [TestCase("shl.b32 %r4, %r2, %r3;", 3u, 32u, 0u)]
    [TestCase("shr.u32 %r4, %r2, %r3;", 0x80000000u, 40u, 0u)]
    [TestCase("shr.s32 %r4, %r2, %r3;", 0x80000000u, 40u, 0xFFFFFFFFu)]
    [TestCase("shr.s32 %r4, %r2, %r3;", 0x80000000u, 4u, 0xF8000000u)]
    [TestCase("and.b32 %r4, %r2, %r3;", 12u, 10u, 8u)]
    [TestCase("or.b32 %r4, %r2, %r3;", 12u, 10u, 14u)]
    [TestCase("xor.b32 %r4, %r2, %r3;", 12u, 10u, 6u)]
    [TestCase("not.b32 %r4, %r2;", 12u, 0u, 0xFFFFFFF3u)]
    [TestCase("lop3.b32 %r4, %r2, %r3, 0xFF00, 0x96;", 0xF0F0u, 0xCCCCu, 0xC33Cu)]
    [TestCase("prmt.b32 %r4, %r2, %r3, 0x5410;", 0x33221100u, 0x77665544u, 0x55441100u)]
    [TestCase("prmt.b32 %r4, %r2, %r3, 0xF0E3;", 0x33221100u, 0x80665544u, 0xFF000033u)]
    [TestCase("bfe.u32 %r4, %r2, 4, 8;", 0xABCDEFu, 0u, 0xDEu)]
    [TestCase("bfe.s32 %r4, %r2, 4, 8;", 0xABCDEFu, 0u, 0xFFFFFFDEu)]
    [TestCase("bfi.b32 %r4, %r2, %r3, 8, 4;", 0xFu, 0u, 0xF00u)]
    [TestCase("popc.b32 %r4, %r2;", 0xF0F0u, 0u, 8u)]
    [TestCase("clz.b32 %r4, %r2;", 1u, 0u, 31u)]
    [TestCase("brev.b32 %r4, %r2;", 1u, 0u, 0x80000000u)]
    [TestCase("mul.wide.u32 %rd6, %r2, %r3; shr.u64 %rd7, %rd6, 32; cvt.u32.u64 %r4, %rd7;", 0xFFFFFFFFu, 16u, 15u)]
    [TestCase("mul.wide.s32 %rd6, %r2, %r3; shr.s64 %rd7, %rd6, 40; cvt.u32.u64 %r4, %rd7;", 0xFFFFFFFFu, 16u, 0xFFFFFFFFu)]
    [TestCase("cvt.s64.s32 %rd6, %r2; div.s64 %rd7, %rd6, 3; cvt.s32.s64 %r4, %rd7;", 0xFFFFFFF7u, 0u, 0xFFFFFFFDu)]
    [TestCase("cvt.u64.u32 %rd6, %r2; mul.lo.s64 %rd7, %rd6, 3528531795; shr.u64 %rd7, %rd7, 32; cvt.u32.u64 %r4, %rd7;",
        0xFFFFFFFFu, 0u, 3528531794u)]
    [TestCase(
        "mov.b64 %rd6, {%r2, %r3}; shr.u64 %rd6, %rd6, 16; mov.b64 {%r4, %r5}, %rd6;", 0x11112222u, 0x33334444u, 0x44441111u)]
    [TestCase("cvt.s32.s8 %r4, %r2;", 0x1FFu, 0u, 0xFFFFFFFFu)]
    [TestCase("cvt.u32.u16 %r4, %r2;", 0x12345u, 0u, 0x2345u)]
    [TestCase("setp.lt.s32 %p1, %r2, %r3; selp.b32 %r4, 1, 0, %p1;", 0xFFFFFFFFu, 1u, 1u)]
    [TestCase("setp.lo.u32 %p1, %r2, %r3; selp.b32 %r4, 1, 0, %p1;", 0xFFFFFFFFu, 1u, 0u)]
    [TestCase("setp.eq.s32 %p1, %r2, %r3; not.pred %p2, %p1; selp.b32 %r4, 1, 0, %p2;", 3u, 3u, 0u)]
    [TestCase("mov.b32 %r4, 7; setp.gt.s32 %p1, %r2, 2; @!%p1 mov.b32 %r4, %r3;", 1u, 9u, 9u)]
    [TestCase("set.lt.u32.s32 %r4, %r2, %r3;", 1u, 2u, 0xFFFFFFFFu)]
    public void OfIntegers(string text, uint a, uint b, uint expected) => Check(text, a, b, expected);

    [TestCase("add.rn.f32 %f3, %f1, %f2;", 0x3F800000u, 0x33800000u, 0x3F800000u, TestName = "1 + 2^-24 is a tie to even")]
    [TestCase("sub.rn.f32 %f3, %f1, %f2;", 0x00800000u, 0x00000001u, 0x007FFFFFu, TestName = "a subnormal difference")]
    [TestCase("sub.rn.ftz.f32 %f3, %f1, %f2;", 0x00800000u, 0x00800001u, 0x80000000u, TestName = "the same, flushed")]
    [TestCase("add.ftz.f32 %f3, %f1, %f2;", 0x007FFFFFu, 0x3F800000u, 0x3F800000u)]
    [TestCase("mul.rn.f32 %f3, %f1, %f2;", 0x7F800000u, 0u, Nan)]
    [TestCase("add.rn.f32 %f3, %f1, %f2;", NegativeNan, 0x3F800000u, Nan)]
    [TestCase("fma.rn.f32 %f3, %f1, %f2, 0fBF800000;", 0x3F800001u, 0x3F7FFFFEu, 0xA8800000u, TestName = "fma rounds once")]
    [TestCase("div.rn.f32 %f3, %f1, %f2;", 0x3F800000u, 0x40400000u, 0x3EAAAAABu)]
    [TestCase("rcp.rn.f32 %f3, %f1;", 0x40400000u, 0u, 0x3EAAAAABu)]
    [TestCase("sqrt.rn.f32 %f3, %f1;", 0x40000000u, 0u, 0x3FB504F3u)]
    [TestCase("sqrt.rn.f32 %f3, %f1;", 0xBF800000u, 0u, Nan)]
    [TestCase("min.f32 %f3, %f1, %f2;", 0x7FC00000u, 0x3F800000u, 0x3F800000u)]
    [TestCase("max.f32 %f3, %f1, %f2;", 0x80000000u, 0x00000000u, 0u)]
    [TestCase("min.f32 %f3, %f1, %f2;", 0x80000000u, 0x00000000u, 0x80000000u)]
    [TestCase("neg.f32 %f3, %f1;", 0u, 0u, 0x80000000u)]
    [TestCase("abs.f32 %f3, %f1;", 0xC0000000u, 0u, 0x40000000u)]
    [TestCase("cvt.rni.f32.f32 %f3, %f1;", 0x40200000u, 0u, 0x40000000u, TestName = "2.5 to 2")]
    [TestCase("set.lt.f32.f32 %f3, %f1, %f2;", 0xBF800000u, 0u, 0x3F800000u)]
    [TestCase("set.lt.f32.f32 %f3, %f1, %f2;", 0x7FC00000u, 0u, 0u)]
    [TestCase("setp.neu.f32 %p1, %f1, %f2; selp.f32 %f3, 0f3F800000, %f1, %p1;", 0x7FC00000u, 0u, 0x3F800000u)]
    [TestCase("setp.ne.f32 %p1, %f1, %f2; selp.f32 %f3, 0f3F800000, 0f00000000, %p1;", 0x7FC00000u, 0u, 0u)]
    [TestCase("setp.geu.f32 %p1, %f1, %f2; selp.f32 %f3, 0f3F800000, 0f00000000, %p1;", 0x7FC00000u, 0u, 0x3F800000u)]
    [TestCase("cvt.rn.f32.s32 %f3, 16777217;", 0u, 0u, 0x4B800000u, TestName = "2^24 + 1 is a tie to even")]
    [TestCase("cvt.f64.f32 %fd1, %f1; add.f64 %fd2, %fd1, 0d3FF0000000000000; cvt.rn.f32.f64 %f3, %fd2;",
        0x3F800000u, 0u, 0x40000000u)]
    [TestCase("ex2.approx.f32 %f3, %f1;", 0x40400000u, 0u, 0x41000000u)]
    [TestCase("lg2.approx.f32 %f3, %f1;", 0x41000000u, 0u, 0x40400000u)]
    public void OfFloats(string text, uint a, uint b, uint expected) =>
        Check($"mov.b32 %f1, %r2; mov.b32 %f2, %r3; {text} mov.b32 %r4, %f3;", a, b, expected);

    [TestCase("cvt.rzi.s32.f32 %r4, %f1;", 0xC0300000u, 0xFFFFFFFEu, TestName = "−2.75 to −2")]
    [TestCase("cvt.rni.s32.f32 %r4, %f1;", 0x40200000u, 2u, TestName = "2.5 to 2, an integer")]
    [TestCase("cvt.rzi.s32.f32 %r4, %f1;", 0x7F800000u, 0x7FFFFFFFu)]
    [TestCase("cvt.rzi.s32.f32 %r4, %f1;", 0x7FC00000u, 0u)]
    [TestCase("cvt.rzi.u32.f32 %r4, %f1;", 0xBF800000u, 0u)]
    [TestCase("cvt.rna.tf32.f32 %r4, %f1;", 0x3F801000u, 0x3F802000u, TestName = "TF32 rounds a tie away from zero")]
    [TestCase("cvt.rna.tf32.f32 %r4, %f1;", 0xBF800FFFu, 0xBF800000u)]
    [TestCase("cvt.rn.bf16x2.f32 %r4, %f1, 0f3F800000;", 0x3F808000u, 0x3F803F80u, TestName = "bfloat16 rounds a tie to even")]
    [TestCase("cvt.rn.bf16x2.f32 %r4, 0f00000000, %f1;", 0x3F818000u, 0x3F82u)]
    [TestCase("cvt.rn.bf16x2.f32 %r4, %f1, %f1;", 0xFFC00000u, 0x7FFF7FFFu)]
    public void OfConversions(string text, uint a, uint expected) => Check($"mov.b32 %f1, %r2; {text}", a, 0, expected);

    [TestCase("shfl.sync.down.b32 %r4, %r1, 16, 31, 0xFFFFFFFF;", 3, 19u)]
    [TestCase("shfl.sync.down.b32 %r4, %r1, 16, 31, 0xFFFFFFFF;", 20, 20u)]
    [TestCase("shfl.sync.up.b32 %r4, %r1, 4, 0, 0xFFFFFFFF;", 9, 5u)]
    [TestCase("shfl.sync.up.b32 %r4, %r1, 4, 0, 0xFFFFFFFF;", 3, 3u)]
    [TestCase("shfl.sync.bfly.b32 %r4, %r1, 5, 31, 0xFFFFFFFF;", 6, 3u)]
    [TestCase("shfl.sync.idx.b32 %r4, %r1, 7, 31, 0xFFFFFFFF;", 30, 7u)]
    [TestCase("shfl.sync.idx.b32 %r4, %r1, 3, 6175, 0xFFFFFFFF;", 30, 27u, TestName = "idx within segments of eight")]
    [TestCase("shfl.sync.down.b32 %r5|%p1, %r1, 16, 31, 0xFFFFFFFF; selp.b32 %r4, 1, 0, %p1;", 20, 0u)]
    [TestCase("setp.lt.u32 %p1, %r1, 5; vote.sync.ballot.b32 %r4, %p1, 0xFFFFFFFF;", 9, 31u)]
    [TestCase("setp.lt.u32 %p1, %r1, 5; vote.sync.all.pred %p2, %p1, 0xFFFFFFFF; selp.b32 %r4, 1, 0, %p2;", 0, 0u)]
    [TestCase("setp.lt.u32 %p1, %r1, 5; vote.sync.any.pred %p2, %p1, 0xFFFFFFFF; selp.b32 %r4, 1, 0, %p2;", 9, 1u)]
    [TestCase("and.b32 %r5, %r1, 3; match.any.sync.b32 %r4, %r5, 0xFFFFFFFF;", 5, 0x22222222u)]
    [TestCase("mov.b32 %r4, 0; setp.lt.u32 %p1, %r1, 8; @%p1 activemask.b32 %r4;", 5, 255u)]
    [TestCase("mov.u32 %r4, %lanemask_lt;", 4, 15u)]
    public void BetweenLanes(string text, int lane, uint expected) =>
        Assert.That(Run($"{text} st.global.u32 [%rd4], %r4;", [], 32)[lane], Is.EqualTo(expected));

    /// <summary>Lanes that took different ways come together again: an odd lane's loop is twice as long.</summary>
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void DivergentLanesMeet(int seed)
    {
        uint[] sums = Run(
            """
            and.b32 %r2, %r1, 1;
            add.u32 %r2, %r2, 1;
            mul.lo.u32 %r2, %r2, %r1;
            mov.b32 %r3, 0;
            loop:
            setp.eq.u32 %p1, %r2, 0;
            @%p1 bra done;
            add.u32 %r3, %r3, %r2;
            sub.u32 %r2, %r2, 1;
            bra loop;
            done:
            shfl.sync.bfly.b32 %r4, %r3, 1, 31, -1;
            add.u32 %r4, %r4, %r3;
            st.global.u32 [%rd4], %r4;
            """, [], 32, options: new RunOptions { Seed = seed });
        Assert.That(sums, Is.EqualTo(Enumerable.Range(0, 32).Select(lane => Triangle(lane) + Triangle(lane ^ 1))));

        static uint Triangle(int lane)
        {
            int n = lane * (1 + (lane & 1));
            return (uint)(n * (n + 1) / 2);
        }
    }

    [TestCase("atom.global.add.u32 %r4, [%rd2+128], 3;", 0u, 93u, 96u)]
    [TestCase("atom.add.global.u32 %r4, [%rd2+128], 3;", 0u, 93u, 96u)]
    [TestCase("atom.global.inc.u32 %r4, [%rd2+128], 9;", 0u, 1u, 2u)]
    [TestCase("atom.global.max.u32 %r4, [%rd2+128], %r1;", 0u, 30u, 31u)]
    [TestCase("atom.global.cas.b32 %r4, [%rd2+128], 0, 5;", 0u, 5u, 5u)]
    [TestCase("atom.global.exch.b32 %r4, [%rd2+128], %r1;", 0u, 30u, 31u)]
    [TestCase("red.global.add.u32 [%rd2+128], 1; mov.b32 %r4, 7;", 7u, 7u, 32u)]
    public void Atomically(string text, uint first, uint last, uint left)
    {
        uint[] output = Run($"{text} st.global.u32 [%rd4], %r4;", [], 33);
        Assert.That((output[0], output[31], output[32]), Is.EqualTo((first, last, left)));
    }

    [TestCase("call (%r2), something, (%r3);")]
    [TestCase("add.rz.f32 %f1, %f2, %f3;")]
    [TestCase("bar.red.popc.u32 %r2, 0, %p1;")]
    [TestCase("add.s32 %r2, %rd3, 1;")]
    [TestCase("bra nowhere;")]
    public void WhatIsNotEmulatedIsRefused(string text) => Assert.That(
        () => PtxModule.Parse(Text(text)),
        Throws.TypeOf<EmulatedFault>().With.Message.StartsWith($"line {FirstLine}: {text[..^1]}: "));

    private static void Check(string text, uint a, uint b, uint expected)
    {
        // Lane 5 alone is given the arguments, so that one lane's result is not another's.
        uint[] input = [.. Enumerable.Range(0, 64).Select(i => i == 5 ? a : i == 37 ? b : 1u)];
        uint[] output = Run(
            $"ld.global.u32 %r2, [%rd3]; ld.global.u32 %r3, [%rd3+128]; {text} st.global.u32 [%rd4], %r4;", input, 32);
        Assert.That(output[5], Is.EqualTo(expected), $"0x{output[5]:x8}");
    }
}
