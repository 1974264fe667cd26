using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Nn;

/// <summary>How <see cref="ExpectedLossSampler"/> perturbs and averages.</summary>
public sealed record ExpectedLossOptions
{
    private static readonly Requirement Require = Requirements.Of("Expected loss");

    /// <summary>
    /// The level σ of every weight, or what each weight's own level is multiplied by; null for 0.05, or for 1 where
    /// <see cref="Levels"/> are given.
    /// </summary>
    public double? Sigma { get; init; }

    /// <summary>
    /// Each weight's own level, in the arena's order, which <see cref="Sigma"/> multiplies; null where that is the level of all.
    /// </summary>
    public IReadOnlyList<float>? Levels { get; init; }

    /// <summary>
    /// γ and ε of κ = γ|w| + ε, the limit that a truncated perturbation keeps (Definition 4); null for no limit.
    /// </summary>
    public Neighborhood? Neighborhood { get; init; }

    /// <summary>N, how many independent perturbations; twice as many passes where they are antithetic.</summary>
    public int Draws { get; init; } = 100;

    /// <summary>
    /// Whether each u comes with −u, the mean of both counting as one draw: less variance where L̂ is nearly linear over u.
    /// </summary>
    public bool Antithetic { get; init; }

    /// <summary>p_min of the bounded cross-entropy.</summary>
    public double SmallestProbability { get; init; } = 1e-4;

    /// <summary>Decides the perturbations.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The σ that counts.</summary>
    internal double Level => Sigma ?? (Levels is null ? 0.05 : 1);

    internal void Validate()
    {
        Require(SinglePrecision.IsNotNegative(Level), $"σ is {Level}, but must not be negative{SinglePrecision.Lost(Level)}");
        Require(Draws >= 1, $"the number of draws is {Draws}, but must be at least 1");
        Require(SmallestProbability is > 0 and < 1, $"p_min is {SmallestProbability}, but must be in (0, 1)");
    }
}
