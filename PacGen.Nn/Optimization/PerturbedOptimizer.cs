using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Perturbed OPT (Algorithm 1) around any optimizer: the gradient is taken at w + u with u[i] ~ U(−σ[i], σ[i]), σ the optimal
/// perturbation level, and applied to w; <see cref="WithNoise{TNoise}"/> draws u otherwise. Two fused passes a step over all
/// parameters: perturb, update.
/// </summary>
/// <remarks>
/// Four things the listing leaves open. Where a step didn't move the weights, ρ is 0. The g of lines 8 and 11 is the clipped
/// gradient. Where h + ρκ is 0 or NaN, σ is κ. η = ∞ means no perturbation.
/// </remarks>
public sealed record PerturbedOptimizer : Optimizer
{
    private readonly Optimizer inner;
    private readonly AlgorithmOne algorithm;
    private readonly PerturbFactory perturbation;
    private readonly string noise;

    /// <summary>Algorithm 1 around an optimizer, with uniform perturbations.</summary>
    /// <param name="inner">OPT.</param>
    /// <param name="eta">η, positive: larger means smaller perturbations. The paper leaves it to a validation set; it used 0.01
    /// with Adam, 100 with SGD.</param>
    /// <param name="gamma">γ: κ's part that is relative to |w|.</param>
    /// <param name="beta1">β₁: how much of h stays at each step.</param>
    /// <param name="beta2">β₂: parameters whose |g| reaches it are not perturbed.</param>
    /// <param name="epsilon">ε: κ's constant part.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    /// <exception cref="ArgumentException">The inner optimizer is itself perturbed.</exception>
    public PerturbedOptimizer(
        Optimizer inner, double eta, double gamma = 0.1, double beta1 = 0.999, double beta2 = 0.1, double epsilon = 1e-5)
        : this(inner, new AlgorithmOne(eta, gamma, beta1, beta2, epsilon))
    {
    }

    /// <summary>Algorithm 1 around an optimizer, with uniform perturbations.</summary>
    /// <param name="inner">OPT.</param>
    /// <param name="algorithm">η, γ, β₁, β₂ and ε.</param>
    /// <exception cref="ArgumentException">The inner optimizer is itself perturbed.</exception>
    public PerturbedOptimizer(Optimizer inner, AlgorithmOne algorithm)
        : this(inner, algorithm, PerturbLaunch.Create<UniformNoise>, nameof(UniformNoise))
    {
    }

    private PerturbedOptimizer(Optimizer inner, AlgorithmOne algorithm, PerturbFactory perturbation, string noise)
        : base((inner ?? throw new ArgumentNullException(nameof(inner))).LearningRate)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        if (inner.ChoosesPoint)
        {
            throw new ArgumentException(
                $"{inner} chooses where its gradient is taken itself: give the optimizer without that.", nameof(inner));
        }

        this.inner = inner;
        this.algorithm = algorithm;
        this.perturbation = perturbation;
        this.noise = noise;
    }

    /// <summary>
    /// The same with another distribution of u in line 9, at the same σ of line 8 and κ of line 7:
    /// <see cref="TruncatedGaussianNoise"/>, or any struct that implements <see cref="INoise"/>.
    /// </summary>
    /// <typeparam name="TNoise">The distribution.</typeparam>
    public PerturbedOptimizer WithNoise<TNoise>()
        where TNoise : struct, INoise =>
        new(inner, algorithm, PerturbLaunch.Create<TNoise>, typeof(TNoise).Name) { TwoPoint = TwoPoint };

    /// <summary>
    /// Whether a step takes two gradients, at w + u and at w − u, and applies their mean ½(∇L̂(w + u) + ∇L̂(w − u)), in which the
    /// terms of odd order in u cancel (Noise Stability Optimization; Zhang, Li and Ju, <see
    /// href="https://arxiv.org/abs/2306.08553">arXiv 2306.08553</see>, Algorithm 1). A step costs two passes; its loss, and
    /// running statistics where the training passes move them, are those of the pass at w + u.
    /// </summary>
    public bool TwoPoint { get; init; }

    /// <inheritdoc/>
    internal override bool PassesElsewhere => true;

    /// <inheritdoc/>
    public override string ToString()
    {
        string level = algorithm.Level switch
        {
            SigmaLevel.Optimal => $"η {algorithm.Eta}",
            SigmaLevel.Kappa => "σ = κ",
            _ => "σ fixed",
        };
        string gate = algorithm.Level == SigmaLevel.Fixed ? "" : $", β₁ {algorithm.Beta1}, β₂ {algorithm.Beta2}";
        string schedule = algorithm.Schedule == NoiseSchedule.Logarithmic ? "" : $", {algorithm.Schedule}";
        return $"Perturbed {inner}, {noise}{(TwoPoint ? " at ±u" : "")}, {level}, γ {algorithm.Neighborhood.Gamma}{gate}, ε " +
            $"{algorithm.Neighborhood.Epsilon}{(algorithm.BiasCorrection ? ", h corrected" : "")}{schedule}";
    }

    private protected override OptimizerSession CreateSession(
        ParameterArena arena, DeviceBuffer gradients, SessionSettings settings) => inner.Create(arena, gradients, settings with
        {
            Algorithm = algorithm,
            Perturbation = perturbation,

            // u as it was added, in single precision.
            Second = TwoPoint ? new SecondGradient((w, _, first) => w - (first - w), Averaged: true) : null,
        });
}
