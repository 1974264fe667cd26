using System.Globalization;

namespace PacGen.Nn;

/// <summary>What a measure says of one layer or parameter.</summary>
/// <param name="Name">Its name, such as <c>conv1.weight</c>.</param>
/// <param name="Value">The value, in the unit that the measure's own record says.</param>
public readonly record struct LayerValue(string Name, double Value)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}: {Value:G6}");
}
