using System.Collections.Immutable;

namespace PacGen.Kernels;

/// <summary>A whole number for each axis of a tensor, outermost first; compared by value.</summary>
public readonly struct AxisValues : IEquatable<AxisValues>
{
    private readonly ImmutableArray<int> values;

    /// <summary>The numbers, outermost axis first.</summary>
    /// <param name="values">A number for each axis.</param>
    public AxisValues(params ReadOnlySpan<int> values)
    {
        this.values = [.. values];
    }

    /// <summary>How many axes.</summary>
    public int Rank => values.IsDefault ? 0 : values.Length;

    /// <summary>The number of an axis.</summary>
    public int this[int axis] => values[axis];

    /// <summary>Whether both have the same numbers.</summary>
    public static bool operator ==(AxisValues a, AxisValues b) => a.Equals(b);

    /// <summary>Whether a number differs.</summary>
    public static bool operator !=(AxisValues a, AxisValues b) => !a.Equals(b);

    /// <summary>The same number for each of some axes.</summary>
    /// <param name="rank">How many axes.</param>
    /// <param name="value">The number.</param>
    public static AxisValues Of(int rank, int value)
    {
        int[] all = new int[rank];
        Array.Fill(all, value);
        return new AxisValues(all);
    }

    /// <summary>The numbers, one of them replaced.</summary>
    /// <param name="axis">The axis whose number is replaced.</param>
    /// <param name="value">What it becomes.</param>
    public AxisValues With(int axis, int value)
    {
        int[] all = AsSpan().ToArray();
        all[axis] = value;
        return new AxisValues(all);
    }

    /// <summary>The numbers with the opposite signs.</summary>
    public AxisValues Negated() => new(Array.ConvertAll(AsSpan().ToArray(), value => -value));

    /// <summary>The numbers.</summary>
    public ReadOnlySpan<int> AsSpan() => values.IsDefault ? [] : values.AsSpan();

    /// <inheritdoc/>
    public bool Equals(AxisValues other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is AxisValues other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (int value in AsSpan())
        {
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    /// <summary>(0, 2, 1)</summary>
    public override string ToString() => $"({string.Join(", ", AsSpan().ToArray())})";
}
