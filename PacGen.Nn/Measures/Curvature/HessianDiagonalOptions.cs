namespace PacGen.Nn;

/// <summary>How <see cref="HessianDiagonalEstimator"/> goes about it.</summary>
public sealed record HessianDiagonalOptions : CurvatureOptions
{
    private static readonly Requirement Require = Requirements.Of("Hessian diagonal");

    /// <summary>Up to so many parameters each entry is computed exactly, a product each; beyond, all are estimated.</summary>
    public int LargestExact { get; init; } = 2000;

    /// <summary>
    /// Hutchinson's draws for the diagonal of a larger network; for the Gauss–Newton matrix of the cross-entropy and the
    /// empirical Fisher matrix, passes of squared random roots, of which one gives a square for each
    /// <see cref="RootBatchSize"/> images: 1 does.
    /// </summary>
    public int Draws { get; init; } = 100;

    /// <summary>The images whose random root is squared at once: fewer give more squares, and take longer.</summary>
    public int RootBatchSize { get; init; } = 16;

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate()
    {
        Require(Draws >= 1, $"the number of draws is {Draws}, but must be at least 1");
        Require(RootBatchSize >= 1, $"the batch size is {RootBatchSize}, but must be at least 1");
        Require(LargestExact >= 0, $"the largest size computed exactly is {LargestExact}, but must not be negative");
    }
}
