using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>What a safetensors file says of one of its arrays.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type as the format spells it: F32, F16, BF16, F64, I64 and so on.</param>
/// <param name="Shape">Its extents, outermost first; empty for a single number.</param>
/// <param name="Begin">Where its bytes begin, counted from the end of the header.</param>
/// <param name="End">Where they end.</param>
public sealed record SafetensorInfo(string Name, string Type, IReadOnlyList<long> Shape, long Begin, long End)
{
    /// <summary>Name, type and shape.</summary>
    public override string ToString() => $"{Printable.Name(Name)} {Type} ({string.Join(", ", Shape)})";

    /// <summary>The product of the extents.</summary>
    public long Count => Shape.Aggregate(1L, (product, extent) => product * extent);
}
