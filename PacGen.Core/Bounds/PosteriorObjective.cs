namespace PacGen.Core.Bounds;

/// <summary>A bound that a posterior's training minimises itself, in the place of L̂ + KL/η at an η of one's own.</summary>
public enum PosteriorObjective
{
    /// <summary><see cref="QuadraticBound"/>: (√(L̂ + B) + √B)².</summary>
    Quadratic,

    /// <summary><see cref="LambdaBound"/> at its best λ; η = nλ.</summary>
    Lambda,

    /// <summary><see cref="MaurerSeeger"/>: kl⁻¹(L̂, (KL + log ξ(n)/δ)/n).</summary>
    Kl,
}
