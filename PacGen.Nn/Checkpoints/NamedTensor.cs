using System.Globalization;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>An array to write: its name, shape and values.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Shape">Its extents, outermost first; empty for a single number.</param>
/// <param name="Values">Its elements in row-major order, as many as the product of the extents.</param>
public sealed record NamedTensor(string Name, IReadOnlyList<long> Shape, ReadOnlyMemory<float> Values)
{
    /// <summary>Name and shape.</summary>
    public override string ToString() => $"{Printable.Name(Name)} ({string.Join(", ", Shape)})";

    /// <summary>
    /// The same array, where each value is a number: what readers of weights ask, so writers of weights do too.
    /// </summary>
    /// <exception cref="CheckpointException">A value is infinite or NaN: the message names the array and the element.</exception>
    public NamedTensor RequireFinite()
    {
        RequireFinite(Name, Values.Span);
        return this;
    }

    internal static void RequireFinite(string name, ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw NotFinite(name, i, values[i]);
            }
        }
    }

    internal static CheckpointException NotFinite(string name, int place, double value) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{name} can't be used: its element {place} is {value}, which is no finite number in single precision. Weights must be " +
            $"finite."));
}
