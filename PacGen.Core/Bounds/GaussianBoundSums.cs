using System.Globalization;
using PacGen.Core.Perturbation;

namespace PacGen.Core.Bounds;

/// <summary>
/// The sums over all parameters that the truncated Gaussian's bounds consist of, at some σ: made in one pass over the
/// parameters, in double or by a device.
/// </summary>
/// <param name="Parameters">m.</param>
/// <param name="Eta">The η that σ* was taken at.</param>
/// <param name="Sharpness">ℳ = Σ(∇ᵢ²L̂/2 + ρ√m κᵢ/6)·𝔼ũᵢ².</param>
/// <param name="Kl">KL(w + ũ ‖ N(0, τI)), in closed form.</param>
public sealed record GaussianBoundSums(long Parameters, double Eta, double Sharpness, double Kl)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Parameters:N0} parameters, η {Eta:G4}: sharpness {Sharpness:G6}, KL {Kl:G6}");

    /// <summary>
    /// From what <see cref="GaussianBoundTerm"/> came to on a device: in single precision, the same bits on every one.
    /// </summary>
    /// <param name="sums">The sums.</param>
    /// <param name="parameters">m.</param>
    /// <param name="eta">The η of the terms' settings.</param>
    /// <exception cref="InvalidOperationException">A curvature was negative, or a number was not finite.</exception>
    public static GaussianBoundSums Of(TermSums sums, long parameters, double eta)
    {
        double sharpness = sums.Sum1 / eta;
        BoundConditions.ThrowUnlessFinite(sums.Sum0, sharpness);
        BoundConditions.ThrowUnlessConvex(sums.Largest0);
        return new GaussianBoundSums(parameters, eta, sharpness, sums.Sum0);
    }
}
