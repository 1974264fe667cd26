using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// How the weights are updated from gradients: settings. <see cref="Attach"/> makes the state for one model. One of your own
/// derives from <see cref="Optimizer{TRule}"/>.
/// </summary>
public abstract record Optimizer
{
    private protected Optimizer(double learningRate) => LearningRate = Positive(learningRate, "learning rate");

    /// <summary>The learning rate that a schedule multiplies.</summary>
    public double LearningRate { get; }

    /// <summary>
    /// Whether training passes run at other weights than w, so that what they tell of activations is not what w has.
    /// </summary>
    internal virtual bool PassesElsewhere => false;

    /// <summary>Whether it says itself where a step's gradient is taken, so that nothing else may.</summary>
    internal virtual bool ChoosesPoint => PassesElsewhere;

    /// <summary>Whether it learns a posterior of the weights, and takes each step's gradient at a sample of it.</summary>
    internal virtual bool LearnsPosterior => false;

    /// <summary>The optimizer for a run on so many training examples, where it depends on that.</summary>
    internal virtual Optimizer For(int examples) => this;

    /// <summary>Makes the state of this optimizer for a model's parameters.</summary>
    /// <param name="arena">The parameters.</param>
    /// <param name="gradients">A buffer of the arena's layout that holds the gradients when
    /// <see cref="OptimizerSession.TryUpdate"/> is called.</param>
    /// <param name="seed">Decides the perturbations of a <see cref="PerturbedOptimizer"/>.</param>
    /// <param name="secondMomentBeta">β of an h ← βh + (1 − β)g² that is to be kept whatever the rule, in [0, 1); null keeps
    /// what the optimizer keeps anyway. Under Algorithm 1 it is Algorithm 1's h, of β₁.</param>
    /// <returns>The optimizer at work on these parameters; who asked for it disposes of it.</returns>
    /// <exception cref="ArgumentException">The gradients' buffer is of another length or on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">β is outside [0, 1).</exception>
    public OptimizerSession Attach(
        ParameterArena arena, DeviceBuffer gradients, ulong seed, double? secondMomentBeta = null)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentNullException.ThrowIfNull(gradients);
        if (secondMomentBeta is { } beta)
        {
            Smoothing(beta, "β of the second moment");
        }

        if (gradients.Count != arena.Count || gradients.Device != arena.Device)
        {
            throw new ArgumentException(
                $"The gradients' buffer has {gradients.Count} floats on {gradients.Device.Name}; the arena has {arena.Count} " +
                $"on {arena.Device.Name}.", nameof(gradients));
        }

        return CreateSession(arena, gradients, new SessionSettings(seed, null) { SecondMomentBeta = secondMomentBeta });
    }

    /// <summary>The session for checked arguments.</summary>
    private protected abstract OptimizerSession CreateSession(
        ParameterArena arena, DeviceBuffer gradients, SessionSettings settings);

    internal OptimizerSession Create(ParameterArena arena, DeviceBuffer gradients, SessionSettings settings) =>
        CreateSession(arena, gradients, settings);

    private protected static double Positive(double value, string name) =>
        SinglePrecision.Positive(value, $"The {name}");

    private protected static double NotNegative(double value, string name) =>
        SinglePrecision.NotNegative(value, $"The {name}");

    private protected static double Smoothing(double value, string name) =>
        SinglePrecision.Fraction(value, name);
}
