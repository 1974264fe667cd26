namespace PacGen.Nn;

/// <summary>How <see cref="HessianDiagonalEstimator"/> goes about it.</summary>
public sealed record HessianDiagonalOptions
{
    /// <summary>Up to so many parameters each entry is computed exactly, a product each; beyond, all are estimated.</summary>
    public int LargestExact { get; init; } = 2000;

    /// <summary>Hutchinson's draws for the diagonal of a larger network.</summary>
    public int Draws { get; init; } = 100;

    /// <summary>Draws the vectors.</summary>
    public ulong Seed { get; init; } = 1;

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate()
    {
        if (Draws < 1 || LargestExact < 0)
        {
            throw new ArgumentException(
                $"Hessian diagonal: {(Draws < 1 ? $"the number of draws is {Draws}, but must be at least 1"
                    : $"the largest size computed exactly is {LargestExact}, but must not be negative")}.");
        }
    }
}
