namespace PacGen.Benchmarks.Figures.Gap;

/// <summary>A number at an epoch over the networks of one setting.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="Mean">The mean over seeds.</param>
/// <param name="Low">The smallest.</param>
/// <param name="High">The largest.</param>
internal readonly record struct GapPoint(int Epoch, double Mean, double Low, double High);
