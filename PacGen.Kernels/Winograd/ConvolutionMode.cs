namespace PacGen.Kernels;

/// <summary>
/// How the CPU computes convolutions of 3 × 3 taps and strides 1 and 2, and their gradients, and a GPU those of stride 1:
/// <see cref="CpuDevice.Convolutions"/>, <see cref="GpuDevice.Convolutions"/>.
/// </summary>
/// <remarks>
/// Winograd's convolution takes a quarter (tiles of 4 × 4 outputs) or 4/9 (tiles of 2 × 2) of the multiplications. Its rounding
/// errors are relative to the largest numbers of a tile: on random images and weights of 64 channels the root of the mean squared
/// error was 0.6 (2 × 2) and 1.8 (4 × 4) times that of a direct sum, term after term. With stride 2 it
/// takes 25/36, by tiles of 4 × 4 alone, and needs whole vectors of channels but for the images' gradient.
/// </remarks>
public enum ConvolutionMode
{
    /// <summary>What is fastest for the shape. The CPU's default.</summary>
    Fastest,

    /// <summary>Sums of products, never by Winograd. A GPU's default.</summary>
    Direct,

    /// <summary>By Winograd with tiles of 2 × 2 outputs; with stride 2 direct.</summary>
    Winograd2,

    /// <summary>By Winograd with tiles of 4 × 4 outputs.</summary>
    Winograd4,
}
