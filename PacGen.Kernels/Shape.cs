using System.Collections.Immutable;

namespace PacGen.Kernels;

/// <summary>The extents of a tensor, outermost first; the empty shape is a scalar. Row-major throughout.</summary>
public readonly struct Shape : IEquatable<Shape>
{
    private readonly ImmutableArray<int> extents;

    /// <summary>A shape of the given extents.</summary>
    /// <param name="extents">The extent of each axis, outermost first; none for a scalar.</param>
    /// <exception cref="ArgumentException">An extent is below 1, or there are more than 2⁶³ − 1 elements.</exception>
    public Shape(params ReadOnlySpan<int> extents)
    {
        Int128 count = 1;
        foreach (int extent in extents)
        {
            if (extent < 1)
            {
                throw new ArgumentException(
                    $"A shape's extents are at least 1, but one of ({string.Join(", ", extents.ToArray())}) is {extent}.",
                    nameof(extents));
            }

            count = count > long.MaxValue ? count : count * extent;
        }

        if (count > long.MaxValue)
        {
            throw new ArgumentException(
                $"A shape of ({string.Join(", ", extents.ToArray())}) has more elements than can be counted: make it smaller.",
                nameof(extents));
        }

        this.extents = [.. extents];
    }

    /// <summary>The shape of a scalar: no axes, one element.</summary>
    public static Shape Scalar => new([]);

    /// <summary>The number of axes.</summary>
    public int Rank => extents.IsDefault ? 0 : extents.Length;

    /// <summary>The number of elements: the product of the extents, 1 for a scalar.</summary>
    public long Count
    {
        get
        {
            long count = 1;
            foreach (int extent in AsSpan())
            {
                count *= extent;
            }

            return count;
        }
    }

    /// <summary>The extent of an axis; negative axes count from the last, −1.</summary>
    public int this[int axis] => extents[axis < 0 ? Rank + axis : axis];

    /// <summary>Whether two shapes have the same extents.</summary>
    public static bool operator ==(Shape a, Shape b) => a.Equals(b);

    /// <summary>Whether two shapes differ.</summary>
    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);

    /// <summary>The extents.</summary>
    public ReadOnlySpan<int> AsSpan() => extents.IsDefault ? [] : extents.AsSpan();

    /// <summary>
    /// The shape that two shapes broadcast to: aligned at the last axis, equal extents stay, an extent of 1 stretches.
    /// </summary>
    /// <param name="a">One shape.</param>
    /// <param name="b">The other.</param>
    /// <param name="operation">What the message calls the operation.</param>
    /// <exception cref="ShapeException">Two extents differ and neither is 1.</exception>
    public static Shape Broadcast(Shape a, Shape b, string operation)
    {
        int rank = Math.Max(a.Rank, b.Rank);
        int[] result = new int[rank];
        for (int i = 1; i <= rank; i++)
        {
            int left = i <= a.Rank ? a[-i] : 1, right = i <= b.Rank ? b[-i] : 1;
            if (left != right && left != 1 && right != 1)
            {
                throw new ShapeException(
                    $"{operation}: shapes {a} and {b} do not broadcast: extents {left} and {right} differ and neither is 1.");
            }

            result[rank - i] = Math.Max(left, right);
        }

        return new Shape(result);
    }

    /// <inheritdoc/>
    public bool Equals(Shape other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (int extent in AsSpan())
        {
            hash.Add(extent);
        }

        return hash.ToHashCode();
    }

    /// <summary>(64, 28, 28, 1)</summary>
    public override string ToString() => $"({string.Join(", ", AsSpan().ToArray())})";
}
