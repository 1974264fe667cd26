using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Sums that warps of 32 lanes fold have the CPU's bits, whatever the group's size.</summary>
internal sealed class WarpFoldTests
{
    [Test]
    public void SumsAreTheCpus([Values(2, 8)] int warps, [Values(5, 4096, 4097)] int count)
    {
        using GpuDevice device = WarpSimulator.Create(warps);
        (float[] weights, float[] curvature) = BoundLaunchTests.Parameters(count);
        Assert.That(device.HasWarps);
        Assert.That(
            BoundLaunchTests.Run(device, weights, curvature, 39),
            Is.EqualTo(BoundLaunchTests.Run(Device.Cpu, weights, curvature, 39)));
    }
}
