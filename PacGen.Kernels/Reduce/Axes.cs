namespace PacGen.Kernels;

/// <summary>A set of axes of a tensor, compared by value.</summary>
public readonly record struct Axes
{
    private const int Most = 32;
    private readonly uint members;

    /// <summary>The given axes, in any order; 0 is the outermost.</summary>
    /// <param name="axes">The axes.</param>
    /// <exception cref="ArgumentOutOfRangeException">An axis is negative or above 31.</exception>
    public Axes(params ReadOnlySpan<int> axes)
    {
        foreach (int axis in axes)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(axis, nameof(axes));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(axis, Most, nameof(axes));
            members |= 1u << axis;
        }
    }

    private Axes(uint members) => this.members = members;

    /// <summary>The number of axes that a tensor must have to have these: the largest plus 1.</summary>
    public int Rank => Most - int.LeadingZeroCount((int)members);

    /// <summary>All axes of a tensor.</summary>
    /// <param name="rank">How many axes the tensor has, 0 to 32.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rank"/> is negative or above 32.</exception>
    public static Axes All(int rank)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, Most);
        return new((uint)((1ul << rank) - 1));
    }

    /// <summary>Whether an axis is in the set.</summary>
    /// <param name="axis">The axis.</param>
    public bool Contains(int axis) => axis is >= 0 and < Most && (members >> axis & 1) != 0;

    /// <summary>(0, 2)</summary>
    public override string ToString()
    {
        Axes self = this;
        return $"({string.Join(", ", Enumerable.Range(0, Rank).Where(axis => self.Contains(axis)))})";
    }
}
