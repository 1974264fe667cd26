using PacGen.Core.Perturbation;

namespace PacGen.Nn;

/// <summary>What a session is made with beyond its rule.</summary>
/// <param name="Seed">Decides the perturbations.</param>
/// <param name="Algorithm">Algorithm 1's parameters, or null where nothing is perturbed.</param>
internal sealed record SessionSettings(ulong Seed, AlgorithmOne? Algorithm);
