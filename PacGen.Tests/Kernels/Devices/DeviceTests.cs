using PacGen.Kernels;
using PacGen.Kernels.Devices;

namespace PacGen.Tests.Kernels.Devices;

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
        Assert.That(() => Device.Open("tpu"), Throws.TypeOf<DeviceException>().With.Message.Contains("tpu").And.Message.Contains("cuda:N"));

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
            Assert.That(itself, Is.SameAs(Device.Cpu));
            Assert.That(Device.Best(), Is.SameAs(Device.Cpu));
        }
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
        using PacGen.Kernels.Devices.Buffer buffer = Device.Simulator.Allocate(4);
        Assert.That(
            () => Device.Simulator.Bind(new CpuOnly(), [new Shape(4)], [new Region(buffer)], new Region(buffer)),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains(nameof(CpuOnly)).And.Message.Contains("simulator").And.Message.Contains("CPU"));
    }

    [TestCaseSource(typeof(DeviceFixture), nameof(DeviceFixture.Ids))]
    public void MemoryIsZeroAtFirstAndHoldsWhatIsWritten(string id)
    {
        Device device = Device.Open(id);
        using PacGen.Kernels.Devices.Buffer buffer = device.Allocate(1000);
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
        PacGen.Kernels.Devices.Buffer buffer = Device.Open(id).Allocate(10);
        buffer.Dispose();
        buffer.Dispose();
        Assert.That(() => buffer.Read(0, new float[1]), Throws.InstanceOf<ObjectDisposedException>());
    }

    private sealed record CpuOnly : Operation
    {
        public override Shape Infer(ReadOnlySpan<Shape> inputs) => inputs[0];

        public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
            throw new NotSupportedException();
    }
}
