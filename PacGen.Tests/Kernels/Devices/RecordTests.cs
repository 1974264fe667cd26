using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Launches that are recorded: what goes together, and that each run computes from what the memory then holds.</summary>
internal sealed class RecordTests
{
    private const int Count = 1000;

    private static IEnumerable<string> Lean => Device.List()
        .Where(device => device.IsAvailable && (device.Kind is DeviceKind.Cpu
            || (device.Kind is DeviceKind.Cuda && CudaEmulator.EmulatedDriver.Loaded is null)))
        .Select(device => device.Id);

    [TestCaseSource(typeof(DeviceFixture), nameof(DeviceFixture.Ids))]
    public void EachRunComputesFromThePresentValuesInOrder(string id)
    {
        Device device = Device.Open(id);
        using DeviceBuffer x = device.Allocate(Count), y = device.Allocate(Count), z = device.Allocate(Count);
        Shape shape = new(Count);
        Launch square = device.Bind(FusedMap.Unary<SquareFunction>(), [shape], [new Region(x)], new Region(y));
        Launch negate = device.Bind(FusedMap.Unary<NegateFunction>(), [shape], [new Region(y)], new Region(z));
        using Launch both = device.Record([square, negate]);
        for (int run = 1; run <= 4; run++)
        {
            float[] values = KernelRun.Random(shape, (ulong)run);
            x.Write(0, values);
            both.Run();
            Assert.That(new Region(z).ToArray(), Is.EqualTo(values.Select(value => -(value * value))), $"run {run}");
        }

        if (device is GpuDevice { Kind: DeviceKind.Cuda } gpu)
        {
            Assert.That(gpu.GraphObstacle, Is.Empty, "a driver that records has not stopped");
        }
    }

    /// <summary>Not for OpenCL, the simulator and an emulated device, whose launches allocate in a library.</summary>
    [TestCaseSource(nameof(Lean))]
    public void AStepAllocatesNothing(string id)
    {
        Device device = Device.Open(id);
        using DeviceBuffer x = device.Allocate(Count), y = device.Allocate(Count), z = device.Allocate(Count);
        Shape shape = new(Count);
        using Upload upload = device.CreateUpload(new Region(x));
        using Launch both = device.Record([
            device.Bind(FusedMap.Unary<SquareFunction>(), [shape], [new Region(x)], new Region(y)),
            device.Bind(FusedMap.Unary<NegateFunction>(), [shape], [new Region(y)], new Region(z))]);
        float[] values = KernelRun.Random(shape, 1);
        for (int run = 0; run < 3; run++)
        {
            Step();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int run = 0; run < 10; run++)
        {
            Step();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Step()
        {
            upload.Write(values);
            both.Run();
        }
    }

    [Test]
    public void WhatMayBeRecordedInARowIsRecordedTogether()
    {
        List<string> ran = [];
        List<int> recorded = [];
        Fake a = new("a", ran), b = new("b", ran), c = new("c", ran, mayBeRecorded: false), d = new("d", ran), e = new(
            "e", ran, mayBeRecorded: false);
        Fake f = new("f", ran), g = new("g", ran), h = new("h", ran);
        Launch all = LaunchSequence.Of([a, b, c, d, e, f, g, h], run =>
        {
            recorded.Add(run.Length);
            return new LaunchSequence([], run);
        });
        all.Run();
        all.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(string.Concat(ran), Is.EqualTo("abcdefgh"));
            Assert.That(recorded, Is.EqualTo((int[])[2, 3]), "c and e change, and d alone gains nothing");
            Assert.That(new[] { a, b, c, d, e, f, g, h }.Select(launch => launch.Disposals), Is.All.EqualTo(1));
        }
    }

    [Test]
    public void ASequenceMayBeRecordedWhereAllOfItMay()
    {
        using LaunchSequence fixedOnes = new([], new Fake("a", []), new Fake("b", [])), mixed = new(
            [], new Fake("a", []), new Fake("b", [], mayBeRecorded: false));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(fixedOnes.MayBeRecorded);
            Assert.That(mixed.MayBeRecorded, Is.False);
        }
    }

    [Test]
    public void LaunchesWithSettingsAreNotRecorded()
    {
        using DeviceBuffer buffer = Device.Simulator.Allocate(16);
        Region region = new(buffer);
        using Launch noise = RandomMapLaunch<NoiseSettings>.Create<NoiseOfOneLevel<UniformNoise>>(
            Device.Simulator, region, region);
        using Launch psi = SumLaunch<PsiSettings>.Create<PsiTerm>(Device.Simulator, region, region);
        using Launch squares = SumLaunch<NoSettings>.Create<SquareTerm>(Device.Simulator, region);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(noise.MayBeRecorded, Is.False);
            Assert.That(psi.MayBeRecorded, Is.False);
            Assert.That(squares.MayBeRecorded, "it has none");
        }
    }

    private sealed class Fake(string name, List<string> ran, bool mayBeRecorded = true) : Launch
    {
        public int Disposals { get; private set; }

        public override bool MayBeRecorded => mayBeRecorded;

        public override void Run() => ran.Add(name);

        protected override void Dispose(bool disposing)
        {
            Disposals++;
            base.Dispose(disposing);
        }
    }
}
