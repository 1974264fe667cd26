using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary>A measure at a moment of a run, or one layer's part of it.</summary>
/// <param name="Run">The run's number.</param>
/// <param name="Moment">The moment.</param>
/// <param name="Name">The measure.</param>
/// <param name="Layer">The layer; "" for the network.</param>
/// <param name="Value">The value; NaN where there is none.</param>
internal sealed record StoredMeasure(int Run, string Moment, string Name, string Layer, double Value)
{
    /// <summary>The lower end of its uncertainty.</summary>
    public double Low { get; init; } = double.NaN;

    /// <summary>The upper end of its uncertainty.</summary>
    public double High { get; init; } = double.NaN;

    /// <summary>In what sense it lies between them.</summary>
    public string? Meaning { get; init; }

    /// <summary>Why there is no value, or null.</summary>
    public string? Obstacle { get; init; }

    /// <summary>The time that it took; 0 for a layer.</summary>
    public double Seconds { get; init; }

    /// <summary>The passes that it took; 0 for a layer.</summary>
    public PassCost Cost { get; init; }
}
