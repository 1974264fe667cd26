using PacGen.Core.Optimization;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Stochastic gradient descent as in PyTorch: with g + λw for g, w ← w − lr·g; with momentum μ, b ← μb + g and w ← w − lr·b, or
/// with Nesterov's, w ← w − lr·(g + μb).
/// </summary>
public sealed record Sgd : Optimizer
{
    private readonly double momentum;
    private readonly bool nesterov;
    private readonly double weightDecay;

    /// <summary>The rule's settings.</summary>
    /// <param name="learningRate">lr, positive.</param>
    /// <param name="momentum">μ, in [0, 1).</param>
    /// <param name="nesterov">Whether the momentum is Nesterov's.</param>
    /// <param name="weightDecay">λ, not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    /// <exception cref="ArgumentException">Nesterov's form is asked for without momentum.</exception>
    public Sgd(double learningRate, double momentum = 0, bool nesterov = false, double weightDecay = 0)
        : base(learningRate)
    {
        this.momentum = Smoothing(momentum, "The momentum");
        this.nesterov = nesterov && momentum == 0
            ? throw new ArgumentException("Nesterov's form needs a momentum above 0: give one.", nameof(nesterov))
            : nesterov;
        this.weightDecay = NotNegative(weightDecay, "weight decay");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"SGD(lr {LearningRate}{(momentum > 0 ? $", {(nesterov ? "Nesterov " : "")}momentum {momentum}" : "")}"
        + $"{(weightDecay > 0 ? $", weight decay {weightDecay}" : "")})";

    private protected override OptimizerSession CreateSession(
        ParameterArena arena, DeviceBuffer gradients, SessionSettings settings) =>
        momentum == 0 ? new OptimizerSession<SgdRule>(arena, gradients, settings, (_, rate) => new SgdRule(rate, weightDecay))
        : nesterov ? new OptimizerSession<NesterovRule>(
            arena, gradients, settings, (_, rate) => new NesterovRule(rate, momentum, weightDecay))
        : new OptimizerSession<MomentumRule>(
            arena, gradients, settings, (_, rate) => new MomentumRule(rate, momentum, weightDecay));
}
