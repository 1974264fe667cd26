using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>What a run of one seed gave.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Epochs">Its epochs, in order.</param>
internal sealed record SeedRun(ulong Seed, IReadOnlyList<EpochResult> Epochs);
