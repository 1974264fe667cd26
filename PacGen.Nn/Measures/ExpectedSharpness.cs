using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// Expected sharpness (3) (Neyshabur et al. 2017): 𝔼_{u ~ N(0, σ²)ᵐ} L̂(w + u) − L̂(w), about ½σ² tr ∇²L̂ for a small σ.
/// </summary>
public sealed record ExpectedSharpness : Measurement
{
    /// <summary>L̂(w), exact.</summary>
    public required double Loss { get; init; }

    /// <summary>𝔼 L̂(w + u), whose standard error is the sharpness's.</summary>
    public required ExpectedLoss Expected { get; init; }

    /// <summary>σ.</summary>
    public double Sigma => Expected.Options.Level;

    /// <summary>The standard error over the draws of u.</summary>
    public double StandardError => Expected.Loss.StandardError;

    /// <summary>The value with its standard error.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"expected sharpness (3) {Value:G5} ± {StandardError:G2}: σ = {Sigma}, {Expected.Loss.Draws} draws, loss {Loss:G6} at " +
            $"the weights");
}
