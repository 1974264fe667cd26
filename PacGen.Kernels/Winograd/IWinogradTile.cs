using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The maps of Winograd's convolution F(m, r), as a type argument of its kernels: m outputs of a filter of r taps over
/// n = m + r − 1 inputs are Aᵀ[(G g) ⊙ (Bᵀ d)], n multiplications instead of rm. In two dimensions each map is applied to the
/// rows and then to the columns. The adjoint maps give the gradient of the filter, Gᵀ[(A y) ⊙ (Bᵀ d)]. Those of images, sums
/// and gradients take both dimensions at once, so that what is between stays in registers; those of weights one dimension, a
/// step apart.
/// </summary>
/// <remarks>
/// Shmuel Winograd, Arithmetic Complexity of Computations (1980); Andrew Lavin and Scott Gray, Fast Algorithms for Convolutional
/// Neural Networks (2016), https://arxiv.org/abs/1509.09308.
/// </remarks>
internal unsafe interface IWinogradTile
{
    /// <summary>The outputs m along a side of a tile.</summary>
    static abstract int Outputs { get; }

    /// <summary>The inputs n = m + r − 1 along a side.</summary>
    static abstract int Inputs { get; }

    /// <summary>The taps r along a side.</summary>
    static abstract int Taps { get; }

    /// <summary>
    /// From a window to the next. Beyond 1 the places that are so far apart are an image of their own, with the taps that meet
    /// them: as many phases as the square.
    /// </summary>
    static abstract int Stride { get; }

    /// <summary>
    /// From an output to the next. Beyond 1 the outputs that are so far apart are an image of their own, the sums of the taps
    /// that reach them, from the same inputs: as many phases as the square.
    /// </summary>
    static abstract int Spread { get; }

    /// <summary>Bᵀ d B, n² inputs to n² numbers.</summary>
    /// <param name="from">Where the inputs lie, row by row.</param>
    /// <param name="offset">How many floats further.</param>
    /// <param name="to">Takes the numbers, row by row.</param>
    /// <param name="step">From a number to the next.</param>
    static abstract void Images<T>(float** from, nint offset, float* to, nint step)
        where T : struct, IMemoryLane<T>;

    /// <summary>Aᵀ p A, n² products to m² outputs.</summary>
    /// <param name="from">The products, row by row.</param>
    /// <param name="step">From a product to the next.</param>
    /// <param name="to">Takes the outputs.</param>
    /// <param name="columnStep">From an output to the next of its row.</param>
    /// <param name="rowStep">From a row of outputs to the next.</param>
    static abstract void Sums<T>(float* from, nint step, float* to, nint columnStep, nint rowStep)
        where T : struct, IMemoryLane<T>;

    /// <summary>A y Aᵀ, m² outputs' gradients to n² numbers.</summary>
    /// <inheritdoc cref="Images"/>
    static abstract void Gradients<T>(float** from, nint offset, float* to, nint step)
        where T : struct, IMemoryLane<T>;

    /// <summary>G g, r taps to n numbers.</summary>
    static abstract void Weights<T>(float** from, nint offset, float* to, nint step)
        where T : struct, IMemoryLane<T>;

    /// <summary>Gᵀ p, n sums of products to r taps' gradients.</summary>
    static abstract void WeightGradients<T>(float** from, nint offset, float* to, nint step)
        where T : struct, IMemoryLane<T>;
}
