using PacGen.Benchmarks.Figures;
using PacGen.Benchmarks.Figures.Landscape;

namespace PacGen.Tests.Benchmarks;

internal sealed class LandscapeTests
{
    private const int Points = 101;

    [Test]
    public void SamplesAreAFunctionOfTheSeed()
    {
        MixtureSample one = new(5), again = new(5), other = new(6);
        Assert.That(again.X, Is.EqualTo(one.X));
        Assert.That(again.Label, Is.EqualTo(one.Label));
        Assert.That(other.X, Is.Not.EqualTo(one.X));
        Assert.That(one.Count, Is.EqualTo(100));
    }

    [Test]
    public void LabelsAreOneAboveTheMedianOfTheGaussiansNumbers([Range(1, 20)] int seed)
    {
        MixtureSample sample = new((ulong)seed);
        int[] sorted = [.. sample.Component.Order()];
        double median = (sorted[49] + sorted[50]) / 2.0;
        Assert.That(sample.Label, Is.EqualTo(sample.Component.Select(component => component > median ? 1 : 0)));
        Assert.That(sample.Component, Is.All.InRange(0, 2));
    }

    [Test]
    public void PointsLieAroundTheirCentres()
    {
        MixtureSample sample = new(3, 3000);
        for (int component = 0; component < 3; component++)
        {
            int[] members = [.. Enumerable.Range(0, sample.Count).Where(i => sample.Component[i] == component)];
            Assert.That(members, Has.Length.InRange(850, 1150));
            Assert.That(members.Average(i => sample.X[i]), Is.EqualTo(sample.Centres[component].X).Within(0.15));
            Assert.That(members.Average(i => sample.Y[i]), Is.EqualTo(sample.Centres[component].Y).Within(0.15));
            Assert.That(
                Math.Sqrt(members.Average(i => Math.Pow(sample.X[i] - sample.Centres[component].X, 2))),
                Is.EqualTo(1).Within(0.1));
        }
    }

    [Test]
    public void MinimaAreMinima([Values(38, 10, 47, 12)] int seed)
    {
        SharedMlp network = new(new MixtureSample((ulong)seed));
        double[,] losses = LossSurface.Losses(network, Figure1.Range, Points);
        IReadOnlyList<(double W1, double W2, Jet Loss)> found = OptimumSearch.Find(network, Figure1.Range, losses);
        Assert.That(found, Has.Count.AtLeast(2));
        Assert.That(found.Select(one => one.Loss.Value), Is.Ordered);
        foreach ((double w1, double w2, Jet loss) in found)
        {
            Assert.That(loss, Is.EqualTo(network.LossJet(w1, w2)));
            Assert.That(loss.GradientNorm, Is.LessThan(OptimumSearch.Tolerance));
            Assert.That(loss.Eigenvalues.Least, Is.Positive);
            for (int k = 0; k < 16; k++)
            {
                (double sine, double cosine) = Math.SinCos(k * Math.PI / 8);
                Assert.That(
                    network.Loss(w1 + (1e-3 * cosine), w2 + (1e-3 * sine)), Is.GreaterThan(loss.Value), $"beside ({w1}, {w2})");
            }
        }
    }

    [Test]
    public void FromAnywhereNewtonReachesAMinimumOrNothing()
    {
        SharedMlp network = new(new MixtureSample(38));
        int reached = 0;
        for (int start = 0; start < 36; start++)
        {
            if (OptimumSearch.Refine(network, (3.0 * (start % 6)) - 7.5, (3.0 * (start / 6)) - 7.5) is { } found)
            {
                reached++;
                Assert.That(found.Loss.GradientNorm, Is.LessThan(OptimumSearch.Tolerance), $"start {start}");
                Assert.That(found.Loss.Eigenvalues.Least, Is.Positive, $"start {start}");
            }
        }

        Assert.That(reached, Is.InRange(1, 35), "where the loss is flat there is none");
    }

    [Test]
    public void AtTheDefaultSeedBothKindsOfOptimumExist()
    {
        SharedMlp network = new(new MixtureSample(Figure1.DefaultSeed));
        Optima optima = Optima.Find(network, Figure1.Range, LossSurface.Losses(network, Figure1.Range, Points));
        PointScore sharp = optima.Sharp!, flat = optima.Flat!;
        Assert.That(flat, Is.Not.Null);
        Assert.That(sharp.Loss.Value, Is.EqualTo(optima.Minima.Min(one => one.Loss.Value)));
        Assert.That(flat.Loss.Value, Is.InRange(sharp.Loss.Value, sharp.Loss.Value + Optima.LossMargin));
        Assert.That(flat.Psi, Is.LessThan(sharp.Psi - 1));
        Assert.That(flat.Loss.Eigenvalues.Largest, Is.LessThan(sharp.Loss.Eigenvalues.Largest / 10));
        Assert.That(network.Wrong(sharp.W1, sharp.W2), Is.LessThan(network.Wrong(flat.W1, flat.W2)));
    }

    [Test]
    public void AFinerGridFindsTheSameOptima()
    {
        SharedMlp network = new(new MixtureSample(Figure1.DefaultSeed));
        Optima coarse = Optima.Find(network, Figure1.Range, LossSurface.Losses(network, Figure1.Range, Points));
        Optima fine = Optima.Find(network, Figure1.Range, LossSurface.Losses(network, Figure1.Range, (2 * Points) - 1));
        Assert.That(fine.Flat!.W1, Is.EqualTo(coarse.Flat!.W1).Within(1e-6));
        Assert.That(fine.Flat!.W2, Is.EqualTo(coarse.Flat!.W2).Within(1e-6));
        Assert.That(fine.Sharp!.W1, Is.EqualTo(coarse.Sharp!.W1).Within(1e-6));
    }

    [Test]
    public void ScoresAreTheFormulas([Values(-6.4, 0.3, 8.5)] double w1, [Values(-6.3, 0.0, 7.3)] double w2)
    {
        SharedMlp network = new(new MixtureSample(38));
        PointScore score = PointScore.At(network, w1, w2);
        Jet loss = network.LossJet(w1, w2);
        double psi = 0, divergence = 0;
        foreach ((double w, double curvature, double sigma) in ((double, double, double)[])[
            (w1, loss.D11, score.Sigma1), (w2, loss.D22, score.Sigma2)])
        {
            double kappa = (0.1 * Math.Abs(w)) + 0.1, h = Math.Max(curvature, 0);
            double root = Math.Sqrt(Math.Max(curvature + (score.Rho * Math.Sqrt(2) * kappa), 0));
            psi += Math.Log((Math.Abs(w) + kappa) * Math.Max(root, 1 / kappa));
            double expected = Math.Min(1 / Math.Sqrt(39 * ((h / 3) + (score.Rho * Math.Sqrt(2) * kappa / 9))), kappa);
            Assert.That(sigma, Is.EqualTo(expected).Within(1e-6).Percent, "(14)");
            divergence += Math.Log((Math.Abs(w) + kappa) / expected);
        }

        // The lane's γ and ε are floats.
        Assert.That(score.Psi, Is.EqualTo(psi).Within(1e-9), "(24)");
        Assert.That(
            score.Bound, Is.EqualTo(loss.Value + ((1 + divergence + Math.Log(20)) / 39) + (39 / 200.0)).Within(1e-9), "(13)");
    }

    [Test]
    public void RhoIsAtLeastEachRatioOfItsDefinitionOnTheBoxsBoundary()
    {
        SharedMlp network = new(new MixtureSample(38));
        const double W1 = 8.5, W2 = -6.3, Kappa1 = 0.95, Kappa2 = 0.73;
        Jet here = network.LossJet(W1, W2), there = network.LossJet(W1 + Kappa1, W2 - Kappa2);
        double distance = Math.Sqrt((Kappa1 * Kappa1) + (Kappa2 * Kappa2));
        double ratio = Math.Abs(
            new Jet(0, D11: there.D11 - here.D11, D12: there.D12 - here.D12, D22: there.D22 - here.D22).Eigenvalues.Largest)
            / distance;
        Assert.That(PointScore.At(network, W1, W2).Rho, Is.AtLeast(ratio * (1 - 1e-9)).And.Positive);
    }

    [Test]
    public void TheSurfaceDoesNotDependOnTheThreads()
    {
        SharedMlp network = new(new MixtureSample(2));
        int rows = 0;
        LossSurface one = LossSurface.Score(network, 10, 11, new ParallelOptions { MaxDegreeOfParallelism = 1 }, () => rows++);
        LossSurface many = LossSurface.Score(network, 10, 11, new ParallelOptions { MaxDegreeOfParallelism = 4 }, () => { });
        Assert.That(rows, Is.EqualTo(11));
        Assert.That(many.Psi, Is.EqualTo(one.Psi));
        Assert.That(many.Bound, Is.EqualTo(one.Bound));
        Assert.That(one.Loss[0, 10], Is.EqualTo(network.LossJet(-10, 10).Value));
        Assert.That(one.Coordinate(5), Is.Zero);
    }
}
