namespace PacGen.Core.Perturbation;

/// <summary>What the level σ of Algorithm 1's perturbation is.</summary>
public enum SigmaLevel
{
    /// <summary>Line 8: min(1/(log(1 + epoch)·√(η(h + ρκ))), κ) where |g| &lt; β₂, else 0.</summary>
    Optimal,

    /// <summary>κ of line 7 where |g| &lt; β₂, else 0: Algorithm 1 without the curvature. η has no effect.</summary>
    Kappa,

    /// <summary>
    /// γ|w| + ε in every step, from the first on, for every weight: plain noise of a fixed relative level, or, with γ = 0, of the
    /// one level ε. η, β₁ and β₂ have no effect.
    /// </summary>
    Fixed,
}
