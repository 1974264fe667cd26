using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The one-dimensional maps of Winograd's convolution F(m, 3), as a type argument of its kernels: m outputs of a filter of 3 taps
/// over n = m + 2 inputs are Aᵀ[(G g) ⊙ (Bᵀ d)], n multiplications instead of 3m. In two dimensions each map is applied to the
/// rows and then to the columns. The adjoint maps give the gradient of the filter, Gᵀ[(A y) ⊙ (Bᵀ d)]. Each method applies its
/// map to vectors that a table points to, all the same number of floats further, and stores the results a step apart.
/// </summary>
/// <remarks>
/// Shmuel Winograd, Arithmetic Complexity of Computations (1980); Andrew Lavin and Scott Gray, Fast Algorithms for Convolutional
/// Neural Networks (2016), https://arxiv.org/abs/1509.09308.
/// </remarks>
internal unsafe interface IWinogradTile
{
    /// <summary>The outputs m along a side of a tile.</summary>
    static abstract int Outputs { get; }

    /// <summary>The inputs n = m + 2 along a side.</summary>
    static abstract int Inputs { get; }

    /// <summary>Bᵀ d, n inputs to n numbers.</summary>
    static abstract void Images<T>(float** from, nint offset, float* to, nint step)
        where T : struct, IMemoryLane<T>;

    /// <summary>G g, 3 taps to n numbers.</summary>
    static abstract void Weights<T>(float** from, nint offset, float* to, nint step)
        where T : struct, IMemoryLane<T>;

    /// <summary>Aᵀ p, n products to m outputs.</summary>
    static abstract void Sums<T>(float** from, nint offset, float* to, nint step)
        where T : struct, IMemoryLane<T>;

    /// <summary>A y, m outputs' gradients to n numbers.</summary>
    static abstract void Gradients<T>(float** from, nint offset, float* to, nint step)
        where T : struct, IMemoryLane<T>;

    /// <summary>Gᵀ p, n sums of products to 3 taps' gradients.</summary>
    static abstract void WeightGradients<T>(float** from, nint offset, float* to, nint step)
        where T : struct, IMemoryLane<T>;
}
