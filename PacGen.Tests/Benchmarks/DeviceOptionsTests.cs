using PacGen.Benchmarks.Devices;
using PacGen.Kernels;

namespace PacGen.Tests.Benchmarks;

internal sealed class DeviceOptionsTests
{
    [Test]
    public void ConvolutionsAreLeftAsTheDeviceHasThemWithoutTheOption()
    {
        using CpuDevice cpu = new(1);
        GpuDevice gpu = (GpuDevice)Device.Open("simulator");
        ConvolutionMode before = gpu.Convolutions;
        try
        {
            DeviceOptions.Convolve(cpu, null);
            DeviceOptions.Convolve(gpu, null);
            Assert.That(
                (cpu.Convolutions, gpu.Convolutions), Is.EqualTo((ConvolutionMode.Fastest, ConvolutionMode.Direct)), "defaults");
            DeviceOptions.Convolve(cpu, "direct");
            DeviceOptions.Convolve(gpu, "winograd4");
            Assert.That((cpu.Convolutions, gpu.Convolutions), Is.EqualTo((ConvolutionMode.Direct, ConvolutionMode.Winograd4)));
            Assert.That(gpu.Name, Does.EndWith(", convolutions by Winograd"));
        }
        finally
        {
            gpu.Convolutions = before;
        }
    }

    [Test]
    public void TilesAreLeftAsTheDeviceHasThemWithoutTheOption()
    {
        GpuDevice gpu = WarpSimulator.Device;
        ProductTiles before = gpu.Tiles;
        try
        {
            using StringWriter error = new();
            gpu.Tiles = ProductTiles.Reckoned;
            DeviceOptions.Tile(gpu, null, error);
            Assert.That(gpu.Tiles, Is.EqualTo(ProductTiles.Reckoned));
            DeviceOptions.Tile(gpu, "measured", error);
            Assert.That(gpu.Tiles, Is.EqualTo(ProductTiles.Measured));
            gpu.Notices!("timing");
            Assert.That(error.ToString().TrimEnd(), Is.EqualTo("timing"));
            using CpuDevice cpu = new(1);
            Assert.That(() => DeviceOptions.Tile(cpu, "fixed", error), Throws.Nothing);
        }
        finally
        {
            (gpu.Tiles, gpu.Notices) = (before, null);
        }
    }
}
