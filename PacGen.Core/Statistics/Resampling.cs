namespace PacGen.Core.Statistics;

/// <summary>What a bootstrap draws anew.</summary>
public enum Resampling
{
    /// <summary>
    /// The members of each group, from that group: the groups stay. For networks grouped by their settings: what other seeds
    /// might have given at the same settings.
    /// </summary>
    Members,

    /// <summary>Whole groups, each with all its members: what other settings might have given.</summary>
    Groups,
}
