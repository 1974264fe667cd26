using PacGen.Core.Bounds;

namespace PacGen.Benchmarks.Figures;

/// <summary>
/// Figure 2's loss of one weight, L̂(w) = L₀ + A(1 − e^(−aw²/2A)): in [0, 1], with its minimum L₀ and the curvature a at w = 0.
/// All that Lemma 5 asks of it has a closed form.
/// </summary>
/// <param name="Curvature">a = ∇²L̂(0), above 0.</param>
internal sealed record GaussianWell(double Curvature)
{
    /// <summary>L₀, the least loss.</summary>
    public const double Least = 0.1;

    /// <summary>A, how far the loss rises above it.</summary>
    public const double Depth = 0.8;

    /// <summary>L̂(w).</summary>
    public double Loss(double w) => Least + (Depth * -double.ExpM1(-Curvature * w * w / (2 * Depth)));

    /// <summary>𝔼L̂(u) for u ~ U(−σ, σ), exactly: L₀ + A(1 − √π·erf(s)/2s) with s = σ√(a/2A).</summary>
    public double Expected(double sigma)
    {
        double s = sigma * Math.Sqrt(Curvature / (2 * Depth));
        return Least + (Depth * (1 - (Math.Sqrt(Math.PI) * MathNet.Numerics.SpecialFunctions.Erf(s) / (2 * s))));
    }

    /// <summary>
    /// ρ, the largest |L̂‴| within ±σ, exactly: L̂‴(w) = ab(bw³ − 3w)e^(−bw²/2) with b = a/A grows to the root of bw² = 3 − √6
    /// and is nowhere larger.
    /// </summary>
    public double Rho(double sigma)
    {
        double b = Curvature / Depth, w = Math.Min(sigma, Math.Sqrt((3 - Math.Sqrt(6)) / b));
        return Curvature * b * Math.Abs((b * w * w * w) - (3 * w)) * Math.Exp(-b * w * w / 2);
    }

    /// <summary>ℳ (9) for u ~ U(−σ, σ): 𝔼u² = σ²/3, 𝔼|u|³ = σ³/4.</summary>
    public double Sharpness(double sigma) =>
        PerturbationBound.Sharpness<double>([Curvature], [sigma * sigma / 3], Rho(sigma), sigma * sigma * sigma / 4);

}
