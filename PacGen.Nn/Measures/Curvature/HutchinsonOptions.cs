namespace PacGen.Nn;

/// <summary>How <see cref="Hutchinson"/> draws.</summary>
public sealed record HutchinsonOptions : CurvatureOptions
{
    private static readonly Requirement Require = Requirements.Of("Hutchinson");

    /// <summary>How many products; the errors fall as 1/√draws.</summary>
    public int Draws { get; init; } = 50;

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate() => Require(Draws >= 1, $"the number of draws is {Draws}, but must be at least 1");
}
