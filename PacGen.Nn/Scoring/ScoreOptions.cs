namespace PacGen.Nn;

/// <summary>How Ψ (24) is computed.</summary>
public sealed record ScoreOptions
{
    /// <summary>γ of κ = γ|w| + ε (Definition 4). The paper's figures 3 to 6 use 0.1.</summary>
    public double Gamma { get; init; } = 0.1;

    /// <summary>ε of κ = γ|w| + ε (Definition 4). The paper's figures 3 to 6 use 0.1.</summary>
    public double Epsilon { get; init; } = 0.1;

    /// <summary>How ρ(w*) is estimated.</summary>
    public RhoEstimator Rho { get; init; } = RhoEstimator.Median;

    /// <summary>Where h comes from.</summary>
    public CurvatureSource Curvature { get; init; } = CurvatureSource.Pass;

    /// <summary>Images in each mini-batch whose gradient is squared: h depends on it, since a mean over more images is smaller.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>How many training images the passes see, or 0 for all; in whole batches, drawn by the seed, the same for w and every w + u.</summary>
    public int Images { get; init; }

    /// <summary>How many perturbations u are drawn; the score is the mean over them, and their spread is reported.</summary>
    public int Draws { get; init; } = 3;

    /// <summary>Decides which images and perturbations are drawn.</summary>
    public ulong Seed { get; init; } = 1;

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal void Validate(int available)
    {
        Require(Gamma is >= 0 and < double.PositiveInfinity, $"γ is {Gamma}, but must not be negative");
        Require(Epsilon is >= 1e-37 and < double.PositiveInfinity, $"ε is {Epsilon}, but must be at least 1e-37: a zero weight needs a neighbourhood, and Ψ divides by it");
        Require(Draws >= 1, $"the number of draws is {Draws}, but must be at least 1");
        Require(Images >= 0 && Images <= available, $"{Images} images are to be scored on, but there are {available}");
        Require(BatchSize >= 1 && BatchSize <= (Images == 0 ? available : Images), $"the batch size is {BatchSize}, but must be between 1 and the {(Images == 0 ? available : Images)} images");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException($"Score: {message}.");
        }
    }
}
