using System.Globalization;

namespace PacGen.Nn;

/// <summary>The ends of the spectrum of ∇²L̂ by Lanczos's method; the value is λ_max of (8) and Lemma 9.</summary>
public sealed record ExtremeEigenvalues : Measurement
{
    /// <summary>λ_max: a Rayleigh quotient, never above it but for rounding.</summary>
    public double Largest => Value;

    /// <summary>‖∇²L̂v − θv‖: an eigenvalue lies within it of <see cref="Largest"/>.</summary>
    public required double LargestResidual { get; init; }

    /// <summary>λ_min: a Rayleigh quotient, never below it but for rounding.</summary>
    public required double Smallest { get; init; }

    /// <summary>An eigenvalue lies within it of <see cref="Smallest"/>.</summary>
    public required double SmallestResidual { get; init; }

    /// <summary>How many Hessian-vector products it took.</summary>
    public required int Products { get; init; }

    /// <summary>Whether the residual of λ_max came below the tolerance.</summary>
    public required bool Converged { get; init; }

    /// <summary>Both ends with their residuals.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"λ_max {Largest:G6} (residual {LargestResidual:G2}{(Converged ? "" : ", not converged")}), λ_min {Smallest:G6} (residual {SmallestResidual:G2}); {Products} products");
}
