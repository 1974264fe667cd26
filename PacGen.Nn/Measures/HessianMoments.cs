namespace PacGen.Nn;

/// <summary>What random products ∇²L̂v with v of ±1 tell of the Hessian (Hutchinson): each is unbiased.</summary>
/// <param name="Trace">tr ∇²L̂ = 𝔼 vᵀ∇²L̂v.</param>
/// <param name="SquaredFrobenius">‖∇²L̂‖_F² = 𝔼‖∇²L̂v‖².</param>
/// <param name="Diagonal">The diagonal, mean of v ⊙ ∇²L̂v, in the arena's order.</param>
public sealed record HessianMoments(MeanEstimate Trace, MeanEstimate SquaredFrobenius, IReadOnlyList<double> Diagonal);
