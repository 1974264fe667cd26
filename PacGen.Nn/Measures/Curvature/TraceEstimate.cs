using System.Globalization;

namespace PacGen.Nn;

/// <summary>The trace of a curvature matrix by <see cref="HutchPlusPlus"/>; the value.</summary>
public sealed record TraceEstimate : Measurement
{
    /// <summary>Whose trace it is.</summary>
    public required CurvatureMatrix Matrix { get; init; }

    /// <summary>How many directions were taken exactly.</summary>
    public required int Directions { get; init; }

    /// <summary>The trace in these directions, but for rounding.</summary>
    public required double Inside { get; init; }

    /// <summary>The estimate of the rest, with its standard error.</summary>
    public required MeanEstimate Outside { get; init; }

    /// <summary>The trace and its parts.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"trace {Value:G6} ± {Outside.StandardError:G2}: {Inside:G6} in {Directions} directions, {Outside.Value:G4} in the " +
            $"rest; {Cost}");
}
