using PacGen.Core.Optimization;

namespace PacGen.Nn;

/// <summary>AdamW as in PyTorch: w ← (1 − lr·λ)w, then <see cref="Adam"/>'s step without weight decay.</summary>
public sealed record AdamW : Optimizer<AdamWRule>
{
    private readonly double beta1, beta2, epsilon, weightDecay;

    /// <summary>The rule's settings.</summary>
    /// <param name="learningRate">lr, positive.</param>
    /// <param name="beta1">β₁, in [0, 1).</param>
    /// <param name="beta2">β₂, in [0, 1).</param>
    /// <param name="epsilon">ε, positive.</param>
    /// <param name="weightDecay">λ, not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public AdamW(
        double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0.01)
        : base(learningRate)
    {
        this.beta1 = Smoothing(beta1, "Adam's β₁");
        this.beta2 = Smoothing(beta2, "Adam's β₂");
        this.epsilon = Positive(epsilon, "ε of Adam");
        this.weightDecay = NotNegative(weightDecay, "weight decay");
    }

    /// <inheritdoc/>
    protected internal override (string State, double Beta)? SecondMoment => ("v", beta2);

    /// <inheritdoc/>
    public override string ToString() =>
        $"AdamW(lr {LearningRate}, β₁ {beta1}, β₂ {beta2}, ε {epsilon}, weight decay {weightDecay})";

    /// <inheritdoc/>
    protected internal override AdamWRule At(long step, double learningRate) =>
        new(step, learningRate, beta1, beta2, epsilon, weightDecay);
}
