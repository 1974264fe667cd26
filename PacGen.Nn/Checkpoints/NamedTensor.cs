using PacGen.Core.Text;

namespace PacGen.Nn.Checkpoints;

/// <summary>An array to write: its name, shape and values.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Shape">Its extents, outermost first; empty for a single number.</param>
/// <param name="Values">Its elements in row-major order, as many as the product of the extents.</param>
public sealed record NamedTensor(string Name, IReadOnlyList<long> Shape, ReadOnlyMemory<float> Values)
{
    /// <summary>Name and shape.</summary>
    public override string ToString() => $"{Printable.Name(Name)} ({string.Join(", ", Shape)})";
}
