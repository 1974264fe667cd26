namespace PacGen.Nn;

/// <summary>The mean losses of a look at images, each look in [0, 1].</summary>
/// <param name="ZeroOne">The 0-1 loss.</param>
/// <param name="CrossEntropy">The bounded cross-entropy −log max(p, p_min) / log(1/p_min).</param>
/// <param name="Looks">How many looks.</param>
internal readonly record struct GibbsLosses(double ZeroOne, double CrossEntropy, long Looks)
{
    /// <summary>Looks that were wrong where a reference is right.</summary>
    public long WrongAlone { get; init; }

    /// <summary>Looks that were right where a reference is wrong.</summary>
    public long RightAlone { get; init; }
}
