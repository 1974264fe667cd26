using PacGen.Core.Optimization;

namespace PacGen.Nn;

/// <summary>
/// Improved variational online Newton (IVON; Shen and others, <see href="https://arxiv.org/abs/2402.17641">arXiv
/// 2402.17641</see>): learns a Gaussian posterior N(w, 1/(λ(h + δ))) of the weights, <see cref="IvonRule"/>, at about the cost of
/// Adam. Each step's gradient is taken at one sample of it, also of a batch in parts; w is what is evaluated, and
/// <see cref="OptimizerSession.PosteriorDeviations"/> the deviation of each weight. Under clipping ĝ is the clipped gradient.
/// </summary>
/// <remarks>
/// As in the authors' code the learning rate is that of h₀ + δ: α = lr·(h₀ + δ), so that at first lr is a plain step's.
/// </remarks>
public sealed record Ivon : Optimizer<IvonRule>
{
    private const string Precision = "precision", Sample = "sample";
    private readonly double beta1, beta2, weightDecay, initialHessian;

    /// <summary>The rule's settings.</summary>
    /// <param name="learningRate">lr, positive.</param>
    /// <param name="examples">λ, the number of training examples; null for those that a <see cref="Trainer"/> trains on.</param>
    /// <param name="beta1">β₁, in [0, 1).</param>
    /// <param name="beta2">
    /// β₂, in [0, 1): after t steps h keeps β₂ᵗ of h₀. 0.99999, the authors', is for a hundred thousand steps; in 1,000 it leaves
    /// h at h₀, and the posterior has one deviation for all weights. Take about 1 − 2/t.
    /// </param>
    /// <param name="weightDecay">δ, positive: λδ is the precision of the prior N(0, 1/(λδ)).</param>
    /// <param name="initialHessian">h₀, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public Ivon(
        double learningRate = 0.1, double? examples = null, double beta1 = 0.9, double beta2 = 0.99999, double weightDecay = 1e-4,
        double initialHessian = 1)
        : base(learningRate)
    {
        Examples = examples is { } number ? Positive(number, "number of examples of IVON") : null;
        this.beta1 = Smoothing(beta1, "β₁ of IVON");
        this.beta2 = Smoothing(beta2, "β₂ of IVON");
        this.weightDecay = Positive(weightDecay, "weight decay of IVON");
        this.initialHessian = Positive(initialHessian, "first Hessian of IVON");
    }

    /// <summary>λ; null where it is the number of the images that a trainer trains on.</summary>
    public double? Examples { get; private init; }

    /// <inheritdoc/>
    protected internal override GaussianPosterior? Posterior => new(
        Precision, Sample, Examples ?? throw new InvalidOperationException(
            "IVON needs the number of training examples: give it to the constructor."));

    /// <inheritdoc/>
    public override string ToString() =>
        $"IVON(lr {LearningRate}, λ {(Examples is { } number ? $"{number}" : "the training images")}, β₁ {beta1}, β₂ {beta2}, " +
            $"δ {weightDecay}, h₀ {initialHessian})";

    /// <inheritdoc/>
    internal override bool PassesElsewhere => true;

    /// <inheritdoc/>
    internal override bool LearnsPosterior => true;

    /// <inheritdoc/>
    internal override Optimizer For(int examples) => Examples is null ? this with { Examples = examples } : this;

    /// <inheritdoc/>
    protected internal override double InitialState(string state) => state == Precision ? initialHessian + weightDecay : 0;

    /// <inheritdoc/>
    protected internal override IvonRule At(long step, double learningRate) => new(
        step, learningRate * (initialHessian + weightDecay), Posterior!.Scale, beta1, beta2, weightDecay);
}
