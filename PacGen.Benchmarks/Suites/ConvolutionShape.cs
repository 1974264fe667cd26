namespace PacGen.Benchmarks.Suites;

/// <summary>A convolution of square images and taps, padded so that with stride 1 the images keep their size.</summary>
/// <param name="Inputs">The channels of the images.</param>
/// <param name="Outputs">The channels of the output.</param>
/// <param name="Size">Height and width of the images.</param>
/// <param name="Kernel">Height and width of the taps; odd.</param>
/// <param name="Stride">The stride both ways.</param>
internal readonly record struct ConvolutionShape(int Inputs, int Outputs, int Size, int Kernel = 3, int Stride = 1)
{
    /// <summary>The zeros on each side.</summary>
    public int Padding => Kernel / 2;

    /// <summary>Height and width of the output.</summary>
    public int OutputSize => (Size + Stride - 1) / Stride;

    /// <inheritdoc/>
    public override string ToString() => $"{Kernel}×{Kernel} convolution, "
        + (Inputs == Outputs ? $"{Inputs} channels" : $"{Inputs} → {Outputs} channels")
        + $", {Size}×{Size}{(Stride == 1 ? "" : $", stride {Stride}")}";
}
