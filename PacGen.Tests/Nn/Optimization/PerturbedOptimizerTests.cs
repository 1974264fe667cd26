using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Algorithm 1 as the sessions run it, step by step against a double loop written from the paper's listing.</summary>
internal sealed class PerturbedOptimizerTests
{
    private const int Steps = 8, StepsPerEpoch = 4;
    private const double ClipNorm = 1.2, Gamma = 0.1, Beta1 = 0.99, Beta2 = 0.1, Epsilon = 1e-3;

    [Test]
    public void FollowsTheListing(
        [Values("sgd", "momentum", "adam", "adam, other β₂", "adam-l2", "adamw", "adamw, other β₂")] string rule,
        [Values] bool clips,
        [Values] bool biasCorrection)
    {
        const ulong Seed = 0x1234_5678_9abc_def1;
        Listing listing =
            new(rule, new AlgorithmOne(biasCorrection ? 3e5 : 5e6, Gamma, Beta1, Beta2, Epsilon, biasCorrection), Seed);
        using CpuDevice device = new(2);
        using ParameterArena arena = new(new Sequential(new Linear(17, 13), new Linear(13, 5)), device, 1);
        int count = (int)arena.Count;
        float[] initial = new float[count];
        RandomStream random = new(Seed, 1);
        for (int i = 0; i < count; i++)
        {
            initial[i] = (float)((2 * random.NextUniform()) - 1);
        }

        arena.Load(initial);
        listing.Start(initial);
        using DeviceBuffer gradients = device.Allocate(count);
        using OptimizerSession session = new PerturbedOptimizer(listing.Optimizer, listing.Algorithm).Attach(
            arena, gradients, Seed);
        int moved = 0, still = 0, clipped = 0;
        float[] applied = new float[count];
        for (int step = 0; step < Steps; step++)
        {
            int epoch = 1 + (step / StepsPerEpoch);
            float[] w = arena.Save();
            session.Perturb(epoch);
            listing.Perturb(epoch);
            float[] forward = new Region(session.ForwardWeights).ToArray();
            Assert.That(Bits(arena.Save()), Is.EqualTo(Bits(w)), "perturbing leaves w alone");
            Close(forward, listing.Forward, $"w + u of step {step + 1}");
            if (step == 0)
            {
                Assert.That(Bits(forward), Is.EqualTo(Bits(w)), "the first step perturbs nothing");
            }

            for (int i = 0; i < count; i++)
            {
                double kappa = (Gamma / Math.Log(1 + epoch) * Math.Abs(w[i])) + Epsilon, u = (double)forward[i] - w[i];
                Assert.That(Math.Abs(u), Is.LessThanOrEqualTo(kappa + (1e-6 * Math.Abs(w[i]))), $"|u[{i}]| of step {step + 1}");
                if (step > 0 && Math.Abs(applied[i]) >= Beta2)
                {
                    still++;
                    Assert.That(forward[i], Is.EqualTo(w[i]), $"|g[{i}]| reaches β₂: step {step + 1} does not perturb it");
                }

                moved += u != 0 ? 1 : 0;
            }

            float[] g = [.. Enumerable.Range(0, count).Select(i => (float)Gradient(i, step, forward[i]))];
            gradients.Write(0, g);
            double rate = listing.Optimizer.LearningRate * (1 - (0.05 * step));
            Assert.That(session.TryUpdate(rate, clips ? ClipNorm : null), Is.True, "the gradient is finite");
            double scale = listing.Update(rate, clips ? ClipNorm : double.PositiveInfinity, step);
            clipped += scale < 1 ? 1 : 0;
            applied = [.. g.Select(value => (float)(value * scale))];
            Assert.That(session.Steps, Is.EqualTo(step + 1));
            Close(new Region(session.SecondMoment!).ToArray(), listing.SecondMoment, $"h after step {step + 1}");
            Close(arena.Save(), listing.Weights, $"w after step {step + 1}");
        }

        Assert.That(moved, Is.GreaterThan(count), "perturbed");
        Assert.That(still, Is.GreaterThan(count / 2), "large gradients");
        Assert.That(listing.CurvatureWon, Is.GreaterThan(count / 4), "σ by curvature");
        Assert.That(listing.KappaWon, Is.GreaterThan(count / 4), "σ by κ");
        Assert.That(clipped, clips ? Is.InRange(2, Steps) : Is.Zero);
    }

    [Test]
    public void AnyNoiseWillDo()
    {
        using CpuDevice device = new(1);
        using ParameterArena arena = new(new Linear(17, 13), device, 1);
        using DeviceBuffer gradients = device.Allocate(arena.Count);
        PerturbedOptimizer uniform = new(new Sgd(0.1), eta: 1e-6, gamma: 0.5);
        float[] Forward(Optimizer optimizer)
        {
            using OptimizerSession session = optimizer.Attach(arena, gradients, 3);
            Assert.That(session.TryUpdate(0.1), Is.True);
            session.Perturb(1);
            return new Region(session.ForwardWeights).ToArray();
        }

        // No gradient and a small η: σ is κ.
        float[] w = arena.Save(), half = Forward(uniform.WithNoise<HalfKappa>());
        float[] gaussian = Forward(uniform.WithNoise<TruncatedGaussianNoise>()), flat = Forward(uniform);
        Assert.That(gaussian, Is.Not.EqualTo(flat));
        for (int i = 0; i < w.Length; i++)
        {
            double kappa = (0.5 / Math.Log(2) * Math.Abs(w[i])) + 1e-5;
            Assert.That(half[i], Is.EqualTo(w[i] + (kappa / 2)).Within(1e-6), $"element {i}");
            Assert.That(gaussian[i], Is.EqualTo(w[i]).Within(kappa + 1e-6), $"element {i}");
        }

        Assert.That(uniform.ToString(), Does.Contain("UniformNoise"));
        Assert.That(uniform.WithNoise<TruncatedGaussianNoise>().ToString(), Does.Contain("TruncatedGaussianNoise"));
    }

    /// <summary>A noise that is none, from outside the library.</summary>
    private readonly struct HalfKappa : INoise
    {
        public static T Sample<T, TWords>(T sigma, T kappa, TWords word)
            where T : struct, ILane<T, TWords>
            where TWords : struct, IWords<TWords> => T.Min(sigma, kappa) * T.Constant(0.5f);
    }

    /// <summary>A gradient that tells which weights, which step and which parameter it is of.</summary>
    private static double Gradient(int i, int step, double weight) =>
        (0.03 + (0.01 * (i % 23))) * (1 + (0.1 * step)) * Math.Cos((5 * weight) + (0.37 * i) + (0.9 * step));

    private static void Close(float[] actual, double[] expected, string what)
    {
        double floor = 1e-3 * expected.Max(Math.Abs);
        double worst = actual.Zip(expected, (a, e) => Math.Abs(a - e) / (Math.Abs(e) + floor)).Max();
        Assert.That(worst, Is.LessThan(1e-5), what);
    }

    private static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];

    /// <summary>The listing, line by line, for every parameter by itself.</summary>
    private sealed class Listing(string rule, AlgorithmOne algorithm, ulong seed)
    {
        private const double Rate = 0.02, Momentum = 0.9, AdamBeta1 = 0.9, AdamEpsilon = 1e-8, Decay = 0.05;
        private readonly double adamBeta2 = rule.EndsWith("other β₂", StringComparison.Ordinal) ? 0.98 : Beta1;
        private double[] previousH = [], previousW = [], g = [], m = [], v = [];
        private int t;

        public AlgorithmOne Algorithm => algorithm;

        public double[] Weights { get; private set; } = [];

        public double[] Forward { get; private set; } = [];

        public double[] SecondMoment { get; private set; } = [];

        public int KappaWon { get; private set; }

        public int CurvatureWon { get; private set; }

        public Optimizer Optimizer { get; } = rule switch
        {
            "sgd" => new Sgd(Rate),
            "momentum" => new Sgd(Rate, Momentum),
            "adam" => new Adam(Rate, AdamBeta1, Beta1, AdamEpsilon),
            "adam, other β₂" => new Adam(Rate, AdamBeta1, 0.98, AdamEpsilon),
            "adam-l2" => new Adam(Rate, AdamBeta1, Beta1, AdamEpsilon, Decay),
            "adamw" => new AdamW(Rate, AdamBeta1, Beta1, AdamEpsilon, Decay),
            _ => new AdamW(Rate, AdamBeta1, 0.98, AdamEpsilon, Decay),
        };

        public void Start(float[] weights)
        {
            Weights = [.. weights.Select(value => (double)value)];
            (previousW, previousH, SecondMoment, g, m, v) =
                (Weights, new double[weights.Length], new double[weights.Length], new double[weights.Length], new double[
                    weights.Length], new double[weights.Length]);
        }

        public void Perturb(int epoch)
        {
            Forward = [.. Weights];
            if (t == 0)
            {
                return;
            }

            const uint Stream = ('p' << 24) | ('e' << 16) | ('r' << 8) | 't';
            double distance = Math.Sqrt(Weights.Zip(previousW, (a, b) => (a - b) * (a - b)).Sum());
            for (int i = 0; i < Weights.Length; i++)
            {
                double h = SecondMoment[i], change = Math.Abs(h - previousH[i]);
                if (algorithm.BiasCorrection)
                {
                    h /= 1 - Math.Pow(Beta1, t);
                    change = t == 1 ? 0 : Math.Abs(h - (previousH[i] / (1 - Math.Pow(Beta1, t - 1))));
                }

                double rho = change / distance;
                double kappa = (Gamma / Math.Log(1 + epoch) * Math.Abs(Weights[i])) + Epsilon;
                double level = 1 / (Math.Log(1 + epoch) * Math.Sqrt(algorithm.Eta * (h + (rho * kappa))));
                if (Math.Abs(g[i]) < Beta2)
                {
                    KappaWon += kappa < level ? 1 : 0;
                    CurvatureWon += level < kappa ? 1 : 0;
                    double symmetric = (((Philox.Word(seed, Stream, (uint)t, i) >> 9) + 0.5) / (1 << 22)) - 1;
                    Forward[i] += Math.Min(level, kappa) * symmetric;
                }
            }
        }

        /// <summary>Lines 10 to 13; returns what clipping multiplied the gradient by.</summary>
        public double Update(double rate, double clipNorm, int step)
        {
            g = [.. Forward.Select((weight, i) => Gradient(i, step, weight))];
            double scale = Math.Min(1, clipNorm / Math.Sqrt(g.Sum(value => value * value)));
            (previousW, previousH) = ([.. Weights], [.. SecondMoment]);
            t++;
            for (int i = 0; i < g.Length; i++)
            {
                g[i] *= scale;
                SecondMoment[i] = (Beta1 * SecondMoment[i]) + ((1 - Beta1) * g[i] * g[i]);
                switch (rule)
                {
                    case "sgd":
                        Weights[i] -= rate * g[i];
                        break;
                    case "momentum":
                        m[i] = (Momentum * m[i]) + g[i];
                        Weights[i] -= rate * m[i];
                        break;
                    default:
                        double a = g[i] + (rule == "adam-l2" ? Decay * Weights[i] : 0);
                        Weights[i] *= rule.StartsWith("adamw", StringComparison.Ordinal) ? 1 - (rate * Decay) : 1;
                        m[i] = (AdamBeta1 * m[i]) + ((1 - AdamBeta1) * a);
                        v[i] = (adamBeta2 * v[i]) + ((1 - adamBeta2) * a * a);
                        Weights[i] -= rate * (m[i] / (1 - Math.Pow(AdamBeta1, t))) / (
                            Math.Sqrt(v[i] / (1 - Math.Pow(adamBeta2, t))) + AdamEpsilon);
                        break;
                }
            }

            return scale;
        }
    }
}
