using PacGen.Benchmarks.Figures;

namespace PacGen.Tests.Benchmarks;

internal sealed class GaussianWellTests
{
    [Test]
    public void ClosedFormsAgreeWithNumbers([Values(0.05, 0.5, 2, 8, 50)] double curvature, [Values(0.01, 0.5, 1.5)] double sigma)
    {
        GaussianWell well = new(curvature);
        const int Cells = 20_000;
        double sum = 0, rho = 0;
        for (int i = 0; i < Cells; i++)
        {
            double u = sigma * ((((2.0 * i) + 1) / Cells) - 1);
            sum += well.Loss(u);
            double b = curvature / GaussianWell.Depth;
            rho = Math.Max(rho, Math.Abs(curvature * b * ((b * u * u * u) - (3 * u)) * Math.Exp(-b * u * u / 2)));
        }

        Assert.That(well.Expected(sigma), Is.EqualTo(sum / Cells).Within(1e-8));
        Assert.That(well.Rho(sigma), Is.EqualTo(rho).Within(0.02).Percent);
        const double Step = 1e-3;
        Assert.That(
            (well.Loss(Step) - (2 * well.Loss(0)) + well.Loss(-Step)) / (Step * Step), Is.EqualTo(curvature).Within(0.1).Percent);
    }

    [Test]
    public void TheMetricBoundsTheIncreaseAndGrowsWithTheCurvature()
    {
        const double Sigma = 0.5;
        double before = 0;
        for (double curvature = 0.01; curvature < 100; curvature *= 1.3)
        {
            GaussianWell well = new(curvature);
            double metric = well.Sharpness(Sigma), increase = well.Expected(Sigma) - well.Loss(0);
            Assert.That(metric, Is.GreaterThan(before).And.AtLeast(increase), $"curvature {curvature}");
            Assert.That(well.Loss(10), Is.InRange(0, 1));
            before = metric;
        }
    }

    [Test]
    public void AtSmallPerturbationsTheMetricIsTight()
    {
        GaussianWell well = new(2);
        Assert.That(well.Sharpness(1e-3), Is.EqualTo(well.Expected(1e-3) - well.Loss(0)).Within(0.1).Percent);
        Assert.That(well.Sharpness(1e-3), Is.EqualTo(2 * 1e-6 / 6).Within(0.1).Percent);
    }
}
