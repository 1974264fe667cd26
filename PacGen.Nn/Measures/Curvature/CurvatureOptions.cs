namespace PacGen.Nn;

/// <summary>What measures of curvature have alike: whose, and the seed of their random vectors.</summary>
public abstract record CurvatureOptions
{
    private protected CurvatureOptions()
    {
    }

    /// <summary>Whose curvature.</summary>
    public CurvatureMatrix Matrix { get; init; }

    /// <summary>Draws the random vectors.</summary>
    public ulong Seed { get; init; } = 1;
}
