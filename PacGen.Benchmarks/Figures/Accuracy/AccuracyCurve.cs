using PacGen.Benchmarks.Runs;

namespace PacGen.Benchmarks.Figures.Accuracy;

/// <summary>The epochs of one run of Figure 7.</summary>
/// <param name="Arm">How it was trained.</param>
/// <param name="Seed">From which first weights and in which order of images.</param>
/// <param name="Record">What became of it.</param>
internal sealed record AccuracyCurve(AccuracyArm Arm, ulong Seed, RunRecord Record);
