namespace PacGen.Nn;

/// <summary>From which images <see cref="GradientNoise"/> and <see cref="FisherRaoNorm"/> take gradients, one by one.</summary>
public sealed record ImageGradientOptions
{
    /// <summary>How many images at most, 0 for all.</summary>
    public int Images { get; init; } = 1000;

    /// <summary>Chooses them.</summary>
    public ulong Seed { get; init; } = 1;

    internal void Validate() => ArgumentOutOfRangeException.ThrowIfNegative(Images);
}
