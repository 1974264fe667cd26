using BenchmarkDotNet.Attributes;

namespace PacGen.Benchmarks.Suites;

/// <summary>The three passes of 3×3 convolutions, batch 32, at the sizes of a Wide ResNet.</summary>
public class Convolutions : Suite
{
    /// <summary>Which pass.</summary>
    [ParamsAllValues]
    public ConvolutionPass Pass { get; set; }

    /// <summary>Channels of input and output; the images are 32×32 at 48, 16×16 at 96, 8×8 at 192.</summary>
    [Params(48, 96, 192)]
    public int Channels { get; set; }

    private protected override Work Work => OperationWork.Convolution(Pass, Channels, 32 * 48 / Channels, 32);
}
