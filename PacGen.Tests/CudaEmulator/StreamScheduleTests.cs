using static PacGen.Tests.CudaEmulator.CudaResult;

namespace PacGen.Tests.CudaEmulator;

internal sealed class StreamScheduleTests
{
    private const int Seeds = 20;
    private static readonly int?[] Modes = [null, .. Enumerable.Range(0, Seeds).Select(seed => (int?)seed)];

    [Test]
    public void AStreamKeepsItsOrder([ValueSource(nameof(Modes))] int? seed)
    {
        StreamSchedule streams = new(seed);
        EmulatedStream a = streams.Create(isBlocking: false), b = streams.Create(isBlocking: false);
        List<int> ranA = [], ranB = [];
        for (int i = 0; i < 5; i++)
        {
            int number = i;
            streams.Put(a, () => ranA.Add(number));
            streams.Put(b, () => ranB.Add(number));
        }

        streams.CompleteAll();
        Assert.That(ranA, Is.EqualTo(Enumerable.Range(0, 5)));
        Assert.That(ranB, Is.EqualTo(Enumerable.Range(0, 5)));
    }

    [Test]
    public void WorkIsDoneBehindTheEventThatItsStreamWaitsFor([ValueSource(nameof(Modes))] int? seed)
    {
        StreamSchedule streams = new(seed);
        EmulatedStream a = streams.Create(isBlocking: false), b = streams.Create(isBlocking: false);
        EmulatedEvent made = new(isTimed: false);
        int value = 0, seen = 0;
        streams.Put(a, () => value = 1);
        streams.Record(made, a);
        streams.Put(a, () => value += 10);
        streams.Wait(b, made);
        streams.Put(b, () => seen = value);
        streams.Complete(b);
        Assert.That(seen, Is.AnyOf(1, 11));
        streams.CompleteAll();
        Assert.That(value, Is.EqualTo(11));
    }

    /// <summary>What a forgotten wait does: with some order the value isn't there.</summary>
    [Test]
    public void WithoutAWaitSomeOrderShowsIt()
    {
        HashSet<int> seen = [];
        for (int seed = 0; seed < Seeds; seed++)
        {
            StreamSchedule streams = new(seed);
            EmulatedStream a = streams.Create(isBlocking: false), b = streams.Create(isBlocking: false);
            int value = 0;
            streams.Put(a, () => value = 1);
            streams.Put(b, () => seen.Add(value));
            streams.Complete(b);
        }

        Assert.That(seen, Is.EquivalentTo((int[])[0, 1]));
    }

    [Test]
    public void TheDefaultStreamWaitsForBlockingOnesAlone()
    {
        StreamSchedule streams = new(0);
        bool blockingRan = false, otherRan = false;
        streams.Put(streams.Create(isBlocking: true), () => blockingRan = true);
        streams.Put(streams.Create(isBlocking: false), () => otherRan = true);
        StreamWork last = streams.Put(streams.Default, () => { });
        Assert.That(last.After, Has.Count.EqualTo(1));
        streams.Complete(last);
        Assert.That(blockingRan);
        streams.CompleteAll();
        Assert.That(otherRan);
    }

    [Test]
    public void WhatIsRecordedRunsWhenItIsLaunched([ValueSource(nameof(Modes))] int? seed)
    {
        StreamSchedule streams = new(seed);
        EmulatedStream main = streams.Create(isBlocking: false), side = streams.Create(isBlocking: false);
        EmulatedEvent begun = new(isTimed: false), done = new(isTimed: false);
        int x = 1, y = 0, z = 0;
        streams.BeginCapture(main);
        streams.Put(main, () => x *= 2);
        streams.Record(begun, main);
        streams.Wait(side, begun);
        streams.Put(side, () => y = x);
        streams.Record(done, side);
        streams.Put(main, () => z = x + 1);
        streams.Wait(main, done);
        streams.Put(main, () => x = y + z);
        EmulatedGraph graph = streams.EndCapture(main);
        Assert.That(x, Is.EqualTo(1), "recorded, not run");
        streams.Launch(graph, main);
        streams.Launch(graph, main);
        streams.Complete(main);
        Assert.That((x, y, z), Is.EqualTo((21, 10, 11)));
        streams.Put(side, () => y = -1);
        streams.Complete(side);
        Assert.That(y, Is.EqualTo(-1), "a stream that joined a recording runs again");
    }

    [Test]
    public void ABranchThatIsNotWaitedForIsRefused()
    {
        StreamSchedule streams = new(null);
        EmulatedStream main = streams.Create(isBlocking: false), side = streams.Create(isBlocking: false);
        EmulatedEvent begun = new(isTimed: false);
        streams.BeginCapture(main);
        streams.Put(main, () => { });
        streams.Record(begun, main);
        streams.Wait(side, begun);
        streams.Put(side, () => { });
        Refuses(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, () => streams.EndCapture(main));
    }

    [Test]
    public void WhatWouldDisturbARecordingIsRefusedAndBreaksIt()
    {
        StreamSchedule streams = new(null);
        EmulatedStream main = streams.Create(isBlocking: false), other = streams.Create(isBlocking: false);
        EmulatedStream blocking = streams.Create(isBlocking: true);
        EmulatedEvent outside = new(isTimed: false);
        streams.Record(outside, other);
        Broken(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, main, () => streams.Complete(main));
        Broken(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, main, () => streams.CheckUnrecorded("memory was allocated"));
        Broken(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, main, () => streams.Wait(main, outside));
        Broken(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, blocking, () => streams.Put(streams.Default, null));
        Refuses(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, () => streams.BeginCapture(streams.Default));

        void Broken(CudaResult result, EmulatedStream stream, Action call)
        {
            streams.BeginCapture(stream);
            Refuses(result, call);
            Refuses(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, () => streams.EndCapture(stream));
        }
    }

    /// <summary>After a failure nothing is left to wait for, and nothing is recorded.</summary>
    [Test]
    public void WhatIsDroppedHoldsNobodyUp()
    {
        StreamSchedule streams = new(0);
        EmulatedStream a = streams.Create(isBlocking: false), b = streams.Create(isBlocking: false);
        EmulatedEvent made = new(isTimed: false);
        List<int> ran = [];
        streams.Put(a, () => ran.Add(1));
        streams.Record(made, a);
        streams.BeginCapture(b);
        streams.Put(b, () => ran.Add(2));
        streams.Drop();
        Assert.That(streams.IsDone(made));
        streams.Complete(made);
        streams.Wait(b, made);
        streams.Put(b, () => ran.Add(3));
        streams.Complete(b);
        Assert.That(ran, Is.EqualTo((int[])[3]));
    }

    private static void Refuses(CudaResult result, Action call) =>
        Assert.That(Assert.Throws<CudaRefusal>(() => call())!.Result, Is.EqualTo(result));
}
