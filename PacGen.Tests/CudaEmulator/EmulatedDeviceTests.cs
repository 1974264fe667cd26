using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.CudaEmulator;

/// <summary>The device that the suite has with <c>PACGEN_TEST_CUDA</c>.</summary>
internal sealed class EmulatedDeviceTests
{
    /// <summary>Tests of CUDA devices would be none, and none would fail, if it were not found.</summary>
    [Test]
    public void TestsOfCudaDevicesRunOnIt()
    {
        if (EmulatorSettings.OfProcess() is null)
        {
            Assert.Ignore($"{EmulatorSettings.Variable} is not set to emulated.");
        }

        EmulatedDriver driver = EmulatedDriver.Loaded!;
        Assert.That(DeviceFixture.GpuIds, Has.Some.StartsWith("cuda"));
        Device device = Device.Open("cuda");
        Assert.That(EmulatedDriver.Emulates(device));
        Assert.That(device.Name, Does.Contain("Emulated CUDA device"));
        RunCounts counts = new();
        driver.Counts = counts;
        try
        {
            Shape shape = new(2, 2);
            Assert.That(
                KernelRun.Values(device, new MatMul(), [shape, shape], [[1, 2, 3, 4], [5, 6, 7, 8]], 0),
                Is.EqualTo((float[])[19, 22, 43, 50]));
        }
        finally
        {
            driver.Counts = null;
        }

        Assert.That(counts.Issued, Is.Positive);
    }

    /// <summary>The driver takes no memory back then: who uses the device is to see its failure, not that.</summary>
    [Test]
    public void ATrainingOnADeviceThatFailsIsDisposedOfQuietly()
    {
        if (EmulatedDriver.Loaded is not { } driver)
        {
            Assert.Ignore($"{EmulatorSettings.Variable} is not set to emulated.");
            return;
        }

        Trainer trainer = new(
            new Mlp(64, 4, 10), Datasets.Digits(), new Adam(1e-3),
            new TrainingOptions { Epochs = 2, BatchSize = 512, Device = Device.Open("cuda") });
        try
        {
            Assert.That(
                () => trainer.Run(_ => driver.Call(_ => throw new EmulatedFault("a fault"))),
                Throws.TypeOf<DeviceException>().With.Message.Contains("a fault"));
            Assert.That(trainer.Dispose, Throws.Nothing);
        }
        finally
        {
            driver.TakeFault();
        }
    }

    /// <summary>A launch by itself, of a library's user, says the same as a training.</summary>
    [Test]
    public void ALaunchOnADeviceThatFailsSaysSo()
    {
        if (EmulatedDriver.Loaded is not { } driver)
        {
            Assert.Ignore($"{EmulatorSettings.Variable} is not set to emulated.");
            return;
        }

        Device device = Device.Open("cuda");
        Shape shape = new(2, 2);
        using DeviceBuffer memory = device.Allocate(12);
        using Launch launch = device.Bind(
            new MatMul(), [shape, shape], [new Region(memory, 0, 4), new Region(memory, 4, 4)], new Region(memory, 8, 4));
        try
        {
            driver.Call(_ => throw new EmulatedFault("a fault"));
            Assert.That(
                launch.Run,
                Throws.TypeOf<DeviceException>().With.Message.Contains("kernels were launched").And.Message.Contains("a fault"));
        }
        finally
        {
            driver.TakeFault();
        }
    }

    [TestCase(true, "found, left by what ran before: kernel, ")]
    [TestCase(false, "found: kernel, ")]
    public void ATestFailsWithWhatTheDeviceFound(bool isBefore, string report)
    {
        using EmulatedDriver driver = new(new EmulatorSettings());
        driver.Initialize();
        Assert.That(EmulatedDeviceAttribute.Report(driver, isBefore), Is.Null);
        driver.Call(
            _ => throw new EmulatedFault("kernel", "reads past an end", new(1), new(2), 3, "ld.global.f32", 4),
            needsContext: false);
        Assert.That(EmulatedDeviceAttribute.Report(driver, isBefore), Does.Contain(report).And.Contains("reads past an end"));
        Assert.That(EmulatedDeviceAttribute.Report(driver, isBefore), Is.Null);
    }
}
