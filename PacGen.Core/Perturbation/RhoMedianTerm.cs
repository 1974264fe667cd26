using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>
/// A weight's part of the equation of the median of max|Δh|/|u| over u[i] ~ U(−κ[i], κ[i]) at given Δh, over w, h(w) and
/// h(w + u). With xᵢ = |Δh[i]|/κ[i], P(max ≤ r) = Π(1 − xᵢ/r) for r ≥ max xᵢ, which is ½ where Σ −ln(1 − xᵢ/r) = ln 2. The sums
/// are Σ −ln(1 − t) and Σ t/(1 − t), t = xᵢ/r below 1.
/// </summary>
/// <remarks>The second sum is r⁻¹ times the derivative of the first by r⁻¹, which Newton's method asks for.</remarks>
public readonly struct RhoMedianTerm : ITerms<RhoMedianSettings>
{
    /// <inheritdoc/>
    public static int Inputs => 3;

    /// <inheritdoc/>
    public static int Sums => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of<T, TWords>(
        T a, T b, T c, TWords word, RhoMedianSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        T kappa = Kappa.Of(a, T.Constant(settings.Gamma), T.Constant(settings.Epsilon));
        T t = T.Abs(c - b) / kappa * T.Constant(settings.Scale) * T.Constant(settings.Reciprocal);
        T one = T.Constant(1f), rest = one - t, rounded = one - rest;

        // ln(1 − t) of the float 1 − t, times what rounding made of t: as exact for a tiny t as the logarithm is.
        T log = -T.Log(rest) * (t / rounded);
        sum0 = T.Select(T.Equal(rounded, T.Constant(0f)), t, log);
        sum1 = t / rest;
        largest0 = largest1 = default;
    }
}
