using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>What a session is made with beyond its rule.</summary>
/// <param name="Seed">Decides the perturbations.</param>
/// <param name="Algorithm">Algorithm 1's parameters, or null where nothing is perturbed.</param>
internal sealed record SessionSettings(ulong Seed, AlgorithmOne? Algorithm)
{
    /// <summary>Makes the perturbation of the algorithm's noise: <see cref="PerturbLaunch.Create{TNoise}"/>.</summary>
    public PerturbFactory Perturbation { get; init; } = PerturbLaunch.Create<UniformNoise>;

    /// <summary>β of an h that is kept whatever the rule, without Algorithm 1; null where none is asked for.</summary>
    public double? SecondMomentBeta { get; init; }

    /// <summary>The posterior at a sample of which gradients are taken; null for none.</summary>
    public GaussianPosterior? Posterior { get; init; }

    /// <summary>What a state of the rule is at first, by its name.</summary>
    public Func<string, double> InitialState { get; init; } = _ => 0;

    /// <summary>Where a step's second gradient is taken, and what it is for; null where there is none.</summary>
    public SecondGradient? Second { get; init; }
}

/// <summary>The second of a step's two gradients.</summary>
/// <param name="Point">Where it is taken, from w, the first gradient and the point of that.</param>
/// <param name="Averaged">Whether the mean of both is applied, and not the second alone.</param>
internal sealed record SecondGradient(Func<Tensor, Tensor, Tensor, Tensor> Point, bool Averaged);

/// <summary>Binds a perturbation to w, h, g and where w + u goes.</summary>
internal delegate RandomMapLaunch<PerturbSettings> PerturbFactory(
    Device device, Region weights, Region secondMoment, Region gradient, Region output);
