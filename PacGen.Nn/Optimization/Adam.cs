using PacGen.Core.Optimization;

namespace PacGen.Nn;

/// <summary>
/// Adam as in PyTorch: with g + λw for g, m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε).
/// Under a <see cref="PerturbedOptimizer"/> whose β₁ is this β₂, and without weight decay, v is Algorithm 1's h and is stored
/// once.
/// </summary>
public sealed record Adam : Optimizer<AdamRule>
{
    private readonly double beta1, beta2, epsilon, weightDecay;

    /// <summary>The rule's settings.</summary>
    /// <param name="learningRate">lr, positive.</param>
    /// <param name="beta1">β₁, in [0, 1).</param>
    /// <param name="beta2">β₂, in [0, 1).</param>
    /// <param name="epsilon">ε, positive.</param>
    /// <param name="weightDecay">λ, not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public Adam(
        double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0)
        : base(learningRate)
    {
        this.beta1 = Smoothing(beta1, "Adam's β₁");
        this.beta2 = Smoothing(beta2, "Adam's β₂");
        this.epsilon = Positive(epsilon, "ε of Adam");
        this.weightDecay = NotNegative(weightDecay, "weight decay");
    }

    /// <inheritdoc/>
    protected internal override (string State, double Beta)? SecondMoment => weightDecay == 0 ? ("v", beta2) : null;

    /// <inheritdoc/>
    public override string ToString() =>
        $"Adam(lr {LearningRate}, β₁ {beta1}, β₂ {beta2}, ε {epsilon}{(weightDecay > 0 ? $", weight decay {weightDecay}" : "")})";

    /// <inheritdoc/>
    protected internal override AdamRule At(long step, double learningRate) =>
        new(step, learningRate, beta1, beta2, epsilon, weightDecay);
}
