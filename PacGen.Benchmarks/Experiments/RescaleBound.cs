namespace PacGen.Benchmarks.Experiments;

/// <summary>The right-hand side of a lemma at one α.</summary>
/// <param name="Value">With the median ρ.</param>
/// <param name="Sampled">With the sampled ρ.</param>
/// <param name="Kl">Its KL, with the median ρ.</param>
internal readonly record struct RescaleBound(double Value, double Sampled, double Kl);
