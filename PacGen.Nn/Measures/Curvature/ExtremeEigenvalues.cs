using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// The ends of the spectrum of ∇²L̂, or of another curvature matrix, by Lanczos's method; the value is λ_max, that of (8) and
/// Lemma 9.
/// </summary>
public sealed record ExtremeEigenvalues : Measurement
{
    /// <summary>λ_max: a Rayleigh quotient, never above it but for rounding.</summary>
    public double Largest => Value;

    /// <summary>
    /// ‖∇²L̂v − θv‖ and the rounding of single precision: an eigenvalue lies within it of <see cref="Largest"/>.
    /// </summary>
    public required double LargestResidual { get; init; }

    /// <summary>λ_min: a Rayleigh quotient, never below it but for rounding.</summary>
    public required double Smallest { get; init; }

    /// <summary>An eigenvalue lies within it of <see cref="Smallest"/>.</summary>
    public required double SmallestResidual { get; init; }

    /// <summary>Whose eigenvalues they are.</summary>
    public CurvatureMatrix Matrix { get; init; }

    /// <summary>How many products it took.</summary>
    public required int Products { get; init; }

    /// <summary>
    /// Whether the residual of λ_max is at most the tolerance's share of |λ_max| and two more products moved it by no more, or
    /// the products span an invariant subspace. The residual never is where λ_max is 0, or lost in rounding beside a far larger
    /// magnitude at the other end; it says within what λ_max is known.
    /// </summary>
    public required bool Converged { get; init; }

    /// <summary>The same of λ_min, for which no product is spent.</summary>
    public required bool SmallestConverged { get; init; }

    /// <summary>Both ends with their residuals.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"λ_max {Largest:G6} (residual {LargestResidual:G2}{(Converged ? "" : ", not converged")}), λ_min {Smallest:G6} " +
            $"(residual {SmallestResidual:G2}{(SmallestConverged ? "" : ", not converged")}); {Products} products");
}
