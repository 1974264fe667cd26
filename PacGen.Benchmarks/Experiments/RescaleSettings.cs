using PacGen.Core.Perturbation;
using PacGen.Nn;

namespace PacGen.Benchmarks.Experiments;

/// <summary>What <see cref="RescaleMeasures"/> computes with.</summary>
/// <param name="Draws">Perturbations for (3), antithetic pairs, and products for the trace.</param>
/// <param name="Sigma">σ of (3).</param>
/// <param name="BoxEpsilon">ε of (2).</param>
/// <param name="Directions">The dimension of (2)'s random subspace.</param>
/// <param name="Neighborhood">γ and ε of Ψ, ρ and the bounds.</param>
/// <param name="Delta">δ of the bounds.</param>
/// <param name="SmallestProbability">p_min of the bounded cross-entropy.</param>
/// <param name="Seed">Decides all draws.</param>
internal sealed record RescaleSettings(
    int Draws, double Sigma, double BoxEpsilon, int Directions, Neighborhood Neighborhood, double Delta,
        double SmallestProbability, ulong Seed)
{
    /// <summary>The most weights whose Hessian's diagonal is computed exactly.</summary>
    public const int LargestExact = 3000;

    /// <summary>Products for the diagonal of larger networks.</summary>
    public const int DiagonalDraws = 400;

    /// <summary>Images a batch whose gradient Ψ squares.</summary>
    public const int PsiBatch = ScoreOptions.DefaultBatchSize;

    /// <summary>How Ψ is computed.</summary>
    public ScoreOptions Score => new() { Neighborhood = Neighborhood, BatchSize = PsiBatch, Seed = Seed };
}
