using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>What a compressed network is looked for among; nothing of it has to be paid for but the message's bits.</summary>
public sealed record CompressionOptions
{
    private static readonly Requirement Require = Requirements.Of("Certify");

    /// <summary>
    /// The d that are tried: how many numbers move the weights. One that is above the number of weights counts as that; w₀
    /// itself, d = 0, is always among them.
    /// </summary>
    public IReadOnlyList<int> Dimensions { get; init; } = [16, 128, 1024];

    /// <summary>The K that are tried, even levels and a codebook of each.</summary>
    public IReadOnlyList<int> Levels { get; init; } = [3, 7, 15];

    /// <summary>
    /// How many times the training of each d sees all training images, of a network of one's own the held-out ones.
    /// </summary>
    public int Epochs { get; init; } = 3;

    /// <summary>
    /// How many times a second training sees them, once for each d and K, in which each pass runs on the quantised numbers, and
    /// its gradient moves those that they are rounded from (a straight-through gradient); 0 for none. What it makes is tried
    /// besides.
    /// </summary>
    public int TuningEpochs { get; init; }

    /// <summary>The rule that trains the d numbers, along a cosine down to 0; Adam at 10⁻³ without it.</summary>
    public Optimizer? Optimizer { get; init; }

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate()
    {
        Require(
            Dimensions is { Count: >= 1 } && Dimensions.All(one => one >= 1),
            "the dimensions of compressed networks must be at least one, each at least 1");
        Require(
            Levels is { Count: >= 1 } && Levels.All(one => one is >= 2 and <= 1024),
            "the levels of compressed networks must be at least one, each between 2 and 1,024");
        Require(TuningEpochs >= 0, $"the epochs of tuning quantised networks are {TuningEpochs}, but must not be negative");
        Require(
            Optimizer is not { LearnsPosterior: true },
            $"{Optimizer} learns a posterior of its own: train compressed networks by Adam or SGD");
        Require(Epochs >= 1, $"the epochs of compressed networks are {Epochs}, but must be at least 1");
    }
}
