using ILGPU;
using ILGPU.Runtime;
using PacGen.Kernels;
using Device = PacGen.Kernels.Device;

namespace PacGen.Tests.Kernels;

[NonParallelizable]
internal sealed class DeviceTests
{
    private string? variable;

    [SetUp]
    public void RememberVariable() => variable = Environment.GetEnvironmentVariable(Device.EnvironmentVariable);

    [TearDown]
    public void RestoreVariable() => Environment.SetEnvironmentVariable(Device.EnvironmentVariable, variable);

    [Test]
    public void EachNameGivesOneDevice()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Device.Open("cpu"), Is.SameAs(Device.Cpu));
            Assert.That(Device.Open(" CPU "), Is.SameAs(Device.Cpu));
            Assert.That(Device.Open("simulator"), Is.SameAs(Device.Simulator));
            Assert.That(Device.Open("simulator:0"), Is.SameAs(Device.Simulator));
            Assert.That(Device.Simulator.Kind, Is.EqualTo(DeviceKind.Simulator));
        }
    }

    [Test]
    public void TheListNamesEveryKindAndWhatIsAvailableOpens()
    {
        IReadOnlyList<DeviceDescription> devices = Device.List();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(devices.Select(device => device.Kind).Distinct(), Is.EquivalentTo(Enum.GetValues<DeviceKind>()));
            Assert.That(devices[0].Id, Is.EqualTo("cpu"));
            Assert.That(devices.Where(device => !device.IsAvailable).Select(device => device.Note), Has.None.Empty);
            Assert.That(devices.Select(device => device.Name + device.Note), Has.None.Contains("\n"));
            foreach (DeviceDescription device in devices.Where(device => device.IsAvailable))
            {
                Assert.That(Device.Open(device.Id).Name, Does.StartWith(device.Name));
            }
        }
    }

    [Test]
    public void AnAbsentDeviceIsSaidInOneLine([Values("cuda:99", "opencl:99", "simulator:1", "cuda:x", "cuda:")] string name) =>
        Assert.That(
            () => Device.Open(name),
            Throws.TypeOf<DeviceException>().With.Message.Contains(name).And.Message.Contains("Found: cpu (")
                .And.Message.Contains("simulator").And.Message.Not.Contains("\n"));

    [Test]
    public void AnUnknownNameIsSaidWithThoseThatThereAre() =>
        Assert.That(() => Device.Open("tpu"), Throws.TypeOf<DeviceException>().With.Message.Contains("tpu").And.Message.Contains(
            "cuda:N"));

    [Test]
    public void TheVariableDecidesWhichIsBest()
    {
        Environment.SetEnvironmentVariable(Device.EnvironmentVariable, "Simulator");
        Device best = Device.Best(), opened = Device.Open("best");
        Environment.SetEnvironmentVariable(Device.EnvironmentVariable, "BEST");
        Device itself = Device.Best();
        Environment.SetEnvironmentVariable(Device.EnvironmentVariable, null);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(best, Is.SameAs(Device.Simulator));
            Assert.That(opened, Is.SameAs(Device.Simulator));
            Assert.That(itself, Is.SameAs(Device.Best()));
        }
    }

    [Test]
    public void WithoutTheVariableAGpuIsBestAndElseTheCpu()
    {
        Environment.SetEnvironmentVariable(Device.EnvironmentVariable, null);
        DeviceDescription[] gpus = [.. Device.List().Where(device =>
            device.IsAvailable && (
                device.Kind == DeviceKind.Cuda
                || (device.Kind == DeviceKind.OpenCl && !device.Note.Contains("runs on the CPU"))))];
        Assert.That(Device.Best(), Is.SameAs(gpus.Length > 0 ? Device.Open(gpus[0].Id) : Device.Cpu));
    }

    [TestCaseSource(typeof(DeviceFixture), nameof(DeviceFixture.GpuIds))]
    public void OnlyCudaRecordsGraphsAndElseItSaysWhyNot(string id)
    {
        GpuDevice device = (GpuDevice)Device.Open(id);
        Assert.That(device.RecordsGraphs, Is.EqualTo(device.GraphObstacle.Length == 0));
        Assert.That(device.RecordsGraphs && device.Kind != DeviceKind.Cuda, Is.False);
    }

    [Test]
    public void AVariableThatNamesAnAbsentDeviceIsNamed()
    {
        Environment.SetEnvironmentVariable(Device.EnvironmentVariable, "cuda:99");
        Assert.That(() => Device.Best(), Throws.TypeOf<DeviceException>().With.Message.Contains("PACGEN_DEVICE=cuda:99"));
    }

    [Test]
    public void AnOperationWithoutAKernelNamesItselfAndTheDevice()
    {
        using PacGen.Kernels.DeviceBuffer buffer = Device.Simulator.Allocate(4);
        Assert.That(
            () => Device.Simulator.Bind(new CpuOnly(), [new Shape(4)], [new Region(buffer)], new Region(buffer)),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains(nameof(CpuOnly)).And.Message.Contains(
                "simulator").And.Message.Contains("CPU"));
    }

    [TestCaseSource(typeof(DeviceFixture), nameof(DeviceFixture.Ids))]
    public void MemoryIsZeroAtFirstAndHoldsWhatIsWritten(string id)
    {
        Device device = Device.Open(id);
        using PacGen.Kernels.DeviceBuffer buffer = device.Allocate(1000);
        float[] zeros = new Region(buffer).ToArray();
        buffer.Write(7, [1f, float.NaN, -0f]);
        buffer.Write(1000, []);
        float[] values = new float[5];
        buffer.Read(6, values);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(zeros, Is.All.Zero);
            Assert.That(values, Is.EqualTo((float[])[0f, 1f, float.NaN, -0f, 0f]));
            Assert.That(float.IsNegative(values[3]));
            Assert.That(() => buffer.Write(998, [1f, 2f, 3f]), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => buffer.Read(-1, new float[1]), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => device.Allocate(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        }
    }

    [TestCaseSource(typeof(DeviceFixture), nameof(DeviceFixture.Ids))]
    public void DisposedMemoryIsRefused(string id)
    {
        PacGen.Kernels.DeviceBuffer buffer = Device.Open(id).Allocate(10);
        buffer.Dispose();
        buffer.Dispose();
        Assert.That(() => buffer.Read(0, new float[1]), Throws.InstanceOf<ObjectDisposedException>());
    }

    [TestCaseSource(typeof(DeviceFixture), nameof(DeviceFixture.Ids))]
    public void MemoryThatThereIsNotIsSaidWithItsPurposeAndWhatIsFree(string id)
    {
        Device device = Device.Open(id);
        long held = device.AllocatedBytes;
        Assert.That(
            () => device.Allocate(1L << 50, "the moon"),
            Throws.TypeOf<DeviceException>().With.Message.StartsWith(
                $"{device.Name} has no memory left for the moon: 1,125,899,906,842,624 floats (4,294,967,296 MiB)")
                .And.Message.Contains("MiB are free").And.Message.Contains("smaller batch").And.Message.Not.Contains("\n"));
        Assert.That(device.AllocatedBytes, Is.EqualTo(held), "memory that was not given is not counted");
    }

    [TestCaseSource(typeof(DeviceFixture), nameof(DeviceFixture.GpuIds))]
    public void AKernelThatDoesNotCompileIsNamed(string id)
    {
        GpuDevice device = (GpuDevice)Device.Open(id);
        Assert.That(
            () => device.Load(
                ((Delegate)Unfit<One>.Kernel).Method,
                accelerator => accelerator.LoadStreamKernel<ArrayView<float>, Unfit<One>.Holder>(Unfit<One>.Kernel)),
            Throws.TypeOf<DeviceException>().With.Message.StartsWith(
                $"The kernel Unfit<One>.Kernel does not compile for {device.Name}: ")
                .And.Message.Not.Contains("\n").And.InnerException.Not.Null);
    }

    [TestCase(0, 0, "sees no GPU")]
    [TestCase(100, 0, "sees no GPU")]
    [TestCase(803, 0, "different versions (code 803)")]
    [TestCase(999, 0, "doesn't start (code 999)")]
    public void ADriverWithoutAGpuIsToldFromNone(int code, int count, string says) =>
        Assert.That(DriverLibraries.CudaProblem(code, count), Does.Contain(says).And.Not.Contain("no CUDA driver"));

    private struct One;

    /// <summary>A kernel with what no GPU has: an object.</summary>
    private static class Unfit<T>
    {
        public static void Kernel(ArrayView<float> x, Holder holder) => x[0] = holder.Value!.GetHashCode() + typeof(
            T).Name.Length;

        internal readonly struct Holder
        {
            public readonly object? Value;

            public Holder(object? value) => Value = value;
        }
    }

    private sealed record CpuOnly : Operation
    {
        public override Shape Infer(ReadOnlySpan<Shape> inputs) => inputs[0];

        public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
            throw new NotSupportedException();
    }
}
