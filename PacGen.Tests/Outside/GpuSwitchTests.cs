using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>What a GPU may be told to do another way: a step's loss and gradients stay the same but for rounding.</summary>
[NonParallelizable]
internal sealed class GpuSwitchTests
{
    private static readonly GpuDevice Gpu = Device.Simulator;

    [Test]
    public void EachWayHasTheSameStep()
    {
        (bool fuses, bool joins, bool beside, ConvolutionMode way) =
            (Gpu.FusesMaps, Gpu.JoinsPasses, Gpu.RunsBeside, Gpu.Convolutions);
        try
        {
            Choose(true, true, false, ConvolutionMode.Direct);
            float[] expected = Step();
            foreach ((bool fused, bool joined, bool spread, ConvolutionMode mode) in new[]
            {
                (false, false, false, ConvolutionMode.Direct), (true, false, false, ConvolutionMode.Direct),
                (true, true, true, ConvolutionMode.Direct), (true, true, false, ConvolutionMode.Winograd4),
            })
            {
                Choose(fused, joined, spread, mode);
                Assert.That(
                    Step(), Is.EqualTo(expected).Within(1e-4),
                    $"{Gpu.Name}: {Gpu.FusesMaps}, {Gpu.JoinsPasses}, {Gpu.RunsBeside}");
            }
        }
        finally
        {
            Choose(fuses, joins, beside, way);
        }
    }

    [Test]
    public void SharedMemoryIsReservedOnce()
    {
        Assert.That(() => Gpu.ReserveShared(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Gpu.ReserveShared(1000);
        long before = Gpu.AllocatedBytes;
        Gpu.ReserveShared(1000);
        Gpu.ReserveShared(0);
        Assert.That(Gpu.AllocatedBytes, Is.EqualTo(before));
    }

    [Test]
    public void TilesOfADeviceThatHasNoneAreRefused()
    {
        foreach (ProductTiles tiles in (ProductTiles[])[ProductTiles.Reckoned, ProductTiles.Measured])
        {
            Assert.That(() => Gpu.Tiles = tiles, Throws.TypeOf<DeviceException>().With.Message.Contains("leave tiles fixed"));
        }

        Assert.That(() => Gpu.Tiles = ProductTiles.Fixed, Throws.Nothing);
        Assert.That((Gpu.Tiles, Gpu.Notices), Is.EqualTo((ProductTiles.Fixed, (Action<string>?)null)));
    }

    private static void Choose(bool fuses, bool joins, bool beside, ConvolutionMode way) =>
        (Gpu.FusesMaps, Gpu.JoinsPasses, Gpu.RunsBeside, Gpu.Convolutions) = (fuses, joins, beside, way);

    /// <summary>A convolution, batch norm and a ReLU: the loss, and the gradients of images, weights and scale.</summary>
    private static float[] Step()
    {
        int[] rows = [0, 1, 2];
        Tensor x = Constant(new Shape(2, 5, 6, 16), 1), w = Constant(new Shape(3, 3, 16, 16), 2);
        Tensor scale = Constant(new Shape(16), 3);
        Tensor y = Tensor.Conv2d(x, w, padding: 1), mean = y.Mean(rows);
        Tensor loss = ((y - mean) / ((y - mean).Square().Mean(rows) + 1e-5f).Sqrt() * scale).Relu().Square().Mean();
        Tensor[] outputs = [loss, .. loss.Gradient([x, w, scale])];
        using CompiledGraph graph = CompiledGraph.Compile(Gpu, outputs);
        graph.Run();
        return [.. outputs.SelectMany(output => graph[output].ToArray())];
    }

    private static Tensor Constant(Shape shape, int seed) =>
        Tensor.Constant(shape, [.. Enumerable.Range(0, (int)shape.Count).Select(i => MathF.Sin((seed + i) * (seed + 2.7f)))]);
}
