using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>
/// What the estimators of ρ(w*) need of a weight, over w, h(w) and h(w + u), both from the same batches, where u ~ U(−κ, κ) is
/// what <see cref="Perturbed{TNoise}"/> added under <see cref="PerturbSettings.WholeNeighborhood"/>; it is recomputed, exactly.
/// The sums are S = Σ|Δh|/κ, NaN if an h is, and ‖u‖² times <see cref="RhoSettings.NormScale"/>²; the maxima
/// |Δh|/|u| and |Δh|, Δh = h(w + u) − h(w).
/// </summary>
/// <remarks>The published ratio is max|Δh|/|u|, its median <see cref="RhoMedianTerm"/>'s, Definition 3's max|Δh|/‖u‖.</remarks>
public readonly struct RhoTerm : ITerms<RhoSettings>
{
    /// <inheritdoc/>
    public static int Inputs => 3;

    /// <inheritdoc/>
    public static int Sums => 2;

    /// <inheritdoc/>
    public static int Maxima => 2;

    /// <inheritdoc/>
    public static bool UsesWords => true;

    /// <inheritdoc/>
    public static PhiloxDraw Random(RhoSettings settings) => settings.Draw;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<T, TWords>(
        T a, T b, T c, TWords word, RhoSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        T kappa = Kappa.Of(a, T.Constant(settings.Gamma), T.Constant(settings.Epsilon));
        T u = UniformNoise.Sample(kappa, kappa, word), scaled = u * T.Constant(settings.NormScale);
        T change = T.Abs(c - b);
        sum0 = change / kappa;
        sum1 = scaled * scaled;
        largest0 = change / T.Abs(u);
        largest1 = change;
    }
}
