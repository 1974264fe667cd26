using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// What random products ∇²L̂v with v of ±1 tell of the Hessian, or of another curvature matrix (Hutchinson): each is unbiased.
/// The value is the trace, <see cref="Measurement.Layers"/> its part in each layer's weights.
/// </summary>
public sealed record HessianMoments : Measurement
{
    /// <summary>tr ∇²L̂ = 𝔼 vᵀ∇²L̂v.</summary>
    public required MeanEstimate Trace { get; init; }

    /// <summary>‖∇²L̂‖_F² = 𝔼‖∇²L̂v‖².</summary>
    public required MeanEstimate SquaredFrobenius { get; init; }

    /// <summary>Whose they are.</summary>
    public CurvatureMatrix Matrix { get; init; }

    /// <summary>The diagonal, mean of v ⊙ ∇²L̂v, in the arena's order.</summary>
    public required IReadOnlyList<double> Diagonal { get; init; }

    /// <summary>Trace and Frobenius norm with their standard errors.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"trace {Trace.Value:G6} ± {Trace.StandardError:G2}, ‖∇²L̂‖_F² {SquaredFrobenius.Value:G6} ± " +
            $"{SquaredFrobenius.StandardError:G2}; {Trace.Draws} draws");
}
