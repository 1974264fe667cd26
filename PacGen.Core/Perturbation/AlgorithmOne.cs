namespace PacGen.Core.Perturbation;

/// <summary>The parameters that Algorithm 1 requires, with its defaults, and the scalars of its steps made of them.</summary>
/// <param name="Eta">η, above 0: larger means smaller perturbations. The paper leaves it to a validation set.</param>
/// <param name="Gamma">γ: κ's part that is relative to |w|.</param>
/// <param name="Beta1">β₁: how much of h stays at each step.</param>
/// <param name="Beta2">β₂: parameters whose |g| reaches it are not perturbed.</param>
/// <param name="Epsilon">ε: κ's constant part.</param>
/// <param name="BiasCorrection">Whether h is divided by 1 − β₁ᵗ; the paper does not.</param>
public sealed record AlgorithmOne(
    double Eta,
    double Gamma = 0.1,
    double Beta1 = 0.999,
    double Beta2 = 0.1,
    double Epsilon = 1e-5,
    bool BiasCorrection = false)
{
    /// <summary>η.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a number above 0.</exception>
    public double Eta { get; init; } = Eta > 0 ? Eta : throw Outside(nameof(Eta), Eta, "above 0");

    /// <summary>γ.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or NaN.</exception>
    public double Gamma { get; init; } = Gamma >= 0 ? Gamma : throw Outside(nameof(Gamma), Gamma, "at least 0");

    /// <summary>β₁.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not between 0 and 1.</exception>
    public double Beta1 { get; init; } = Beta1 is > 0 and < 1 ? Beta1 : throw Outside(nameof(Beta1), Beta1, "between 0 and 1");

    /// <summary>β₂.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or NaN.</exception>
    public double Beta2 { get; init; } = Beta2 >= 0 ? Beta2 : throw Outside(nameof(Beta2), Beta2, "at least 0");

    /// <summary>ε.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or NaN.</exception>
    public double Epsilon { get; init; } = Epsilon >= 0 ? Epsilon : throw Outside(nameof(Epsilon), Epsilon, "at least 0");

    /// <summary>The scalars of a step's perturbation.</summary>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <param name="completedSteps">How many steps are completed; after none, nothing is perturbed.</param>
    /// <param name="stepNorm">‖Δw‖ of the last completed step.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stream">The random stream.</param>
    /// <param name="step">The random step.</param>
    /// <param name="gradientScale">What the last update multiplied the stored gradient by.</param>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is below 1 or <paramref name="completedSteps"/> negative.</exception>
    public PerturbSettings Settings(
        int epoch, long completedSteps, double stepNorm, ulong seed, uint stream, uint step, double gradientScale = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epoch, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(completedSteps);
        if (completedSteps == 0)
        {
            return PerturbSettings.None;
        }

        return new PerturbSettings
        {
            Gamma = (float)Kappa.ScheduledGamma(Gamma, epoch),
            Epsilon = (float)Epsilon,
            CurvatureScale = (float)OptimalSigma.CurvatureScale(Eta, epoch),
            RhoScale = (float)HessianLipschitz.Scale(Beta1, stepNorm, BiasCorrection, completedSteps),
            GradientThreshold = (float)Beta2,
            GradientScale = (float)gradientScale,
            SecondMomentScale = BiasCorrection ? (float)SecondMoment.BiasCorrection(Beta1, completedSteps) : 1f,
            Key0 = (uint)seed,
            Key1 = (uint)(seed >> 32),
            Stream = stream,
            Step = step,
        };
    }

    private static ArgumentOutOfRangeException Outside(string name, double value, string range) =>
        new(name, value, $"Algorithm 1's {name} must be {range}.");
}
