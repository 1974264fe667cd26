namespace PacGen.Tests.Kernels;

/// <summary>The bounds' passes on a GPU give the bits of the CPU's.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(GpuIds))]
internal sealed class BoundLaunchGpuTests(string id) : DeviceFixture(id)
{
    [Test]
    public void SumsAreTheCpus([Values(1, 5, 4097, 12_000)] int count, [Values(39, 1e6)] double eta)
    {
        (float[] weights, float[] curvature) = BoundLaunchTests.Parameters(count);
        Assert.That(
            BoundLaunchTests.Run(Device, weights, curvature, eta),
            Is.EqualTo(BoundLaunchTests.Run(PacGen.Kernels.Device.Cpu, weights, curvature, eta)));
    }
}
