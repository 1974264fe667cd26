using System.Globalization;

namespace PacGen.Nn;

/// <summary>A measure that is one number, with parts by layer or without.</summary>
public sealed record NamedMeasurement : Measurement
{
    /// <summary>The measure's name in <see cref="Measures.All"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Name, value and how far it may be off.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name} {Value:G6}, {Uncertainty}; {Cost}");
}
