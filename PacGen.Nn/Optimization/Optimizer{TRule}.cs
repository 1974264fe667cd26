using PacGen.Core.Optimization;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// An optimizer of one update rule: a record of its settings that says how the rule is at each step. It runs plain, under a
/// <see cref="PerturbedOptimizer"/>, clipped, with schedules and checkpoints, on every device, without more.
/// </summary>
/// <typeparam name="TRule">The rule.</typeparam>
public abstract record Optimizer<TRule> : Optimizer
    where TRule : unmanaged, IUpdateRule
{
    /// <summary>An optimizer with a learning rate.</summary>
    /// <param name="learningRate">What a schedule multiplies, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">The learning rate is not positive.</exception>
    protected Optimizer(double learningRate)
        : base(learningRate)
    {
    }

    /// <summary>The rule at one step.</summary>
    /// <param name="step">t, counted from 1.</param>
    /// <param name="learningRate">The step's learning rate.</param>
    protected internal abstract TRule At(long step, double learningRate);

    /// <summary>
    /// The rule's state that is a smoothed square of the gradient, h ← βh + (1 − β)g², and its β; null where it keeps none. Where
    /// β is β₁ of Algorithm 1, that state serves as Algorithm 1's h and is stored once; a score takes it for h of training.
    /// </summary>
    protected internal virtual (string State, double Beta)? SecondMoment => null;

    /// <summary>
    /// The Gaussian posterior around w that the rule learns, at a sample of which each step's gradient is taken; null where that
    /// is taken at w.
    /// </summary>
    protected internal virtual GaussianPosterior? Posterior => null;

    /// <summary>What a state of the rule is before the first step; 0 by default.</summary>
    /// <param name="state">Its name.</param>
    protected internal virtual double InitialState(string state) => 0;

    /// <inheritdoc/>
    internal override bool PassesElsewhere => Posterior is not null;

    private protected sealed override OptimizerSession CreateSession(
        ParameterArena arena, DeviceBuffer gradients, SessionSettings settings) =>
        new OptimizerSession<TRule>(
            arena, gradients, settings with { Posterior = Posterior, InitialState = InitialState }, At, SecondMoment);
}
