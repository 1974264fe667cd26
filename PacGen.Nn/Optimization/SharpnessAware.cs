using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Sharpness-aware minimization around an optimizer (SAM; Foret and others, <see href="https://arxiv.org/abs/2010.01412">arXiv
/// 2010.01412</see>, (2) and Algorithm 1): a step takes the gradient g at w, then another at w + ρ·g/‖g‖, and applies that one at
/// w. Running statistics are those of the pass at w, the loss of a step is that at w, and a gradient that is to be clipped is the
/// second.
/// </summary>
/// <remarks>The length is ‖g‖ + 10⁻¹², as in the authors' and the usual PyTorch code. A step costs two passes.</remarks>
public sealed record SharpnessAware : Optimizer
{
    /// <summary>What the length of a direction has added, so that none is divided by 0.</summary>
    private const float Least = 1e-12f;

    private readonly Optimizer inner;
    private readonly string name;
    private readonly Func<Tensor, Tensor, Tensor> point;

    /// <summary>SAM.</summary>
    /// <param name="inner">What applies the second gradient.</param>
    /// <param name="rho">ρ, how far the second point is from w; positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">ρ is not positive.</exception>
    /// <exception cref="ArgumentException">The inner optimizer moves the weights before the gradient itself.</exception>
    public SharpnessAware(Optimizer inner, double rho = 0.05)
        : this(inner, $"SAM(ρ {Positive(rho, "ρ of SAM")})", (w, g) => w + (g * ((float)rho / (Norm(g) + Least))))
    {
    }

    /// <summary>A step whose second gradient, the one that is applied, is taken at a point of your own.</summary>
    /// <param name="inner">What applies the second gradient.</param>
    /// <param name="name">What the point is called, with its settings: a checkpoint is refused to an optimizer that says
    /// otherwise.</param>
    /// <param name="point">The point, from all weights w and their gradient g there, both of one axis.</param>
    /// <exception cref="ArgumentException">The inner optimizer moves the weights before the gradient itself.</exception>
    public SharpnessAware(Optimizer inner, string name, Func<Tensor, Tensor, Tensor> point)
        : base((inner ?? throw new ArgumentNullException(nameof(inner))).LearningRate)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(point);
        if (inner.ChoosesPoint)
        {
            throw new ArgumentException(
                $"{inner} chooses where its gradient is taken itself: give the optimizer without that.", nameof(inner));
        }

        this.inner = inner;
        this.name = name;
        this.point = point;
    }

    /// <summary>
    /// Adaptive SAM (Kwon and others, <see href="https://arxiv.org/abs/2102.11600">arXiv 2102.11600</see>, Algorithm 1): the
    /// second point is w + ρ·t²g/‖tg‖ with t = |w| + η, so that it doesn't change with the scale of the weights.
    /// </summary>
    /// <param name="inner">What applies the second gradient.</param>
    /// <param name="rho">ρ, positive.</param>
    /// <param name="eta">η, not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">ρ is not positive, or η negative.</exception>
    /// <exception cref="ArgumentException">The inner optimizer moves the weights before the gradient itself.</exception>
    public static SharpnessAware Adaptive(Optimizer inner, double rho = 0.5, double eta = 0.01) => new(
        inner,
        $"ASAM(ρ {Positive(rho, "ρ of ASAM")}, η {NotNegative(eta, "η of ASAM")})",
        (w, g) =>
        {
            Tensor t = w.Abs() + (float)eta, scaled = t * g;
            return w + (t * scaled * ((float)rho / (Norm(scaled) + Least)));
        });

    /// <inheritdoc/>
    internal override bool ChoosesPoint => true;

    /// <inheritdoc/>
    public override string ToString() => $"{name} around {inner}";

    private static Tensor Norm(Tensor x) => x.Square().Sum().Sqrt();

    private protected override OptimizerSession CreateSession(
        ParameterArena arena, DeviceBuffer gradients, SessionSettings settings) =>
        inner.Create(arena, gradients, settings with { Second = new SecondGradient((w, g, _) => point(w, g), Averaged: false) });
}
