using System.Text.Json.Serialization;

namespace PacGen.Nn;

/// <summary>
/// What a measure found out about a network: the value, how far it may be off, and what it cost. Each measure's own record says
/// more.
/// </summary>
public abstract record Measurement
{
    /// <summary>The value, in the measure's own unit.</summary>
    public required double Value { get; init; }

    /// <summary>Between which numbers the quantity lies, and in what sense.</summary>
    public required Uncertainty Uncertainty { get; init; }

    /// <summary>What it took, in passes over the subject's images.</summary>
    public required PassCost Cost { get; init; }

    /// <summary>Each layer's or parameter's part, in the network's order; empty where there are none.</summary>
    [JsonIgnore]
    public IReadOnlyList<LayerValue> Layers { get; init; } = [];
}
