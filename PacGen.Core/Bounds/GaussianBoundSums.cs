namespace PacGen.Core.Bounds;

/// <summary>The sums over all parameters that the truncated Gaussian's bounds consist of, at some σ: made in one pass over the parameters, in double or by a device.</summary>
/// <param name="Parameters">m.</param>
/// <param name="Eta">The η that σ* was taken at.</param>
/// <param name="Sharpness">ℳ = Σ(∇ᵢ²L̂/2 + ρ√m κᵢ/6)·𝔼ũᵢ².</param>
/// <param name="Kl">KL(w + ũ ‖ N(0, τI)), in closed form.</param>
public sealed record GaussianBoundSums(long Parameters, double Eta, double Sharpness, double Kl);
