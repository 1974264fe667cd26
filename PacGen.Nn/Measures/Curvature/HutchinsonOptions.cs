namespace PacGen.Nn;

/// <summary>How <see cref="Hutchinson"/> draws.</summary>
public sealed record HutchinsonOptions
{
    /// <summary>Whose trace, norm and diagonal.</summary>
    public CurvatureMatrix Matrix { get; init; }

    /// <summary>How many products; the errors fall as 1/√draws.</summary>
    public int Draws { get; init; } = 50;

    /// <summary>Draws the vectors.</summary>
    public ulong Seed { get; init; } = 1;

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate()
    {
        if (Draws < 1)
        {
            throw new ArgumentException($"Hutchinson: the number of draws is {Draws}, but must be at least 1.");
        }
    }
}
