using System.Runtime.CompilerServices;

namespace PacGen.Core.Bounds;

/// <summary>The conditions of the bounds: what is checked names the condition, the parameter and what to do.</summary>
internal static class Require
{
    public static double Eta(double eta) => eta is > 0 and < double.PositiveInfinity
        ? eta
        : throw new ArgumentOutOfRangeException(nameof(eta), eta, "η must be above 0 and finite.");

    /// <summary>A divergence; +∞ is one, and gives an infinite bound.</summary>
    public static double Kl(double kl) => kl >= 0
        ? kl
        : throw new ArgumentOutOfRangeException(
            nameof(kl), kl, "KL(posterior‖prior) must be 0 or more; a negative or NaN value means that it was computed wrongly.");

    public static double Loss(double loss, [CallerArgumentExpression(nameof(loss))] string? name = null) => loss is >= 0 and <= 1
        ? loss
        : throw new ArgumentOutOfRangeException(
            name,
            loss,
            "The loss must lie in [0, 1] (Theorem 1). A raw cross-entropy does not: use the 0-1 loss, or bound p from below by " +
                "a smallest probability p_min and "
            + $"divide −ln p by its largest value, ln(1/p_min) ({nameof(BoundedCrossEntropy)}).");

    public static long SampleSize(long n, [CallerArgumentExpression(nameof(n))] string? name = null) => n >= 1
        ? n
        : throw new ArgumentOutOfRangeException(name, n, $"{name} must be 1 or more: it counts independent draws.");

    public static double Delta(double delta, [CallerArgumentExpression(nameof(delta))] string? name = null) =>
        delta is > 0 and < 1
        ? delta
        : throw new ArgumentOutOfRangeException(
            name, delta, $"{name} must lie in (0, 1): it is the probability that the bound fails; 0.05 and 0.025 are usual.");

    public static double Positive(double value, [CallerArgumentExpression(nameof(value))] string? name = null) =>
        value is > 0 and < double.PositiveInfinity
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be positive and finite.");

    /// <summary>What every PAC-Bayes inequality asks of its arguments.</summary>
    public static void Premises(double loss, double kl, long n, double delta)
    {
        Loss(loss);
        Kl(kl);
        SampleSize(n);
        Delta(delta);
    }

    /// <summary>What σ* needs besides η and the curvature.</summary>
    public static void Root(double rhoRootM, double kappa)
    {
        if (!(rhoRootM >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(rhoRootM), rhoRootM, "ρ√m must be at least 0.");
        }

        if (!(kappa >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(kappa), kappa, "κ must be at least 0.");
        }
    }

    public static double Rho(double rho) => rho is >= 0 and < double.PositiveInfinity
        ? rho
        : throw new ArgumentOutOfRangeException(
            nameof(rho), rho, "ρ, the Hessian's Lipschitz constant, must be at least 0 and finite.");

    public static double CubedNorm(double cubedNorm, double squaredNorm)
    {
        if (cubedNorm is not (>= 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(cubedNorm), cubedNorm, "𝔼‖u‖³ must be at least 0 and finite.");
        }

        double least = squaredNorm * Math.Sqrt(squaredNorm);
        return cubedNorm >= least * (1 - 1e-6)
            ? cubedNorm
            : throw new ArgumentException(
                $"𝔼‖u‖³ is at least (𝔼‖u‖²)^(3/2) = {least:R}, but {cubedNorm:R} came: give 𝔼‖u‖³ itself or an upper bound of " +
                    $"it.", nameof(cubedNorm));
    }

    public static void Parameters(int count)
    {
        if (count == 0)
        {
            throw new ArgumentException("There are no parameters: a bound needs at least one.");
        }
    }

    public static void SameLength(int parameters, int other, string what)
    {
        Parameters(parameters);
        if (parameters != other)
        {
            throw new ArgumentException($"There are {parameters} parameters but {other} {what}: one is needed for each.");
        }
    }

    public static double Finite(double value, int index, string what) => double.IsFinite(value)
        ? value
        : throw new ArgumentException($"The {what} of parameter {index} is {value}: it must be finite.");

    public static double Moment(double moment, int index) => moment is >= 0 and < double.PositiveInfinity
        ? moment
        : throw new ArgumentException(
            $"The moment of parameter {index} is {moment:R}: a moment of |u| must be at least 0 and finite.");

    public static double Convex(double curvature, int index) => curvature is >= 0 and < double.PositiveInfinity
        ? curvature
        : throw new ArgumentException(
            $"The lemma needs local convexity, ∇ᵢ²L̂ ≥ 0 for every i, but at parameter {index} the curvature is {curvature:R}. "
            + "Give the bound as a function of σ, (12) or (19), which needs no convexity, or say by a max with 0 that an upper " +
                "bound is meant.");

    public static double Holds(double tau, double weight, double kappa, int index) => Math.Abs(weight) + kappa <= tau
        && tau < double.PositiveInfinity
        ? tau
        : throw new ArgumentException(
            $"The prior U(−τ, τ) must hold the perturbed weight, |wᵢ| + κᵢ ≤ τᵢ, but at parameter {index} |w| = " +
                $"{Math.Abs(weight):R}, κ = {kappa:R}, τ = {tau:R}. "
            + "Choose, before seeing the sample, a larger τ, or a smaller γ or ε.");

    /// <summary>A perturbation level above 0; +∞ is one for the truncated Gaussian.</summary>
    public static double Level(double sigma, int index, string what) => sigma > 0
        ? sigma
        : throw new ArgumentException($"{what} of parameter {index} is {sigma:R}: it must be above 0.");

    public static double Width(double width, int index, string what) => width is > 0 and < double.PositiveInfinity
        ? width
        : throw new ArgumentException($"The {what} of parameter {index} is {width:R}: it must be above 0 and finite.");

    public static double PriorVariance(double tau) => tau is > 0 and < double.PositiveInfinity
        ? tau
        : throw new ArgumentOutOfRangeException(nameof(tau), tau, "τ, the prior's variance, must be above 0 and finite.");

    /// <summary>The condition of (18) and of Lemma 8 as published.</summary>
    public static void SquaredNorm(double squaredNorm, double tau)
    {
        if (!(squaredNorm <= tau))
        {
            throw new ArgumentException(
                $"(18) and Lemma 8 as published need Σwᵢ² ≤ τ, but Σw² = {squaredNorm:R} and τ = {tau:R}. "
                + "Choose, before seeing the sample, a larger τ, or take the exact divergence, which needs no such condition.");
        }
    }
}
