namespace PacGen.Nn;

/// <summary>How <see cref="NormalizedSharpness"/> takes the curvature.</summary>
public sealed record NormalizedSharpnessOptions
{
    /// <summary>From how many images at most, 0 for all; each takes a gradient for each class.</summary>
    public int Images { get; init; } = 200;

    /// <summary>Chooses them.</summary>
    public ulong Seed { get; init; } = 1;

    internal void Validate() => ArgumentOutOfRangeException.ThrowIfNegative(Images);
}
