using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>
/// One weight's term of the pacGen score Ψ (24). Over w and the curvature: Ψ, and how many weights took the 1/κ branch.
/// </summary>
public readonly struct PsiTerm : ITerms<PsiSettings>
{
    /// <inheritdoc/>
    public static int Inputs => 2;

    /// <inheritdoc/>
    public static int Sums => 2;

    /// <inheritdoc/>
    public static bool IsSplit => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<T, TWords>(
        T a, T b, T c, TWords word, PsiSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        First(a, b, c, word, settings, out T first, out sum1, out largest0, out largest1);
        sum0 = Last(first);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void First<T, TWords>(
        T a, T b, T c, TWords word, PsiSettings settings, out T first, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        T kappa = Kappa.Of(a, T.Constant(settings.Gamma), T.Constant(settings.Epsilon));
        first = Number(a, kappa, b * T.Constant(settings.CurvatureScale), T.Constant(settings.RhoRootM), out T kappaWon);
        sum1 = T.Select(kappaWon, T.Constant(1f), T.Constant(0f));
        largest0 = largest1 = default;
    }

    /// <summary>
    /// log((|w| + κ)·max(√max(h + ρ√m·κ, 0), 1/κ)), the summand of (24); a curvature below 0 counts as 0 (footnote 4).
    /// </summary>
    /// <param name="weight">w.</param>
    /// <param name="kappa">κ, at least 10⁻³⁷ so that its reciprocal is a float; a <see cref="Neighborhood"/>'s is.</param>
    /// <param name="curvature">h, or another estimate of the Hessian's diagonal.</param>
    /// <param name="rhoRootM">ρ√m, formed in double.</param>
    /// <param name="kappaWon">The mask of the weights whose 1/κ reached the root.</param>
    /// <remarks>
    /// One logarithm of one product: with |w| + κ below 10¹⁸ it cannot overflow, since the root of a float is below 1.9·10¹⁹;
    /// the error is that of the product, about 3 units in its last place, and that of <see cref="Elementary.Log{T}"/>.
    /// The product is at least 1, since |w| + κ is at least κ.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T weight, T kappa, T curvature, T rhoRootM, out T kappaWon)
        where T : struct, ILane<T> => Last(Number(weight, kappa, curvature, rhoRootM, out kappaWon));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Last<T>(T first)
        where T : struct, ILane<T> => T.LogOfPositive(first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Number<T>(T weight, T kappa, T curvature, T rhoRootM, out T kappaWon)
        where T : struct, ILane<T>
    {
        // The order of Min's and Max's arguments lets a NaN pass: a diverged model must not get a score.
        T clamped = T.Min(T.Constant(float.MaxValue), T.Max(T.Constant(0f), T.Fma(rhoRootM, kappa, curvature)));
        T root = T.Sqrt(clamped);
        T inverse = T.Constant(1f) / kappa;
        kappaWon = T.LessOrEqual(root, inverse);
        return (T.Abs(weight) + kappa) * T.Select(kappaWon, inverse, root);
    }
}
