using System.Globalization;

namespace PacGen.Core.Bounds;

/// <summary>A summand, or a part, of a bound.</summary>
/// <param name="Name">What it is, in the paper's symbols: "KL/η", "½Σ∇ᵢ²L̂·E[uᵢ²]".</param>
/// <param name="Value">Its value.</param>
public readonly record struct BoundTerm(string Name, double Value)
{
    /// <summary>Name and value.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} = {Value:G6}");
}
