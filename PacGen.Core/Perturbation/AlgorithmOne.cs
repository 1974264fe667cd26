using PacGen.Core.Randomness;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>
/// The parameters that Algorithm 1 requires, with its defaults, and the scalars of its steps made of them. Each is checked
/// however the record is made.
/// </summary>
/// <remarks>
/// The listing, line by line: 1 <see cref="Settings"/>; 6 <see cref="Rho"/>; 7 <see cref="NoiseSchedule.Gamma"/>
/// and <see cref="Kappa.Of{T}"/>; 8 <see cref="OptimalSigma"/>; 9 <see cref="UniformNoise"/>; 6 to 10 as they run
/// <see cref="Perturbed{TNoise}"/>; 11 <see cref="SecondMoment"/>; 12 the rules in PacGen.Core/Optimization; 2, 3, 10 and 13 are
/// training's, in PacGen.Nn.
/// </remarks>
public sealed record AlgorithmOne
{
    /// <summary>Algorithm 1's parameters.</summary>
    /// <param name="eta">η.</param>
    /// <param name="gamma">γ of κ.</param>
    /// <param name="beta1">β₁.</param>
    /// <param name="beta2">β₂.</param>
    /// <param name="epsilon">ε of κ.</param>
    /// <param name="biasCorrection">Whether h is divided by 1 − β₁ᵗ.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is out of its range.</exception>
    public AlgorithmOne(
        double eta, double gamma = 0.1, double beta1 = 0.999, double beta2 = 0.1, double epsilon = 1e-5,
        bool biasCorrection = false)
    {
        Eta = eta;
        Neighborhood = new Neighborhood(gamma, epsilon);
        Beta1 = beta1;
        Beta2 = beta2;
        BiasCorrection = biasCorrection;
    }

    /// <summary>
    /// η, above 0: larger means smaller perturbations, and +∞ means none, also where h + ρκ is 0. The paper leaves it to a
    /// validation set.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Neither a number above 0 that single precision can hold nor +∞.</exception>
    public double Eta { get; init => field = SinglePrecision.IsPositive(value) || double.IsPositiveInfinity(value) ? value
        : throw Outside(nameof(Eta), value, "above 0"); }

    /// <summary>γ and ε of κ; line 7 divides γ by log(1 + epoch).</summary>
    public Neighborhood Neighborhood { get; init => field = value ?? throw new ArgumentNullException(nameof(Neighborhood)); }

    /// <summary>β₁: how much of h stays at each step.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not between 0 and 1 in single precision.</exception>
    public double Beta1
    {
        get;
        init => field = SinglePrecision.IsPositive(value) && SinglePrecision.IsBelowOne(value) ? value
            : throw Outside(nameof(Beta1), value, "between 0 and 1");
    }

    /// <summary>β₂: parameters whose |g| reaches it are not perturbed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or NaN.</exception>
    public double Beta2 { get; init => field = value >= 0 ? value : throw Outside(nameof(Beta2), value, "at least 0"); }

    /// <summary>Whether h is divided by 1 − β₁ᵗ; the paper does not.</summary>
    public bool BiasCorrection { get; init; }

    /// <summary>What σ is: line 8's, or a plainer level to compare it with.</summary>
    public SigmaLevel Level { get; init; }

    /// <summary>How κ and σ change over the epochs, of which <see cref="SigmaLevel.Fixed"/> takes no notice.</summary>
    public NoiseSchedule Schedule
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Schedule));
    } = NoiseSchedule.Logarithmic;

    /// <summary>The scalars of a step's perturbation.</summary>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <param name="completedSteps">How many steps are completed; after none, nothing is perturbed.</param>
    /// <param name="stepNorm">‖Δw‖ of the last completed step.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stream">The random stream.</param>
    /// <param name="step">The random step.</param>
    /// <param name="gradientScale">What the last update multiplied the stored gradient by.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The epoch is below 1 or <paramref name="completedSteps"/> negative.
    /// </exception>
    public PerturbSettings Settings(
        int epoch, long completedSteps, double stepNorm, ulong seed, uint stream, uint step, double gradientScale = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epoch, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(completedSteps);
        if (Level == SigmaLevel.Fixed)
        {
            return PerturbSettings.WholeNeighborhood(Neighborhood, seed, stream, step);
        }

        // Whatever h + ρκ is: 0 times an infinite η would be NaN, which line 8 takes for κ.
        if (completedSteps == 0 || (Level == SigmaLevel.Optimal && double.IsPositiveInfinity(Eta)))
        {
            return PerturbSettings.None;
        }

        return new PerturbSettings
        {
            Gamma = (float)Schedule.Gamma(Neighborhood.Gamma, epoch),
            Epsilon = (float)(Schedule.Share(epoch) * Neighborhood.Epsilon),
            CurvatureScale = Level == SigmaLevel.Kappa ? 0f
                : (float)Math.Min(float.MaxValue, Schedule.CurvatureScale(Eta, epoch)),
            RhoScale = (float)Rho.Scale(Beta1, stepNorm, BiasCorrection, completedSteps),
            GradientThreshold = (float)Beta2,
            GradientScale = (float)gradientScale,
            SecondMomentScale = BiasCorrection ? (float)SecondMoment.BiasCorrection(Beta1, completedSteps) : 1f,
            Draw = new PhiloxDraw(seed, stream, step),
        };
    }

    private static ArgumentOutOfRangeException Outside(string name, double value, string range) =>
        new(name, value, $"Algorithm 1's {name} must be {range}{SinglePrecision.Lost(value)}.");
}
