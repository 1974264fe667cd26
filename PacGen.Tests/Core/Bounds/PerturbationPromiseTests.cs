using PacGen.Core.Bounds;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

/// <summary>
/// The promise of Lemmas 5, 6, 8 and 9 and Theorem 7: logistic regression with log(1 + exp(−y w·x)) divided by its maximum, a
/// convex loss in [0, 1] with ρ = max|σ″|·max‖x‖³/scale, max|σ″| = 1/(6√3), over 2,000 samples. 𝔼L(w+u) is computed by
/// Gauss–Legendre quadrature of 12 × 12 points. Bounds that lack a part on purpose say which missing parts this could see.
/// </summary>
internal sealed class PerturbationPromiseTests
{
    private const int Trials = 2000;

    /// <summary>
    /// The optimum for the distribution is (2.23, −1.14): inside the box, so that nearly all large samples have a stationary
    /// point in it.
    /// </summary>
    private const double Range = 4, PriorVariance = 21, LargestWeight = 3.2;

    private const ulong Seed = 20_190_404;

    private static readonly FiniteProblem Problem = new();

    private static readonly double Scale = Math.Log(1 + Math.Exp(2 * Range));

    private static readonly LocalSmoothness Smoothness =
        new(Math.Pow(FiniteProblem.Radius, 3) / (6 * Math.Sqrt(3)) / Scale, 0.1, 0.4);

    private static readonly (double X, double W)[] Nodes = GaussLegendre(12);

    /// <summary>Every row that must have been tested.</summary>
    private static readonly string[] Expected =
    [
        "rigorous: (12) at σ*", "rigorous: Lemma 5 (7)", "rigorous: Lemma 6 (13)", "rigorous: Lemma 6 (13), m/2η as published",
        "rigorous: Lemma 6, grid over η",
        "rigorous: Lemma 8 (20), Exact", "rigorous: Lemma 8 (20), Twice", "rigorous: Lemma 8 (20), grid over η",
        "rigorous: Lemma 9 (31)",
        "rigorous: Theorem 7, Constants", "rigorous: Theorem 7, Grid",
        "published: Lemma 8 (20), Published", "published: Theorem 7, Order", "published: Theorem 7, Published",
        "wrong: L̂(w) alone", "wrong: L̂(w) + ℳ", "wrong: L̂(w) + ℳ + log(1/δ)/η", "wrong: L̂(w) + ℳ + log(1/δ)/η + η/2n",
        "wrong: L̂(w) + 𝒢",
    ];

    /// <summary>
    /// η is chosen before any sample is drawn; at η = n the parts (KL + log 1/δ)/η and ℳ are so small that a bound without η/2n
    /// may fail.
    /// </summary>
    [TestCase(30, 20, 0.5)]
    [TestCase(30, 20, 0.05)]
    [TestCase(1000, 63, 0.5)]
    [TestCase(1000, 63, 0.05)]
    [TestCase(1000, 1000, 0.5)]
    [TestCase(1000, 1000, 0.05)]
    public void RigorousBoundsFailInAtMostADeltaFraction(int n, double eta, double delta)
    {
        int halved = 0;
        SortedDictionary<string, (int Failures, int Cases, double Excess)> rows = new(StringComparer.Ordinal);
        void Row(string name, double value, double truth)
        {
            (int failures, int cases, double excess) = rows.GetValueOrDefault(name);
            rows[name] = (failures + (truth > value + 1e-12 ? 1 : 0), cases + 1, excess + value - truth);
        }

        for (int trial = 0; trial < Trials; trial++)
        {
            double[] shares = Problem.Sample(new RandomStream(Seed, (uint)n, (uint)trial), n);
            (double[] w, bool stationary) = Train(shares);
            (double loss, _, double[,] hessian) = Derivatives(shares, w);
            double[] curvature = [hessian[0, 0], hessian[1, 1]], kappa = [Smoothness.Kappa(w[0]), Smoothness.Kappa(w[1])];
            BoundSample sample = new(loss, n, delta);
            Tau tau = Tau.Fixed(Range);

            // Lemma 6, σ* (14).
            double[] sigma = new double[2];
            UniformBound.OptimalSigma<double>(w, curvature, Smoothness, eta, sigma);
            double uniform = ExpectedLoss(Problem.Probability, w, sigma, _ => 1), quadratic = ExpectedLoss(
                shares, w, sigma, _ => 1);
            Row("rigorous: (12) at σ*", UniformBound.AtSigma<double>(sample, eta, Smoothness, w, curvature, sigma, tau).Value,
                uniform);
            Row("rigorous: Lemma 6 (13)", UniformBound.Lemma6<double>(sample, eta, Smoothness, w, curvature, tau).Value, uniform);
            Row("rigorous: Lemma 6 (13), m/2η as published", UniformBound.Lemma6<double>(
                sample, eta, Smoothness, w, curvature, tau, BoundForm.Published).Value, uniform);
            double kl = UniformBound.Kl<double>(w, sigma, Smoothness, tau);
            double[] second = [sigma[0] * sigma[0] / 3, sigma[1] * sigma[1] / 3];
            double cubed = PerturbationBound.CubedNorm<double>(w, second, Smoothness);
            BoundResult lemma5 = PerturbationBound.Lemma5<double>(sample, eta, curvature, second, Smoothness.Rho, cubed, kl);
            Row("rigorous: Lemma 5 (7)", lemma5.Value, uniform);
            if (stationary)
            {
                double half = (hessian[0, 0] + hessian[1, 1]) / 2, gap = (hessian[0, 0] - hessian[1, 1]) / 2;
                double largest = half + Math.Sqrt((gap * gap) + (hessian[0, 1] * hessian[0, 1]));
                Row("rigorous: Lemma 9 (31)", PerturbationBound.Lemma9(
                    sample, eta, largest, second[0] + second[1], Smoothness.Rho, cubed, kl).Value, uniform);
            }

            // ℳ (9) is no statement about chance: it must hold for each sample.
            double sharpness = PerturbationBound.Sharpness<double>(curvature, second, Smoothness.Rho, cubed);
            Assert.That(quadratic - loss, Is.LessThanOrEqualTo(sharpness + 1e-12), $"(9), trial {trial}");
            halved += quadratic - loss > sharpness / 2 ? 1 : 0;

            // Lemma 5 without some of its parts.
            double confidence = lemma5.Term("log(1/δ)/η"), half2n = lemma5.Term("η/2n");
            Row("wrong: L̂(w) alone", loss, uniform);
            Row("wrong: L̂(w) + ℳ", loss + sharpness, uniform);
            Row("wrong: L̂(w) + ℳ + log(1/δ)/η", loss + sharpness + confidence, uniform);
            Row("wrong: L̂(w) + ℳ + log(1/δ)/η + η/2n", loss + sharpness + confidence + half2n, uniform);
            Row("wrong: L̂(w) + 𝒢", lemma5.Value - sharpness, uniform);

            // Lemma 6 with η of the grid: its σ* goes with the η that was chosen.
            BoundResult grid = UniformBound.Lemma6OverGrid<double>(sample, Smoothness, w, curvature, tau);
            double[] own = new double[2];
            UniformBound.OptimalSigma<double>(w, curvature, Smoothness, 2 * n * grid.Term("η/2n"), own);
            Row("rigorous: Lemma 6, grid over η", grid.Value, ExpectedLoss(Problem.Probability, w, own, _ => 1));

            // Theorem 7, σ* (15).
            UniformBound.OptimalSigma<double>(w, curvature, Smoothness, UniformBound.Theorem7Eta(2, n), own);
            double seven = ExpectedLoss(Problem.Probability, w, own, _ => 1);
            foreach (Theorem7Form form in Enum.GetValues<Theorem7Form>())
            {
                string kind = form is Theorem7Form.Grid or Theorem7Form.Constants ? "rigorous" : "published";
                Row($"{kind}: Theorem 7, {form}", UniformBound.Theorem7<double>(
                    sample, Smoothness, w, curvature, tau, form).Value, seven);
            }

            // Lemma 8, each with its own σ*.
            foreach (TruncatedKl form in Enum.GetValues<TruncatedKl>())
            {
                double[] level = [.. curvature.Select(
                    (c, i) => GaussianBound.OptimalSigma(c, kappa[i], 2, Smoothness.Rho, eta, PriorVariance, form))];
                double truth =
                    ExpectedLoss(Problem.Probability, w, kappa, (i, u) => Math.Exp(-u * u / (2 * level[i] * level[i])));
                string kind = form == TruncatedKl.Published ? "published" : "rigorous";
                Row($"{kind}: Lemma 8 (20), {form}", GaussianBound.Lemma8<double>(
                    sample, eta, Smoothness, w, curvature, PriorVariance, form).Value, truth);
            }

            BoundResult gaussian = GaussianBound.Lemma8OverGrid<double>(sample, Smoothness, w, curvature, PriorVariance);
            double[] width = [.. curvature.Select((c, i) => GaussianBound.OptimalSigma(
                c, kappa[i], Smoothness.Rho * Math.Sqrt(2), 2 * n * gaussian.Term("η/2n"), PriorVariance))];
            Row("rigorous: Lemma 8 (20), grid over η", gaussian.Value, ExpectedLoss(
                Problem.Probability, w, kappa, (i, u) => Math.Exp(-u * u / (2 * width[i] * width[i]))));
        }

        TestContext.Out.WriteLine(
            $"logistic regression, cross-entropy, n = {n}, η = {eta}, δ = {delta}, {Trials} samples (seed {Seed}): failures, " +
            $"mean of bound − risk, samples it applies to");
        foreach ((string name, (int failures, int cases, double excess)) in rows)
        {
            TestContext.Out.WriteLine($"| {name} | {failures / (double)cases:P2} | {excess / cases:F3} | {cases} |");
        }

        TestContext.Out.WriteLine($"| ½ℳ for ℳ in (9) | {halved / (double)Trials:P2} | | {Trials} |");
        Assert.That(rows.Keys, Is.EquivalentTo(Expected));
        foreach (string name in Expected)
        {
            (int failures, int cases, _) = rows[name];
            Assert.That(
                cases, name.Contains("Lemma 9", StringComparison.Ordinal) ? Is.GreaterThan(Trials * (n == 30 ? 0.5 : 0.99))
                : Is.EqualTo(Trials), $"{name}: samples");
            if (name.StartsWith("rigorous", StringComparison.Ordinal))
            {
                // Failures among the samples that it speaks of are at most those among all.
                Assert.That(failures, Is.LessThanOrEqualTo(FiniteProblem.Allowed(delta, Trials)), name);
            }
        }

        // What this can see: that there is no 𝒢; at η = n and a small δ, that 𝒢 has lost KL/η and η/2n; in (9), that ℳ is halved.
        Assert.That(rows["wrong: L̂(w) alone"].Failures, Is.GreaterThan(FiniteProblem.Allowed(0.5, Trials)));
        Assert.That(halved, Is.GreaterThan(Trials / 20));
        if (delta == 0.05)
        {
            Assert.That(rows["wrong: L̂(w) + ℳ"].Failures, Is.GreaterThan(FiniteProblem.Allowed(delta, Trials)));
        }

        if (delta == 0.05 && eta == n)
        {
            Assert.That(rows["wrong: L̂(w) + ℳ + log(1/δ)/η"].Failures, Is.GreaterThan(FiniteProblem.Allowed(delta, Trials)));
        }
    }

    /// <summary>
    /// Lemmas 6 and 8 in Seeger and Maurer's inequality, η chosen by each sample: they fail in at most a δ fraction, and are
    /// below the least over a grid. Wrong on purpose: L̂ + ℳ without the inequality.
    /// </summary>
    [TestCase(30, 0.5)]
    [TestCase(1000, 0.05)]
    public void InOtherInequalitiesTheyHoldAtAnyEta(int n, double delta)
    {
        int uniformFailures = 0, gaussianFailures = 0, without = 0;
        double excess = 0, grids = 0;
        double[] deviations = [Math.Sqrt(PriorVariance), Math.Sqrt(PriorVariance)];
        for (int trial = 0; trial < Trials; trial++)
        {
            double[] shares = Problem.Sample(new RandomStream(Seed, (uint)n, (uint)trial), n);
            (double[] w, _) = Train(shares);
            (double loss, _, double[,] hessian) = Derivatives(shares, w);
            double[] h = [hessian[0, 0], hessian[1, 1]], kappa = [Smoothness.Kappa(w[0]), Smoothness.Kappa(w[1])];
            BoundSample sample = new(loss, n, delta);
            BoundResult uniform = CurvatureBound.Uniform<double>(sample, Smoothness, w, h, Tau.Fixed(Range));
            double[] sigma = [.. h.Select((c, i) => Math.Min(
                1 / Math.Sqrt(uniform.Term("η of σ*") * (c + uniform.Term("ρ√V/2 of σ*")) / 3), kappa[i]))];
            double risk = ExpectedLoss(Problem.Probability, w, sigma, _ => 1);
            double expected = ExpectedLoss(shares, w, sigma, _ => 1);
            Assert.That(expected - loss, Is.LessThanOrEqualTo(uniform.Term("ℳ (9)") + 1e-12), "ℳ is of this σ");
            uniformFailures += risk > uniform.Value ? 1 : 0;
            without += risk > loss + uniform.Term("ℳ (9)") ? 1 : 0;
            excess += (uniform.Value - risk) / Trials;
            grids += (UniformBound.Lemma6OverGrid<double>(sample, Smoothness, w, h, Tau.Fixed(Range)).Value - risk) / Trials;

            BoundResult gaussian = CurvatureBound.Gaussian<double>(sample, Smoothness, w, h, [], deviations);
            double[] level = [.. h.Select(c => 1 / Math.Sqrt(
                (gaussian.Term("η of σ*") * (c + gaussian.Term("ρ√V/2 of σ*"))) + (1 / PriorVariance)))];
            double other = ExpectedLoss(Problem.Probability, w, kappa, (i, u) => Math.Exp(-u * u / (2 * level[i] * level[i])));
            gaussianFailures += other > gaussian.Value ? 1 : 0;
        }

        TestContext.Out.WriteLine(
            $"n = {n}, δ = {delta}: Lemma 6 in Maurer–Seeger fails on {uniformFailures / (double)Trials:P2}, Lemma 8 on " +
            $"{gaussianFailures / (double)Trials:P2}, L̂ + ℳ on {without / (double)Trials:P2}; mean of bound − risk " +
                $"{excess:F3}, " +
            $"over the grid {grids:F3}");
        Assert.That(uniformFailures, Is.LessThanOrEqualTo(FiniteProblem.Allowed(delta, Trials)));
        Assert.That(gaussianFailures, Is.LessThanOrEqualTo(FiniteProblem.Allowed(delta, Trials)));
        Assert.That(
            without, Is.GreaterThan(FiniteProblem.Allowed(delta, Trials)), "the test sees that the inequality is missing");
        Assert.That(excess, Is.LessThan(grids));
    }

    /// <summary>
    /// Newton's method on the convex empirical loss; weights beyond the range that τ allows are cut off, and then w is not
    /// stationary.
    /// </summary>
    private static (double[] W, bool Stationary) Train(double[] shares)
    {
        double[] w = [0, 0];
        for (int step = 0; step < 40; step++)
        {
            (_, double[] g, double[,] h) = Derivatives(shares, w);
            double a = h[0, 0] + 1e-9, b = h[0, 1], d = h[1, 1] + 1e-9, determinant = (a * d) - (b * b);
            w = [Math.Clamp(w[0] - (((d * g[0]) - (b * g[1])) / determinant), -Range, Range), Math.Clamp(
                w[1] - (((a * g[1]) - (b * g[0])) / determinant), -Range, Range)];
        }

        double[] cut = [Math.Clamp(w[0], -LargestWeight, LargestWeight), Math.Clamp(w[1], -LargestWeight, LargestWeight)];
        (_, double[] gradient, _) = Derivatives(shares, cut);
        return (cut, Math.Abs(gradient[0]) + Math.Abs(gradient[1]) < 1e-10);
    }

    private static (double Loss, double[] Gradient, double[,] Hessian) Derivatives(double[] weights, double[] w)
    {
        double loss = 0;
        double[] gradient = new double[2];
        double[,] hessian = new double[2, 2];
        for (int cell = 0; cell < FiniteProblem.Cells; cell++)
        {
            (double x1, double x2, int y) = FiniteProblem.Of(cell);
            double margin = y * ((w[0] * x1) + (w[1] * x2)), miss = 1 / (1 + Math.Exp(margin)), share = weights[cell] / Scale;
            loss += share * Math.Log(1 + Math.Exp(-margin));
            gradient[0] -= share * y * miss * x1;
            gradient[1] -= share * y * miss * x2;
            double bend = share * miss * (1 - miss);
            hessian[0, 0] += bend * x1 * x1;
            hessian[1, 1] += bend * x2 * x2;
            hessian[0, 1] += bend * x1 * x2;
        }

        hessian[1, 0] = hessian[0, 1];
        return (Math.Min(loss, 1), gradient, hessian);
    }

    private static double ExpectedLoss(double[] weights, double[] w, double[] width, Func<double, double> density) =>
        ExpectedLoss(weights, w, width, (_, u) => density(u));

    /// <summary>𝔼 of the loss at w + u, u's coordinates independent over ±width with the density given up to a factor.</summary>
    private static double ExpectedLoss(double[] weights, double[] w, double[] width, Func<int, double, double> density)
    {
        double sum = 0, total = 0;
        foreach ((double x1, double w1) in Nodes)
        {
            foreach ((double x2, double w2) in Nodes)
            {
                double mass = w1 * w2 * density(0, x1 * width[0]) * density(1, x2 * width[1]);
                total += mass;
                sum += mass * Loss(weights, w[0] + (x1 * width[0]), w[1] + (x2 * width[1]));
            }
        }

        return sum / total;
    }

    private static double Loss(double[] weights, double w1, double w2)
    {
        double loss = 0;
        for (int cell = 0; cell < FiniteProblem.Cells; cell++)
        {
            (double x1, double x2, int y) = FiniteProblem.Of(cell);
            loss += weights[cell] * Math.Log(1 + Math.Exp(-y * ((w1 * x1) + (w2 * x2))));
        }

        return loss / Scale;
    }

    /// <summary>The nodes and weights over [−1, 1], by Newton's method on the Legendre polynomial.</summary>
    private static (double X, double W)[] GaussLegendre(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        double x = Math.Cos(Math.PI * (i + 0.75) / (count + 0.5)), slope = 0;
        for (int step = 0; step < 20; step++)
        {
            (double before, double value) = (1, x);
            for (int k = 2; k <= count; k++)
            {
                (before, value) = (value, ((((2 * k) - 1) * x * value) - ((k - 1) * before)) / k);
            }

            slope = count * ((x * value) - before) / ((x * x) - 1);
            x -= value / slope;
        }

        return (x, 2 / ((1 - (x * x)) * slope * slope));
    })];
}
