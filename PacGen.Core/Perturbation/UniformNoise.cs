using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>u ~ U(−σ, σ) (section 5.1; line 9 of Algorithm 1), a σ above κ counting as κ.</summary>
public readonly struct UniformNoise : INoise
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sample<T, TWords>(T sigma, T kappa, TWords word)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords> => T.Min(kappa, sigma) * UniformSampler.Symmetric<T, TWords>(word);
}
