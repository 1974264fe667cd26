namespace PacGen.Nn;

/// <summary>How <see cref="FlatnessSearch"/> perturbs and what it makes of the level that it finds.</summary>
public sealed record FlatnessOptions
{
    /// <summary>The loss of training accuracy at which the level is taken, in (0, 1).</summary>
    public double Deviation { get; init; } = 0.1;

    /// <summary>Whether the perturbation is the worst in a box of half width σ, instead of Gaussian of deviation σ.</summary>
    public bool WorstCase { get; init; }

    /// <summary>
    /// Whether a weight's perturbation goes with its magnitude: variance σ²w² + ε², or half width σ|w| + ε in a box.
    /// </summary>
    public bool MagnitudeAware { get; init; }

    /// <summary>ε of the magnitude-aware forms.</summary>
    public double Epsilon { get; init; } = 1e-3;

    /// <summary>Where the prior is centred; without it the value is 1/σ².</summary>
    public FlatnessReference Reference { get; init; }

    /// <summary>
    /// How many Gaussian perturbations a level's accuracy is the mean over; the same directions at every level.
    /// </summary>
    public int Draws { get; init; } = 10;

    /// <summary>How many gradients look for the worst point of a box.</summary>
    public int AscentSteps { get; init; } = 5;

    /// <summary>How near the two ends of the interval that encloses the level come, as a share of it.</summary>
    public double Precision { get; init; } = 0.02;

    /// <summary>Decides the perturbations.</summary>
    public ulong Seed { get; init; } = 1;

    internal void Validate()
    {
        Requirement require = Requirements.Of("Flatness");
        require(Deviation is > 0 and < 1, $"the loss of accuracy is {Deviation}, but must lie in (0, 1)");
        require(Epsilon is > 0 and < double.PositiveInfinity, $"ε is {Epsilon}, but must be positive and finite");
        require(Draws >= 1, $"the number of draws is {Draws}, but must be at least 1");
        require(AscentSteps >= 1, $"the number of ascent steps is {AscentSteps}, but must be at least 1");
        require(Precision is > 1e-9 and < 1, $"the precision is {Precision}, but must lie between 10⁻⁹ and 1");
    }
}
