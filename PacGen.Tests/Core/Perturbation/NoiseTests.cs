using MathNet.Numerics;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

/// <summary>The noises have the distributions that they say, for every ratio κ/σ, and stay within κ.</summary>
internal sealed unsafe class NoiseTests
{
    private const ulong Seed = 271828;
    private const int Count = 1 << 18;

    // P(√n·D > 1.95) is 0.001 for Kolmogorov's D; the samples are the same at every run.
    private const double Kolmogorov = 1.95;

    private static readonly double[] Ratios = [.. Enumerable.Range(0, 17).Select(i => Math.Pow(10, (i / 4d) - 2))];

    private static readonly uint[] Words =
        [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xFFFF_FFFF, 0x7FFF_8000, 0x4000_0000, 0xC000_0000];

    private static readonly float[] Levels =
        [0f, float.Epsilon, 1e-38f, 1e-20f, 1e-5f, 0.3f, 1f, 7f, 1e20f, float.MaxValue, float.PositiveInfinity];

    [Test]
    public void TheTruncatedGaussianHasItsDistribution([ValueSource(nameof(Ratios))] double ratio)
    {
        const float sigma = 0.37f;
        float kappa = (float)(ratio * sigma);
        double t = (double)kappa / sigma, mass = SpecialFunctions.Erf(t / Constants.Sqrt2);
        float[] u = Sample<TruncatedGaussianNoise>(sigma, kappa, Count, 1);
        Array.Sort(u);
        Assert.That(
            Distance(u, x => (1 + (SpecialFunctions.Erf(x / sigma / Constants.Sqrt2) / mass)) / 2), Is.LessThan(Kolmogorov),
            $"seed {Seed}");
        Assert.That(Math.Max(u[^1], -u[0]), Is.LessThanOrEqualTo(kappa));
        double scale = Math.Min(sigma, kappa), unit = scale / sigma;
        foreach (int k in new[] { 2, 4 })
        {
            double exact = Moment(k, t) / Math.Pow(unit, k), square = Moment(2 * k, t) / Math.Pow(unit, 2 * k);
            double mean = u.Average(x => Math.Pow(x / scale, k)), deviation = Math.Sqrt((square - (exact * exact)) / Count);
            Assert.That(mean, Is.EqualTo(exact).Within(4 * deviation), $"moment {k}, seed {Seed}");
        }

        Assert.That(u.Average(x => x / scale), Is.Zero.Within(4 / Math.Sqrt(Count)), $"mean, seed {Seed}");
    }

    [Test]
    public void TheUniformHasItsDistribution()
    {
        float[] u = Sample<UniformNoise>(0.37f, 1f, Count, 2);
        Array.Sort(u);
        Assert.That(Distance(u, x => ((x / 0.37) + 1) / 2), Is.LessThan(Kolmogorov), $"seed {Seed}");
        Assert.That(
            u.Average(x => (double)x * x), Is.EqualTo(0.37 * 0.37 / 3).Within(4 * 0.37 * 0.37 * Math.Sqrt(4.0 / 45 / Count)),
            $"seed {Seed}");
    }

    [Test]
    public void TheGaussianHasItsDistribution()
    {
        float[] u = Sample<GaussianNoise>(0.37f, 0.1f, Count, 3);
        Array.Sort(u);
        Assert.That(
            Distance(u, x => (1 + SpecialFunctions.Erf(x / 0.37 / Constants.Sqrt2)) / 2), Is.LessThan(Kolmogorov),
            $"seed {Seed}");
        Assert.That(u.Average(x => Math.Pow(x / 0.37, 2)), Is.EqualTo(1).Within(4 * Math.Sqrt(2.0 / Count)), $"seed {Seed}");
        Assert.That(u.Average(x => Math.Pow(x / 0.37, 4)), Is.EqualTo(3).Within(4 * Math.Sqrt(96.0 / Count)), $"seed {Seed}");
        Assert.That(
            Sample<TruncatedGaussianNoise>(0.37f, float.PositiveInfinity, 1000, 3),
            Is.EqualTo(Sample<GaussianNoise>(0.37f, 1f, 1000, 3)), "κ = ∞");
    }

    [Test]
    public void BothTailsHaveTheirMass()
    {
        // The mass of (4σ, κ) with κ = 6σ: 3.2·10⁻⁵ on either side.
        const int count = 1 << 24;
        double mass = SpecialFunctions.Erf(6 / Constants.Sqrt2);
        double expected = count * (SpecialFunctions.Erfc(4 / Constants.Sqrt2) - SpecialFunctions.Erfc(6 / Constants.Sqrt2)) / (
            2 * mass);
        float[] u = Sample<TruncatedGaussianNoise>(1f, 6f, count, 4);
        Assert.That(u.Count(x => x > 4), Is.EqualTo(expected).Within(4 * Math.Sqrt(expected)), $"seed {Seed}");
        Assert.That(u.Count(x => x < -4), Is.EqualTo(expected).Within(4 * Math.Sqrt(expected)), $"seed {Seed}");
    }

    [Test]
    public void EachDrawIsTheInverseOfItsWord()
    {
        RandomStream random = new(Seed, 5);
        for (int trial = 0; trial < 200_000; trial++)
        {
            // Words of all sizes on either side of a = 0 and a = 1.
            uint word = random.Next() >> random.NextBelow(32);
            word = random.NextBelow(2) == 0 ? word : ~word;
            float sigma = (float)Math.Exp(4 * random.NextGaussian()), kappa = (float)(
                sigma * Math.Pow(10, (6 * random.NextUniform()) - 3));
            double a = ((2.0 * (word & 0x7FFF_FFFF)) + 1) / (1L << 32), x = kappa / (sigma * Constants.Sqrt2),
                sign = word >> 31 == 0 ? 1 : -1;
            double p = a * SpecialFunctions.Erf(x), q = 1 - a + (a * SpecialFunctions.Erfc(x));
            double z = p < 0.5 ? SpecialFunctions.ErfInv(p) : SpecialFunctions.ErfcInv(
                q), exact = sign * sigma * Constants.Sqrt2 * z;
            string message = $"σ = {sigma:R}, κ = {kappa:R}, word {word:X}";
            Assert.That(
                Draw<TruncatedGaussianNoise>(sigma, kappa, word), Is.EqualTo(exact).Within(1e-6 * Math.Abs(exact)), message);
            Assert.That(
                TruncatedGaussianNoise.Sample<Double1, Words1>(new(sigma), new(kappa), new(word)).Value,
                Is.EqualTo(exact).Within(1e-7 * Math.Abs(exact)), message);
        }
    }

    [Test]
    public void NeverBeyondKappaAndSymmetric()
    {
        foreach (float sigma in Levels)
        {
            foreach (float kappa in Levels)
            {
                foreach (uint word in Words)
                {
                    float truncated = Draw<TruncatedGaussianNoise>(sigma, kappa, word), uniform = Draw<UniformNoise>(
                        sigma, kappa, word);
                    string message = $"σ = {sigma}, κ = {kappa}, word {word:X}";
                    if (float.IsInfinity(sigma) && float.IsInfinity(kappa))
                    {
                        Assert.That(truncated, Is.NaN, message);
                        continue;
                    }

                    Assert.That(Math.Abs(truncated), Is.LessThanOrEqualTo(kappa).And.LessThanOrEqualTo(sigma * 6.4), message);
                    Assert.That(Math.Abs(uniform), Is.LessThanOrEqualTo(kappa).And.LessThanOrEqualTo(sigma), message);
                    Assert.That(Draw<TruncatedGaussianNoise>(sigma, kappa, word ^ 0x8000_0000), Is.EqualTo(-truncated), message);
                }
            }
        }
    }

    [Test]
    public void TheTruncatedGaussianAtItsLimits()
    {
        Assert.That(Draw<TruncatedGaussianNoise>(float.PositiveInfinity, 2f, 0x4000_0000), Is.EqualTo(1f), "uniform where σ = ∞");
        Assert.That(
            Draw<TruncatedGaussianNoise>(1e38f, 1e-38f, 0x4000_0000), Is.EqualTo(0.5e-38f).Within(1e-44f),
            "uniform where κ/σ underflows");
        Assert.That(Draw<TruncatedGaussianNoise>(1f, 1e30f, 0x7FFF_FFFF), Is.EqualTo(6.3379f).Within(1e-3f), "the largest");
        Assert.That(Draw<TruncatedGaussianNoise>(float.NaN, 1f, 1), Is.NaN);
        Assert.That(Draw<TruncatedGaussianNoise>(1f, float.NaN, 1), Is.NaN);
        Assert.That(Draw<TruncatedGaussianNoise>(float.NaN, 0f, 1), Is.Zero);
        Assert.That(Draw<GaussianNoise>(0f, 1f, ~0u), Is.Zero);
        Assert.That(Draw<GaussianNoise>(float.NaN, 1f, ~0u), Is.NaN);
    }

    [Test]
    public void TheClosedFormsOfTheMomentsAreThoseOfTheSeries()
    {
        foreach (double t in Ratios.Where(t => t is > 0.3 and < 12))
        {
            double density = Math.Exp(-t * t / 2) / Math.Sqrt(2 * Math.PI), mass = SpecialFunctions.Erf(t / Constants.Sqrt2);
            Assert.That(Moment(2, t), Is.EqualTo(1 - (2 * t * density / mass)).Within(1e-10));
            Assert.That(Moment(4, t), Is.EqualTo(3 - (2 * ((t * t * t) + (3 * t)) * density / mass)).Within(1e-10));
        }
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
        int n = T.Count;
        float* x = stackalloc float[5 * n];
        for (int trial = 0; trial < 5000; trial++)
        {
            uint start = Word(random);
            for (int i = 0; i < n; i++)
            {
                (x[i], x[n + i]) = (Level(random), Level(random));
            }

            T sigma = T.Load(x), kappa = T.Load(x + n);
            T.Store(x + (2 * n), TruncatedGaussianNoise.Sample(sigma, kappa, TWords.Sequence(start)));
            T.Store(x + (3 * n), GaussianNoise.Sample(sigma, kappa, TWords.Sequence(start)));
            T.Store(x + (4 * n), UniformNoise.Sample(sigma, kappa, TWords.Sequence(start)));
            for (int i = 0; i < n; i++)
            {
                uint word = start + (uint)i;
                Assert.That(
                    (x[(2 * n) + i], x[(3 * n) + i], x[(4 * n) + i]),
                    Is.EqualTo((Draw<TruncatedGaussianNoise>(x[i], x[n + i], word), Draw<GaussianNoise>(x[i], x[n + i], word),
                        Draw<UniformNoise>(x[i], x[n + i], word))),
                    $"{typeof(T).Name}, σ = {x[i]:R}, κ = {x[n + i]:R}, word {word:X}");
            }
        }

        static uint Word(RandomStream random) => random.NextBelow(4) == 0 ? Words[random.NextBelow(Words.Length)] : random.Next();
        static float Level(RandomStream random) => random.NextBelow(4) == 0 ? Levels[random.NextBelow(Levels.Length)]
            : (float)Math.Exp(3 * random.NextGaussian());
    }

    private static float Draw<TNoise>(float sigma, float kappa, uint word)
        where TNoise : struct, INoise => TNoise.Sample<Float1, Words1>(new(sigma), new(kappa), new(word)).Value;

    private static float[] Sample<TNoise>(float sigma, float kappa, int count, uint stream)
        where TNoise : struct, INoise
    {
        float[] u = new float[count];
        fixed (float* start = u)
        {
            for (int i = 0; i + 32 <= count; i += 32)
            {
                Words8 a = Words8.Sequence((uint)i / 4), b = Words8.Constant(0), c = Words8.Constant(stream), d = Words8.Constant(
                    0);
                Philox.Generate(ref a, ref b, ref c, ref d, (uint)Seed, (uint)(Seed >> 32));
                Float8.Store(start + i, TNoise.Sample(Float8.Constant(sigma), Float8.Constant(kappa), a));
                Float8.Store(start + i + 8, TNoise.Sample(Float8.Constant(sigma), Float8.Constant(kappa), b));
                Float8.Store(start + i + 16, TNoise.Sample(Float8.Constant(sigma), Float8.Constant(kappa), c));
                Float8.Store(start + i + 24, TNoise.Sample(Float8.Constant(sigma), Float8.Constant(kappa), d));
            }
        }

        return u;
    }

    /// <summary>Kolmogorov's distance of a sorted sample from a distribution function, times √n.</summary>
    private static double Distance(float[] sorted, Func<double, double> distribution)
    {
        double distance = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            double value = distribution(sorted[i]);
            distance = Math.Max(distance, Math.Max(value - ((double)i / sorted.Length), ((i + 1d) / sorted.Length) - value));
        }

        return distance * Math.Sqrt(sorted.Length);
    }

    /// <summary>
    /// 𝔼xᵏ of a standard Gaussian given |x| ≤ t, for even k: a quotient of two series of positive terms; for large t the limit (k
    /// − 1)!!.
    /// </summary>
    private static double Moment(int k, double t)
    {
        double limit = 1;
        for (int i = k - 1; i > 1; i -= 2)
        {
            limit *= i;
        }

        return t > 12 ? limit : Series(k) / Series(0);

        // ∫₀ᵗ xᵏ exp(−x²/2) dx · exp(t²/2) = Σ t^(k+1+2j) / ((k+1)(k+3)…(k+1+2j)).
        double Series(int power)
        {
            double term = Math.Pow(t, power + 1) / (power + 1), sum = 0;
            for (int j = 1; term > 1e-17 * sum; j++)
            {
                sum += term;
                term *= t * t / (power + 1 + (2 * j));
            }

            return sum;
        }
    }
}
