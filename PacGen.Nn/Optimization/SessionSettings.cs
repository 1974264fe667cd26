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

    /// <summary>Where a step's second gradient is taken, from w and the first; null where there is none.</summary>
    public Func<Tensor, Tensor, Tensor>? Ascent { get; init; }
}

/// <summary>Binds a perturbation to w, h, g and where w + u goes.</summary>
internal delegate RandomMapLaunch<PerturbSettings> PerturbFactory(
    Device device, Region weights, Region secondMoment, Region gradient, Region output);
