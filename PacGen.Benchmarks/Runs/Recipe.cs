using PacGen.Benchmarks.Training;
using PacGen.Nn;
using AlgorithmOne = PacGen.Core.Perturbation.AlgorithmOne;
using Neighborhood = PacGen.Core.Perturbation.Neighborhood;
using SigmaLevel = PacGen.Core.Perturbation.SigmaLevel;

namespace PacGen.Benchmarks.Runs;

/// <summary>What is trained and how: what a <see cref="Method"/> changes.</summary>
/// <param name="Model">The network.</param>
/// <param name="Options">How it is trained.</param>
/// <param name="Optimizer">How the weights are updated.</param>
/// <param name="WithDecay">The plain optimizer with another weight decay.</param>
/// <param name="Algorithm">The parameters of Algorithm 1, of which methods choose γ and the level.</param>
internal sealed record Recipe(
    ModelChoice Model, TrainingOptions Options, Optimizer Optimizer, Func<double, Optimizer> WithDecay, AlgorithmOne Algorithm)
{
    /// <summary>Algorithm 1 around the optimizer.</summary>
    /// <param name="gamma">γ.</param>
    /// <param name="level">What σ is.</param>
    public PerturbedOptimizer Perturbed(double gamma, SigmaLevel level = SigmaLevel.Optimal) => new(
        Optimizer, Algorithm with { Neighborhood = new Neighborhood(gamma, Algorithm.Neighborhood.Epsilon), Level = level });
}
