namespace PacGen.Nn;

/// <summary>How <see cref="HutchPlusPlus"/> spends its products.</summary>
public sealed record HutchPlusPlusOptions
{
    /// <summary>Whose trace.</summary>
    public CurvatureMatrix Matrix { get; init; }

    /// <summary>
    /// How many products, at least 3: a third finds the directions of the largest eigenvalues, a third takes the trace there
    /// exactly, and a third estimates the rest. A third as many vectors of m numbers are kept.
    /// </summary>
    public int Products { get; init; } = 48;

    /// <summary>Draws the vectors.</summary>
    public ulong Seed { get; init; } = 1;

    /// <exception cref="ArgumentException">There are too few products.</exception>
    internal void Validate()
    {
        if (Products < 3)
        {
            throw new ArgumentException($"Hutch++: the number of products is {Products}, but must be at least 3.");
        }
    }
}
