using System.Globalization;
using PacGen.Core.Perturbation;

namespace PacGen.Core.Bounds;

/// <summary>
/// The sums over all parameters that the uniform bounds consist of, at some σ: made in one pass over the parameters, in double
/// or by a device.
/// </summary>
/// <param name="Parameters">m.</param>
/// <param name="Eta">The η that σ* (14) was taken at.</param>
/// <param name="Sharpness">ℳ = Σ(∇ᵢ²L̂/6 + ρ√m κᵢ/18)·σᵢ², the second and third term of (12).</param>
/// <param name="Kl">KL = Σ log(τᵢ/σᵢ) (11).</param>
/// <param name="TauFromWeights">
/// Whether τ was read off the trained weights, so that nothing made of these sums is a bound.
/// </param>
public sealed record UniformBoundSums(long Parameters, double Eta, double Sharpness, double Kl, bool TauFromWeights = false)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Parameters:N0} parameters, η {Eta:G4}: sharpness {Sharpness:G6}, KL " +
        $"{Kl:G6}{(TauFromWeights ? ", τ from the trained weights" : "")}");

    /// <summary>
    /// From what <see cref="UniformBoundTerm"/> came to on a device: in single precision, the same bits on every one.
    /// </summary>
    /// <param name="sums">The sums.</param>
    /// <param name="parameters">m.</param>
    /// <param name="eta">The η of the terms' settings.</param>
    /// <param name="tau">Their τ.</param>
    /// <exception cref="InvalidOperationException">
    /// A curvature was negative, |wᵢ| + κᵢ exceeded τᵢ, or a number was not finite.
    /// </exception>
    public static UniformBoundSums Of(TermSums sums, long parameters, double eta, Tau tau)
    {
        double sharpness = sums.Sum1 / eta;
        BoundConditions.ThrowUnlessFinite(sums.Sum0, sharpness);
        BoundConditions.ThrowUnlessConvex(sums.Largest0);

        // |w| + κ as a float may be some roundings above τ where the number itself is not.
        double reach = sums.Largest1 / tau.Of(sums.Largest1);
        return tau.FromWeights || reach <= 1 + 1e-6
            ? new UniformBoundSums(parameters, eta, sharpness, sums.Sum0, tau.FromWeights)
            : throw new InvalidOperationException(
                $"The prior U(−τ, τ) must hold the perturbed weights, |wᵢ| + κᵢ ≤ τᵢ, but for some parameter |w| + κ is "
                + $"{reach:G6} times τ. "
                + "Choose, before seeing the sample, a larger τ, or a smaller γ or ε.");
    }
}
