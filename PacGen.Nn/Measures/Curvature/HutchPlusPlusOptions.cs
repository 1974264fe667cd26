namespace PacGen.Nn;

/// <summary>How <see cref="HutchPlusPlus"/> spends its products.</summary>
public sealed record HutchPlusPlusOptions : CurvatureOptions
{
    private static readonly Requirement Require = Requirements.Of("Hutch++");

    /// <summary>
    /// How many products, at least 3: a third finds the directions of the largest eigenvalues, a third takes the trace there
    /// exactly, and a third estimates the rest. A third as many vectors of m numbers are kept.
    /// </summary>
    public int Products { get; init; } = 48;

    /// <exception cref="ArgumentException">There are too few products.</exception>
    internal void Validate() => Require(Products >= 3, $"the number of products is {Products}, but must be at least 3");
}
