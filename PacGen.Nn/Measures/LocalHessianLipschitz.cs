using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// Definition 4's ρ from below: the largest ratio ‖∇²L̂(v₁) − ∇²L̂(v₂)‖ / ‖v₁ − v₂‖ (operator norm, (4)) over pairs sampled in
/// Neigh_{γ,ε}(w). L̂ is ρ-Hessian Lipschitz there only if ρ is at least this; how much more it must be, no sample can say.
/// </summary>
public sealed record LocalHessianLipschitz : Measurement
{
    /// <summary>The largest ratio found: a lower estimate of ρ.</summary>
    public double Rho => Value;

    /// <summary>The pairs' ratios.</summary>
    public required IReadOnlyList<double> Ratios { get; init; }

    /// <summary>The pairs' ‖v₁ − v₂‖.</summary>
    public required IReadOnlyList<double> Distances { get; init; }

    /// <summary>How many pairs' operator norm reached the tolerance; the others' are too small by an unknown amount.</summary>
    public required int Converged { get; init; }

    /// <summary>How it was sampled.</summary>
    public required HessianLipschitzOptions Options { get; init; }

    /// <summary>What was found, and that it is a lower estimate.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"ρ ≥ {Rho:G4}: the largest of {Ratios.Count} sampled ratios in Neigh with {Options.Neighborhood}; a lower estimate " +
            $"({Converged} of {Ratios.Count} norms converged)");
}
