namespace PacGen.Benchmarks.Runs;

/// <summary>A way of training that is compared with others: the plain optimizer, or the same perturbed.</summary>
/// <param name="Eta">η of Algorithm 1, or null for the plain optimizer.</param>
/// <param name="Gamma">γ of Algorithm 1, or null for the plain optimizer.</param>
internal sealed record RunArm(double? Eta, double? Gamma)
{
    /// <summary>The optimizer without perturbation.</summary>
    public static RunArm Plain { get; } = new(null, null);

    /// <summary>Its name for people where η is the same for all.</summary>
    public string Name => Gamma is null ? "plain" : $"perturbed, γ = {Gamma}";

    /// <summary>Its name for people where η differs too.</summary>
    public string Pair => Gamma is null ? "plain" : $"η = {Eta}, γ = {Gamma}";

    /// <summary>Its name in a folder's.</summary>
    public string Key => Gamma is null ? "plain" : $"eta-{Eta}-gamma-{Gamma}";
}
