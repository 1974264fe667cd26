namespace PacGen.Benchmarks.Studies;

/// <summary>A moment of a run whose weights are kept.</summary>
/// <param name="Run">The run's number.</param>
/// <param name="Moment">Its name, such as <c>end</c>.</param>
/// <param name="Epoch">The epoch.</param>
/// <param name="Weights">The file of the weights, relative to the study's folder.</param>
internal sealed record StoredMoment(int Run, string Moment, int Epoch, string Weights);
