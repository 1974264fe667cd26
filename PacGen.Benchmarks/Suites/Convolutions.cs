using BenchmarkDotNet.Attributes;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>The three passes of 3×3 convolutions, batch 32, at the sizes of a Wide ResNet.</summary>
public class Convolutions
{
    private Work work = null!;

    /// <summary>Which pass.</summary>
    [ParamsAllValues]
    public ConvolutionPass Pass { get; set; }

    /// <summary>Channels of input and output; the images are 32×32 at 48, 16×16 at 96, 8×8 at 192.</summary>
    [Params(48, 96, 192)]
    public int Channels { get; set; }

    /// <summary>Makes images, weights and gradient.</summary>
    [GlobalSetup]
    public void Setup() => work = Work.Convolution(Device.Cpu, Pass, Channels, 32 * 48 / Channels, 32);

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup() => work.Dispose();

    /// <summary>A pass.</summary>
    [Benchmark]
    public void Conv2d() => work.Run();
}
