using PacGen.Core.Lanes;
using PacGen.Core.Optimization;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

/// <summary>Each rule against PyTorch's documented recurrence in plain double arithmetic, over 50 steps.</summary>
internal sealed class UpdateRuleTests
{
    private const ulong Seed = 99;
    private const double Rate = 0.01, Decay = 0.03, Mu = 0.9, Beta1 = 0.9, Beta2 = 0.99, Epsilon = 1e-4;

    [Test]
    public void Sgd() => Follow<SgdRule>(
        _ => new(Rate, Decay),
        (int _, ref double w, double g, ref double m, ref double v) => w -= Rate * (g + (Decay * w)));

    [Test]
    public void Momentum() => Follow<MomentumRule>(
        _ => new(Rate, Mu, Decay),
        (int step, ref double w, double g, ref double m, ref double v) =>
        {
            g += Decay * w;
            m = step == 1 ? g : (Mu * m) + g;
            w -= Rate * m;
        });

    [Test]
    public void Nesterov() => Follow<NesterovRule>(
        _ => new(Rate, Mu, Decay),
        (int step, ref double w, double g, ref double m, ref double v) =>
        {
            g += Decay * w;
            m = step == 1 ? g : (Mu * m) + g;
            w -= Rate * (g + (Mu * m));
        });

    [Test]
    public void Adam() => Follow<AdamRule>(
        step => new(step, Rate, Beta1, Beta2, Epsilon, Decay),
        (int step, ref double w, double g, ref double m, ref double v) => AdamStep(step, ref w, g + (Decay * w), ref m, ref v));

    [Test]
    public void AdamW() => Follow<AdamWRule>(
        step => new(step, Rate, Beta1, Beta2, Epsilon, Decay),
        (int step, ref double w, double g, ref double m, ref double v) =>
        {
            w -= Rate * Decay * w;
            AdamStep(step, ref w, g, ref m, ref v);
        });

    [Test]
    public void AdamsSecondMomentIsAlgorithmOnesH()
    {
        RandomStream random = new(Seed, 2);
        Float1 w = new(1), h = default;
        States<Float1> states = default;
        for (int step = 1; step <= 20; step++)
        {
            Float1 g = new((float)random.NextGaussian());
            w = new AdamRule(step, Rate, Beta1, 0.999).Step(w, g, ref states);
            h = SecondMoment.Smooth(h, g, Float1.Constant(0.999f), Float1.Constant((float)(1 - 0.999)));
            Assert.That(states.Second.Value, Is.EqualTo(h.Value), $"seed {Seed}");
        }
    }

    [Test]
    public void StepsCountFromOne() =>
        Assert.That(() => new AdamRule(0, 0.1), Throws.InstanceOf<ArgumentOutOfRangeException>());

    private static void AdamStep(int step, ref double w, double g, ref double m, ref double v)
    {
        m = (Beta1 * m) + ((1 - Beta1) * g);
        v = (Beta2 * v) + ((1 - Beta2) * g * g);
        w -= Rate / (1 - Math.Pow(Beta1, step)) * m / ((Math.Sqrt(v) / Math.Sqrt(1 - Math.Pow(Beta2, step))) + Epsilon);
    }

    private static void Follow<TRule>(Func<int, TRule> rule, Recurrence recurrence)
        where TRule : unmanaged, IUpdateRule
    {
        RandomStream random = new(Seed, 1);
        for (int trial = 0; trial < 100; trial++)
        {
            Float1 w = new((float)random.NextGaussian());
            States<Float1> states = default;
            double exact = w.Value, m = 0, v = 0;
            for (int step = 1; step <= 50; step++)
            {
                float g = (float)random.NextGaussian();
                w = rule(step).Step(w, new Float1(g), ref states);
                recurrence(step, ref exact, g, ref m, ref v);
                Assert.That(
                    w.Value, Is.EqualTo(exact).Within(3e-6 * Math.Max(1, Math.Abs(exact))),
                    $"seed {Seed}, trial {trial}, step {step}");
            }
        }
    }

    private delegate void Recurrence(int step, ref double w, double g, ref double m, ref double v);
}
