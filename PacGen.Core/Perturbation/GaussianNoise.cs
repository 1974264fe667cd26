using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>
/// u ~ N(0, σ²) (expected sharpness, (3)), by the inverse of its distribution function; κ is not looked at. The words give
/// |u| below 6.4σ, beyond which a Gaussian has 2·10⁻¹⁰ of its mass. σ = 0 gives 0, a NaN gives NaN.
/// </summary>
public readonly struct GaussianNoise : INoise
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sample<T, TWords>(T sigma, T kappa, TWords word)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        T a = UniformSampler.Magnitude<T, TWords>(word, out T rest, out T sign);
        return sign * (sigma * T.Constant(1.41421354f) * T.InverseErf(a, rest));
    }
}
