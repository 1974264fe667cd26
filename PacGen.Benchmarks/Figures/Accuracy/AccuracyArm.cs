using System.Globalization;

namespace PacGen.Benchmarks.Figures.Accuracy;

/// <summary>A way of training that Figure 7 compares: the plain optimizer, or the same perturbed.</summary>
/// <param name="Eta">η of Algorithm 1, or null for the plain optimizer.</param>
/// <param name="Gamma">γ of Algorithm 1, or null for the plain optimizer.</param>
internal sealed record AccuracyArm(double? Eta, double? Gamma)
{
    /// <summary>The optimizer without perturbation.</summary>
    public static AccuracyArm Plain { get; } = new(null, null);

    /// <summary>Its name for people.</summary>
    public string Name => Gamma is null ? "plain" : string.Create(CultureInfo.InvariantCulture, $"perturbed, γ = {Gamma}");

    /// <summary>Its name in a folder's.</summary>
    public string Key => Gamma is null ? "plain" : string.Create(CultureInfo.InvariantCulture, $"eta-{Eta}-gamma-{Gamma}");
}
