using PacGen.Core.Lanes;
using PacGen.Core.Optimization;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

internal sealed unsafe class PerturbationFormulaTests
{
    private const ulong Seed = 4242;

    [Test]
    public void KappaIsDefinition4()
    {
        Assert.That(Kappa.Of<Double1>(new(-2), new(0.1), new(0.01)).Value, Is.EqualTo(0.21).Within(1e-15));
        Assert.That(Kappa.Of<Float1>(new(0), new(0.1f), new(1e-5f)).Value, Is.EqualTo(1e-5f));
        Assert.That(NoiseSchedule.Logarithmic.Gamma(0.1, 1), Is.EqualTo(0.1 / Math.Log(2)));
        Assert.That(() => NoiseSchedule.Logarithmic.Gamma(0.1, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void SigmaIsLine8()
    {
        // By hand: h + ρκ = 3 + 2·0.5 = 4, η = 25, epoch such that log(1 + epoch) = log 2: 1/(log 2 · √100) = 0.144…
        double scale = NoiseSchedule.Logarithmic.CurvatureScale(25, 1);
        Assert.That(Sigma(0.05, 3, 2, 0.5, scale), Is.EqualTo(1 / (Math.Log(2) * 10)).Within(1e-15));
        Assert.That(Sigma(0.05, 3, 2, 0.5, 1e-9), Is.EqualTo(0.5), "κ caps it");
        Assert.That(Sigma(-0.11, 3, 2, 0.5, scale), Is.Zero, "|g| reaches β₂");
        Assert.That(Sigma(0.0999, 3, 2, 0.5, scale), Is.Positive);
    }

    [Test]
    public void TheScheduleScalesKappaAndSigmaAlike()
    {
        NoiseSchedule rising = NoiseSchedule.Constant with { WarmUp = 4 };
        Assert.That(rising.Gamma(0.5, 1), Is.EqualTo(0.1).Within(1e-15));
        Assert.That(rising.Gamma(0.5, 4), Is.EqualTo(0.4).Within(1e-15));
        Assert.That(rising.Gamma(0.5, 5), Is.EqualTo(0.5));
        Assert.That(rising.Gamma(0.5, 6), Is.EqualTo(0.5));
        Assert.That(1 / Math.Sqrt(rising.CurvatureScale(4, 1)), Is.EqualTo(0.2 / 2).Within(1e-15));
        Assert.That(() => rising with { WarmUp = -1 }, Throws.InstanceOf<ArgumentOutOfRangeException>());
        AlgorithmOne listing = new(eta: 4, gamma: 0.5, epsilon: 1e-3), other = listing with { Schedule = rising };
        PerturbSettings first = other.Settings(1, 1, 1, 1, 1, 1), log = listing.Settings(1, 1, 1, 1, 1, 1);
        Assert.That(first.Gamma, Is.EqualTo(0.1f));
        Assert.That(first.Epsilon, Is.EqualTo(2e-4f));
        Assert.That(first.CurvatureScale, Is.EqualTo(100f));
        Assert.That(log.Gamma, Is.EqualTo((float)(0.5 / Math.Log(2))));
        Assert.That(log.Epsilon, Is.EqualTo(1e-3f));
        Assert.That((listing with { Schedule = NoiseSchedule.Logarithmic }), Is.EqualTo(listing));
    }

    [Test]
    public void SigmaIsNeverNaN()
    {
        float[] curvatures = [0f, 1e-45f, 1e38f, float.PositiveInfinity, -1f, float.NaN];
        foreach (float h in curvatures)
        {
            foreach (float rho in new[] { 0f, 1e38f, float.PositiveInfinity })
            {
                foreach (float kappa in new[] { 0f, 1e-5f, 1f })
                {
                    Float1 curvature = OptimalSigma.AlgorithmOneCurvature<Float1>(new(h), new(rho), new(kappa), new(10f));
                    float sigma = OptimalSigma.AlgorithmOne<Float1>(new(0), curvature, new(kappa), new(0.1f)).Value;
                    Assert.That(sigma, Is.InRange(0f, kappa), $"h = {h}, ρ = {rho}, κ = {kappa}");
                    if (h <= 0 && rho == 0)
                    {
                        Assert.That(sigma, Is.EqualTo(kappa));
                    }
                }
            }
        }
    }

    [Test]
    public void RhoWithoutHistoryIsTheChangeOfH([Values] bool biasCorrection)
    {
        RandomStream random = new(Seed, 1);
        const double beta = 0.9, norm = 0.37;
        double h = 0, corrected = 0;
        for (int step = 1; step <= 20; step++)
        {
            double g = random.NextGaussian(), before = biasCorrection ? corrected : h;
            h = SecondMoment.Smooth<Double1>(new(h), new(g), new(beta), new(1 - beta)).Value;
            corrected = h * SecondMoment.BiasCorrection(beta, step);
            double now = biasCorrection ? corrected : h;
            if (step > 1 || !biasCorrection)
            {
                double rho = Rho.Estimate<Double1>(
                    new(g), new(now), new(Rho.Scale(beta, norm, biasCorrection, step))).Value;
                Assert.That(rho, Is.EqualTo(Math.Abs(now - before) / norm).Within(1e-12), $"seed {Seed}, step {step}");
            }
        }
    }

    [Test]
    public void RhoIsZeroWhereNoStepMovedTheWeights()
    {
        Assert.That(Rho.Scale(0.999, 0), Is.Zero);
        Assert.That(Rho.Scale(0.999, 1, biasCorrection: true, steps: 1), Is.Zero);
        Assert.That(Rho.Scale(0.999, double.NaN), Is.Zero);
        Assert.That((float)Rho.Scale(0.999, 1e-320), Is.EqualTo(float.MaxValue));
    }

    [Test]
    public void BiasCorrectedSecondMomentOfAConstantGradientIsItsSquare()
    {
        double h = 0;
        for (int step = 1; step <= 50; step++)
        {
            h = SecondMoment.Smooth<Double1>(new(h), new(3), new(0.99), new(1 - 0.99)).Value;
            Assert.That(h * SecondMoment.BiasCorrection(0.99, step), Is.EqualTo(9).Within(1e-12));
        }

        Assert.That(() => SecondMoment.BiasCorrection(0.99, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void FloatsFollowTheDoubleReference()
    {
        RandomStream random = new(Seed, 2);
        for (int trial = 0; trial < 20_000; trial++)
        {
            PerturbSettings settings = new AlgorithmOne(eta: 50 * random.NextUniform() + 1).Settings(
                1 + random.NextBelow(30), 5, 0.01 + random.NextUniform(), Seed, 3, 4);
            float w = (float)random.NextGaussian(), g = (float)(0.05 * random.NextGaussian()), h = (float)Math.Pow(
                10, (8 * random.NextUniform()) - 8);
            uint word = random.Next();
            double u = Perturbed<UniformNoise>.Sample<Float1, Words1>(new(w), new(h), new(g), new(word), settings).Value;
            double exact = Perturbed<UniformNoise>.Sample<Double1, Words1>(new(w), new(h), new(g), new(word), settings).Value;
            Assert.That(u, Is.EqualTo(exact).Within(4e-7 * Math.Abs(exact)), $"seed {Seed}, trial {trial}");
        }
    }

    [Test]
    public void NothingIsPerturbedBeforeTheFirstStep()
    {
        PerturbSettings settings = new AlgorithmOne(1).Settings(1, 0, 0, Seed, 1, 1);
        Assert.That(Perturbed<UniformNoise>.Sample<Float1, Words1>(new(3), new(0), new(0), new(~0u), settings).Value, Is.Zero);
    }

    /// <summary>Also where h + ρκ is 0, which any finite η leaves at κ.</summary>
    [Test]
    public void AnInfiniteEtaPerturbsNothing([Values(0, 1e-6f)] float h)
    {
        Assert.That(U(new AlgorithmOne(double.PositiveInfinity)), Is.Zero);
        Assert.That(
            U(new AlgorithmOne(1e30)), h == 0 ? Is.EqualTo((3 * 0.1 / Math.Log(2)) + 1e-5).Within(1e-6) : Is.LessThan(1e-9));

        double U(AlgorithmOne algorithm)
        {
            PerturbSettings settings = algorithm.Settings(1, 5, 0, Seed, 1, 1);
            return Perturbed<UniformNoise>.Sample<Double1, Words1>(new(3), new(h), new(0), new(~0u), settings).Value;
        }
    }

    [Test]
    public void PlainerLevels()
    {
        AlgorithmOne kappa = new AlgorithmOne(7, gamma: 0.5, epsilon: 0.1) with { Level = SigmaLevel.Kappa };
        double scheduled = (3 * 0.5 / Math.Log(4)) + 0.1, whole = (3 * 0.5) + 0.1;
        Assert.That(U(kappa, 3, 5, 0.01), Is.EqualTo(scheduled).Within(1e-6), "whatever h is");
        Assert.That(U(kappa, 3, 5, 0.2), Is.Zero, "where the gradient is large");
        Assert.That(U(kappa, 3, 0, 0.01), Is.Zero, "at first");
        AlgorithmOne plain = kappa with { Level = SigmaLevel.Fixed };
        Assert.That(U(plain, 3, 0, 5), Is.EqualTo(whole).Within(1e-6), "whatever epoch, step, h and g are");
        Assert.That(U(plain, 9, 5, 0), Is.EqualTo(whole).Within(1e-6));

        static double U(AlgorithmOne algorithm, int epoch, long steps, double gradient) =>
            Perturbed<UniformNoise>.Sample<Double1, Words1>(
                new(3), new(100), new(gradient), new(~0u), algorithm.Settings(epoch, steps, 0.1, Seed, 1, 1)).Value;
    }

    [Test]
    public void WholeNeighborhoodReachesUpToKappa()
    {
        PerturbSettings settings = PerturbSettings.WholeNeighborhood(new Neighborhood(0.1, 0.1), Seed, 1, 1);
        float u = Perturbed<UniformNoise>.Sample<Float1, Words1>(new(-3), new(5), new(7), new(~0u), settings).Value;
        Assert.That(u, Is.EqualTo(0.4f).Within(1e-6f));
    }

    [Test]
    public void AlgorithmOneRefusesWhatHasNoMeaning()
    {
        Assert.That(() => new AlgorithmOne(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new AlgorithmOne(double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new AlgorithmOne(1, gamma: -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new AlgorithmOne(1, beta1: 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new AlgorithmOne(1, beta2: -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new AlgorithmOne(1, epsilon: double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
        AlgorithmOne given = new(1);
        Assert.That(
            () => given with { Eta = double.NaN }, Throws.InstanceOf<ArgumentOutOfRangeException>(), "a copy is checked as well");
        Assert.That(() => given with { Beta1 = 1 }, Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => given with { Beta2 = double.NaN }, Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(
            () => given with { Neighborhood = given.Neighborhood with { Epsilon = 0 } },
            Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new AlgorithmOne(1).Settings(0, 1, 1, 0, 0, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void TheTermOfPsiIsTheSummandOf24()
    {
        RandomStream random = new(Seed, 5);
        int kappaWins = 0;
        for (int trial = 0; trial < 20_000; trial++)
        {
            double w = random.NextGaussian(), kappa = (0.1 * Math.Abs(w)) + 0.01, h = Math.Pow(
                10, (8 * random.NextUniform()) - 3) - 0.1;
            double rhoRootM = random.NextBelow(2) == 0 ? 0 : 1e4 * random.NextUniform();
            double expected =
                Math.Log((Math.Abs(w) + kappa) * Math.Max(Math.Sqrt(Math.Max(h + (rhoRootM * kappa), 0)), 1 / kappa));
            Double1 exact = PsiTerm.Of<Double1>(new(w), new(kappa), new(h), new(rhoRootM), out Double1 won);
            Assert.That(exact.Value, Is.EqualTo(expected).Within(1e-13));
            Assert.That(won.Value != 0, Is.EqualTo(1 / kappa >= Math.Sqrt(Math.Max(h + (rhoRootM * kappa), 0))));
            kappaWins += won.Value != 0 ? 1 : 0;
            float term = PsiTerm.Of<Float1>(new((float)w), new((float)kappa), new((float)h), new((float)rhoRootM), out _).Value;
            Assert.That(term, Is.EqualTo(expected).Within(1e-6 + (1e-7 * Math.Abs(expected))), $"seed {Seed}, trial {trial}");
        }

        Assert.That(kappaWins, Is.InRange(1000, 19_000));
    }

    [Test]
    public void TheTermOfPsiAtItsLimits()
    {
        Assert.That(Term(1, 0.5f, 0, 0), Is.EqualTo(MathF.Log(3)).Within(1e-6f), "h = 0: (|w| + κ)/κ");
        Assert.That(Term(1, 0.5f, -3, 0), Is.EqualTo(MathF.Log(3)).Within(1e-6f), "a negative curvature counts as 0");
        Assert.That(
            Term(1e10f, 1e9f, 1e38f, 1e38f), Is.EqualTo(Math.Log(1.1e10) + (0.5 * Math.Log(float.MaxValue))).Within(1e-4),
            "no overflow");
        Assert.That(Term(0, 1e-37f, 0, 0), Is.EqualTo(0f).Within(1e-6f));
        Assert.That(Term(1, 0.5f, float.NaN, 0), Is.NaN, "a NaN is never hidden");
    }

    [Test]
    public void AllLanesGiveTheSameBits()
    {
        Same<Float4, Words4>();
        Same<Float8, Words8>();
        Same<Float16, Words16>();
    }

    private static void Same<T, TWords>()
        where T : struct, IMemoryLane<T>, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        RandomStream random = new(Seed, 6);
        PerturbSettings settings = new AlgorithmOne(20).Settings(3, 5, 0.1, Seed, 3, 4);
        int n = T.Count;
        float* x = stackalloc float[7 * n];
        for (int trial = 0; trial < 2000; trial++)
        {
            uint start = random.Next();
            for (int i = 0; i < n; i++)
            {
                (x[i], x[n + i], x[(2 * n) + i]) = (
                    (float)random.NextGaussian(), (float)Math.Pow(10, (8 * random.NextUniform()) - 8),
                    (float)(0.05 * random.NextGaussian()));
            }

            T w = T.Load(x), h = T.Load(x + n), g = T.Load(x + (2 * n));
            T.Store(x + (3 * n), Perturbed<UniformNoise>.Sample(w, h, g, TWords.Sequence(start), settings));
            T.Store(x + (4 * n), PsiTerm.Of(w, Kappa.Of(w, T.Constant(0.1f), T.Constant(0.01f)), h, T.Constant(30f), out _));
            T.Store(x + (5 * n), Steps(w, g, h));
            for (int i = 0; i < n; i++)
            {
                Float1 w1 = new(x[i]), h1 = new(x[n + i]), g1 = new(x[(2 * n) + i]);
                float u = Perturbed<UniformNoise>.Sample(w1, h1, g1, new Words1(start + (uint)i), settings).Value;
                float psi = PsiTerm.Of<Float1>(w1, Kappa.Of<Float1>(w1, new(0.1f), new(0.01f)), h1, new(30f), out _).Value;
                Assert.That(
                    (x[(3 * n) + i], x[(4 * n) + i], x[(5 * n) + i]), Is.EqualTo((u, psi, Steps(w1, g1, h1).Value)),
                    $"seed {Seed}, trial {trial}");
            }
        }
    }

    private static T Steps<T>(T w, T g, T h)
        where T : struct, ILane<T>
    {
        States<T> adam = default, momentum = default;
        (adam.First, adam.Second) = (g * T.Constant(0.3f), h);
        momentum.First = adam.First;
        States<T> adamW = adam, nesterov = momentum;
        w = new AdamRule(3, 1e-3, weightDecay: 0.01).Step(w, g, ref adam);
        w = new AdamWRule(3, 1e-3).Step(w, g, ref adamW);
        w = new MomentumRule(1e-3, 0.9, 0.01).Step(w, g, ref momentum);
        w = new NesterovRule(1e-3, 0.9, 0.01).Step(w, g, ref nesterov);
        return new SgdRule(1e-3, 0.01).Step(w, g, ref adam);
    }

    private static double Sigma(double g, double h, double rho, double kappa, double scale) =>
        OptimalSigma.AlgorithmOne(
            new(g), OptimalSigma.AlgorithmOneCurvature<Double1>(new(h), new(rho), new(kappa), new(scale)), new(kappa),
            Double1.Constant(0.1f)).Value;

    private static float Term(float w, float kappa, float h, float rhoRootM) =>
        PsiTerm.Of<Float1>(new(w), new(kappa), new(h), new(rhoRootM), out _).Value;
}
