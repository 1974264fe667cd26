using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>
/// u ~ N(0, σ²) given |u| ≤ κ (section 5.2, (16)), by the inverse of its distribution function:
/// u = ±σ√2·erf⁻¹(a·erf(κ/(σ√2))), a uniform on (0, 1).
/// </summary>
/// <remarks>
/// <para>
/// σ is the deviation of the Gaussian before it is truncated; u's own is smaller. Under Algorithm 1 σ is line 8's, as for the
/// uniform: at most κ, so that the Gaussian is cut at one σ or further out. (21)'s σ*, derived for this distribution, has no
/// factor 1/log(1 + epoch) and the cap κ/(√2·erf⁻¹(1 − 1/2m)) in place of κ.
/// </para>
/// <para>
/// |u| ≤ κ always. The relative error of u is below 10⁻⁶, in both tails and for all ratios κ/σ: the probability of what lies
/// beyond |u| is (1 − a) + a·erfc(κ/(σ√2)), a sum of two numbers that are known without cancellation. It goes down to 2⁻³²,
/// so that |u| stays below 6.4σ. σ = +∞ gives the limit κ/σ → 0, the uniform distribution on (−κ, κ); κ = +∞ gives N(0, σ²).
/// σ = 0 or κ = 0 gives 0. Where σ or κ is NaN, or both are +∞, u is NaN, unless κ is 0.
/// </para>
/// </remarks>
public readonly struct TruncatedGaussianNoise : INoise
{
    /// <summary>
    /// 2⁻³²: the mass of the truncated Gaussian beyond the largest |u| that a word gives, and so, but for rounding, the total
    /// variation between what is drawn and what is meant; m times this for the product of m.
    /// </summary>
    public const double MassBeyond = 1d / (1L << 32);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sample<T, TWords>(T sigma, T kappa, TWords word)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        T a = UniformSampler.Magnitude<T, TWords>(word, out T rest, out T sign);
        T scale = sigma * T.Constant(1.41421354f), cut = kappa * (T.Constant(1f) / scale);

        // A NaN is neither near nor far, and stays. Under Algorithm 1 σ is often κ: then all is near, for a third of the work.
        T edge = T.Constant(0.75f), near = T.Less(cut, edge), far = T.LessOrEqual(edge, cut), u = cut;
        if (T.Any(near))
        {
            u = T.Select(near, a * kappa * T.QuantileRatio(a, cut), u);
        }

        if (T.Any(far))
        {
            T inside = T.Erf(cut, out T outside);
            u = T.Select(far, scale * T.InverseErf(a * inside, T.Fma(a, outside, rest)), u);
        }

        // Min answers with its second argument where one is NaN.
        u = T.Min(kappa, u);
        return sign * T.Select(T.Equal(kappa, T.Constant(0f)), kappa, u);
    }
}
