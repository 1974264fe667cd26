namespace PacGen.Core.Bounds;

/// <summary>The sums over all parameters that the uniform bounds consist of, at some σ: made in one pass over the parameters, in double or by a device.</summary>
/// <param name="Parameters">m.</param>
/// <param name="Eta">The η that σ* (14) was taken at.</param>
/// <param name="Sharpness">ℳ = Σ(∇ᵢ²L̂/6 + ρ√m κᵢ/18)·σᵢ², the second and third term of (12).</param>
/// <param name="Kl">KL = Σ log(τᵢ/σᵢ) (11).</param>
/// <param name="TauFromWeights">Whether τ was read off the trained weights, so that nothing made of these sums is a bound.</param>
public sealed record UniformBoundSums(long Parameters, double Eta, double Sharpness, double Kl, bool TauFromWeights = false);
