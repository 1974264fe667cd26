using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using PacGen.Core.Bounds;

namespace PacGen.Tests.Core;

/// <summary>What the paper's bounds take, at random over many orders of magnitude; the seed says all.</summary>
internal sealed class PerturbationProblem
{
    private readonly Random random;

    public PerturbationProblem(int seed)
    {
        random = new Random(seed);
        int m = random.Next(1, 9);
        Weights = [.. Enumerable.Range(0, m).Select(_ => random.Next(5) == 0 ? 0 : (random.NextDouble() - 0.5) * Log(-3, 1))];
        Curvature = [.. Enumerable.Range(0, m).Select(_ => random.Next(5) == 0 ? 0 : Log(-4, 4))];
        Smoothness = new(random.Next(5) == 0 ? 0 : Log(-3, 3), random.Next(5) == 0 ? 0 : Log(-3, 0), Log(-4, 0));
        Eta = Log(-1, 5);
        Sample = new(random.NextDouble(), (long)Log(0, 9), Log(-9, -0.01));
        UniformTau = Tau.Fixed(Weights.Max(w => Math.Abs(w) + Smoothness.Kappa(w)) * Log(0, 2));
        GaussianTau = Weights.Sum(w => w * w) + Log(-3, 2);
    }

    public double[] Weights { get; }

    public double[] Curvature { get; }

    public LocalSmoothness Smoothness { get; }

    public double Eta { get; }

    public BoundSample Sample { get; }

    public Tau UniformTau { get; }

    public double GaussianTau { get; }

    public double[] Kappa => [.. Weights.Select(Smoothness.Kappa)];

    public int Parameters => Weights.Length;

    /// <summary>Checks a property on 300 problems, the same ones each time.</summary>
    public static void ForAll(Action<PerturbationProblem> property) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(
            FSharpOption<Replay>.Some(new Replay(new Rnd(20_190_401), FSharpOption<int>.None))),
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue - 1)), seed => property(new PerturbationProblem(seed))));

    /// <summary>10 to a power between two.</summary>
    public double Log(double low, double high) => Math.Pow(10, low + ((high - low) * random.NextDouble()));

    /// <summary>
    /// The least value of a function of one variable, by golden section, if it has one valley between the ends.
    /// </summary>
    public static (double Place, double Value) Minimum(Func<double, double> function, double low, double high)
    {
        double golden = (Math.Sqrt(5) - 1) / 2, a = high - (golden * (high - low)), b = low + (golden * (high - low));
        double fa = function(a), fb = function(b);
        for (int step = 0; step < 90; step++)
        {
            if (fa <= fb)
            {
                (high, b, fb) = (b, a, fa);
                a = high - (golden * (high - low));
                fa = function(a);
            }
            else
            {
                (low, a, fa) = (a, b, fb);
                b = low + (golden * (high - low));
                fb = function(b);
            }
        }

        return fa < fb ? (a, fa) : (b, fb);
    }
}
