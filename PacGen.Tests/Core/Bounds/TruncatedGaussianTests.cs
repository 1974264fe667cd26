using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;

namespace PacGen.Tests.Core;

internal sealed class TruncatedGaussianTests
{
    /// <summary>
    /// mpmath, 40 digits, κ = 1: σ, log(erf(k/(s*sqrt(2)))), quad(x*x*f), quad(f*log(f/N(0.25+x; -0.5, 0.75**2))), with f the
    /// truncated density.
    /// </summary>
    private static readonly (double Sigma, double LogMass, double Moment, double Kl)[] Table =
    [
        (1000, -7.13354679829352004, 0.333333288888891005, 0.734405536983082954),
        (10, -2.53004200154723851, 0.332889100669980218, 0.734011813415822193),
        (1, -0.381715146302126072, 0.291125094772793211, 0.707248388484209171),
        (0.5, -0.0465679122923901635, 0.193435325887480812, 0.737104880525575866),
        (0.49, -0.0421448348564101449, 0.189279834524353255, 0.741892640468955044),
        (0.3, -0.000858489062700121397, 0.0890738378433382731, 1.00147131100127658),
        (0.1, -1.52397060483210521e-23, 0.01, 2.02379190943115365),
        (0.001, 0, 1.0e-6, 6.62007409541924501),
    ];

    [Test]
    public void ValuesByArbitraryPrecision()
    {
        foreach ((double sigma, double logMass, double moment, double kl) in Table)
        {
            Assert.That(
                TruncatedGaussian.LogMass(sigma, 1), Is.EqualTo(logMass).Within(1e-14 * Math.Abs(logMass)),
                $"log Z, σ = {sigma}");
            Assert.That(TruncatedGaussian.SecondMoment(sigma, 1), Is.EqualTo(moment).Within(1e-14 * moment), $"𝔼ũ², σ = {sigma}");
            Assert.That(TruncatedGaussian.Kl(0.25, sigma, 1, -0.5, 0.75), Is.EqualTo(kl).Within(1e-14 * kl), $"KL, σ = {sigma}");
        }
    }

    [Test]
    public void TheLimitIsTheUniformDistribution()
    {
        const double kappa = 0.4, shift = 0.3, deviation = 2;
        Assert.That(TruncatedGaussian.SecondMoment(double.PositiveInfinity, kappa), Is.EqualTo(kappa * kappa / 3));

        // KL of U(w − κ, w + κ) to N(μ, s²): log(s√(2π)/2κ) + (κ²/3 + (w−μ)²)/2s².
        double uniform = Math.Log(deviation * Math.Sqrt(2 * Math.PI) / (2 * kappa)) + (
            ((kappa * kappa / 3) + (shift * shift)) / (2 * deviation * deviation));
        Assert.That(TruncatedGaussian.Kl(shift, double.PositiveInfinity, kappa, 0, deviation), Is.EqualTo(uniform).Within(1e-15));

        // Next to it by the first term of the series: 𝔼ũ² = κ²/3 − 2κ⁴/45σ².
        double ratio = 1e-3, moment = TruncatedGaussian.SecondMoment(kappa / ratio, kappa) / (kappa * kappa);
        Assert.That((1d / 3) - moment, Is.EqualTo(2 * ratio * ratio / 45).Within(1e-14));

        // The other end: far inside the box it is the Gaussian.
        Assert.That(TruncatedGaussian.SecondMoment(kappa / 1000, kappa), Is.EqualTo(kappa * kappa / 1e6).Within(1e-22));
        Assert.That(TruncatedGaussian.LogMass(kappa / 1000, kappa), Is.Zero);
    }

    [Test]
    public void TheDivergenceToTheGaussianThatWasTruncatedIsMinusLogMass()
    {
        for (double ratio = 1e-3; ratio <= 1e3; ratio *= 1.1)
        {
            double logMass = TruncatedGaussian.LogMass(1 / ratio, 1);
            Assert.That(
                TruncatedGaussian.Kl(3, 1 / ratio, 1, 3, 1 / ratio), Is.EqualTo(-logMass).Within(1e-15 * (1 - logMass)),
                $"κ/σ = {ratio}");
        }
    }

    [Test]
    public void NothingJumpsWhereTheFormulaChanges()
    {
        double below = Math.BitDecrement(2d), moment = TruncatedGaussian.SecondMoment(1 / below, 1);
        Assert.That(TruncatedGaussian.SecondMoment(0.5, 1), Is.EqualTo(moment).Within(1e-15));
        Assert.That(TruncatedGaussian.LogMass(0.5, 1), Is.EqualTo(TruncatedGaussian.LogMass(1 / below, 1)).Within(1e-15));
        Assert.That(TruncatedGaussian.Kl(1, 0.5, 1, 0, 1), Is.EqualTo(TruncatedGaussian.Kl(1, 1 / below, 1, 0, 1)).Within(1e-15));
    }

    [Test]
    public void MomentAndMassAreMonotone()
    {
        double moment = 0, mass = double.PositiveInfinity;
        for (double sigma = 1e-3; sigma <= 1e3; sigma *= 1.01)
        {
            double next = TruncatedGaussian.SecondMoment(sigma, 1), nextMass = TruncatedGaussian.LogMass(sigma, 1);
            Assert.That(next, Is.GreaterThan(moment).And.LessThanOrEqualTo(Math.Min(sigma * sigma, 1d / 3)), $"σ = {sigma}");
            Assert.That(nextMass, Is.LessThanOrEqualTo(mass), $"σ = {sigma}");
            (moment, mass) = (next, nextMass);
        }
    }

    [Test]
    public void ADivergenceIsNotNegative() => PerturbationProblem.ForAll(problem =>
    {
        for (int i = 0; i < problem.Parameters; i++)
        {
            double kappa = problem.Kappa[i], sigma = kappa * problem.Log(-3, 3);
            double kl = TruncatedGaussian.Kl(
                problem.Weights[i], sigma, kappa, problem.Weights[i] + (kappa * problem.Log(-3, 1)), kappa * problem.Log(-2, 2));
            Assert.That(kl, Is.Positive);

            // The closest centred Gaussian is the one with the truncated second moment.
            double best = Math.Sqrt(TruncatedGaussian.SecondMoment(sigma, kappa));
            double least = TruncatedGaussian.Kl(0, sigma, kappa, 0, best);
            Assert.That(least, Is.GreaterThanOrEqualTo(-1e-14));
            Assert.That(TruncatedGaussian.Kl(0, sigma, kappa, 0, best * 1.01), Is.GreaterThan(least - 1e-14));
            Assert.That(TruncatedGaussian.Kl(0, sigma, kappa, 0, best * 0.99), Is.GreaterThan(least - 1e-14));
        }
    });

    [Test]
    public void SumsOverSpansAreSumsOfCoordinates()
    {
        float[] weights = [0.25f, -0.75f], sigma = [0.5f, 0.125f], kappa = [0.5f, 1f], means = [0f, 0.5f], deviations = [
            1f, 0.5f];
        double sum = TruncatedGaussian.Kl(0.25, 0.5, 0.5, 0, 1) + TruncatedGaussian.Kl(-0.75, 0.125, 1, 0.5, 0.5);
        Assert.That(TruncatedGaussian.Kl(weights, sigma, kappa, means, deviations), Is.EqualTo(sum).Within(1e-15));

        // κ = |w| + ¼.
        sum = TruncatedGaussian.Kl(0.25, 0.5, 0.5, 0, 2) + TruncatedGaussian.Kl(-0.75, 0.125, 1, 0.5, 2);
        Assert.That(TruncatedGaussian.Kl(weights, sigma, new Neighborhood(1, 0.25), means, 2), Is.EqualTo(sum).Within(1e-15));
        Assert.That(
            () => TruncatedGaussian.Kl(weights, sigma, [0.5f, 0f], means, deviations),
            Throws.ArgumentException.With.Message.Contains("κ of parameter 1"));
        Assert.That(
            () => TruncatedGaussian.Kl(weights, [0.5f, float.NaN], kappa, means, deviations),
            Throws.ArgumentException.With.Message.Contains("σ of parameter 1"));
        Assert.That(
            () => TruncatedGaussian.Kl(weights, sigma, kappa, means, [1f]),
            Throws.ArgumentException.With.Message.Contains("1 prior deviations"));
    }
}
