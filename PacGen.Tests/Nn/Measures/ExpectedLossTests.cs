using MathNet.Numerics.LinearAlgebra;
using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// Expected losses of least squares, where 𝔼L̂(w + u) = L̂(w) + ½ Σ Hᵢᵢ 𝔼uᵢ² for independent, centred u, and Gaussian variances
/// are known.
/// </summary>
internal sealed class ExpectedLossTests
{
    [TestCase(0.1, false)]
    [TestCase(0.5, false)]
    [TestCase(0.5, true)]
    public void ExpectedSharpnessIsHalfTheTraceTimesTheVariance(double sigma, bool antithetic)
    {
        using Quadratic quadratic = Quadratic.Full();
        const int Draws = 500;
        ExpectedSharpness found = ExpectedSharpnessSampler.Measure(
            quadratic.Empirical, new ExpectedLossOptions { Sigma = sigma, Draws = Draws, Antithetic = antithetic, Seed = 4 });

        // Var = σ²‖g‖² + ½σ⁴‖H‖_F²; a pair's mean has no linear part.
        double linear = antithetic ? 0 : Math.Pow(sigma * quadratic.GradientAt(quadratic.Weights).L2Norm(), 2);
        double error = Math.Sqrt((linear + (Math.Pow(sigma, 4) * Math.Pow(quadratic.Hessian.FrobeniusNorm(), 2) / 2)) / Draws);
        Assert.That(found.StandardError, Is.EqualTo(error).Within(25).Percent);
        Assert.That(found.Value, Is.EqualTo(sigma * sigma * quadratic.Hessian.Trace() / 2).Within(5 * error));
        Assert.That(found.Loss, Is.EqualTo(quadratic.ValueAt(quadratic.Weights)).Within(1e-4).Percent);
        Assert.That(found.Value, Is.EqualTo(found.Expected.Loss.Value - found.Loss));
        Assert.That(found.Expected.ZeroOne, Is.Null, "a regression has no 0-1 loss");
        Assert.That(found.ToString(), Does.Contain("±"));
    }

    [Test]
    public void UniformNoiseOfOwnLevels()
    {
        using Quadratic quadratic = Quadratic.Full();
        float[] levels = [.. Enumerable.Range(0, 7).Select(i => 0.1f * i)];
        ExpectedLoss found = ExpectedLossSampler.Measure<UniformNoise>(
            quadratic.Empirical, new ExpectedLossOptions { Draws = 800, Sigma = 2, Antithetic = true, Levels = levels });
        double rise = Enumerable.Range(0, 7).Sum(i => quadratic.Hessian[i, i] * Math.Pow(2 * levels[i], 2) / 6);
        Assert.That(
            found.Loss.Value - quadratic.ValueAt(quadratic.Weights), Is.EqualTo(rise).Within(5 * found.Loss.StandardError));
        Assert.That(found.Loss.StandardError, Is.LessThan(0.05 * rise), "so that the test tells something");
    }

    [Test]
    public void ATruncatedGaussian()
    {
        using Quadratic quadratic = Quadratic.Full();
        const double Sigma = 0.4, Gamma = 0.3, Epsilon = 0.2;
        ExpectedLossOptions options = new() { Draws = 800, Sigma = Sigma, Neighborhood = new(Gamma, Epsilon), Antithetic = true };
        ExpectedLoss found = ExpectedLossSampler.Measure<TruncatedGaussianNoise>(quadratic.Empirical, options);
        Vector<double> w = quadratic.Weights;
        double rise = Enumerable.Range(0, 7).Sum(i =>
        {
            // 𝔼u² = σ²(1 − 2aφ(a)/(2Φ(a) − 1)), a = κ/σ.
            double a = ((Gamma * Math.Abs(w[i])) + Epsilon) / Sigma;
            double density = Math.Exp(-a * a / 2) / Math.Sqrt(2 * Math.PI);
            return quadratic.Hessian[i, i] * Sigma * Sigma * (
                1 - (2 * a * density / MathNet.Numerics.SpecialFunctions.Erf(a / Math.Sqrt(2)))) / 2;
        });
        Assert.That(found.Loss.Value - quadratic.ValueAt(w), Is.EqualTo(rise).Within(5 * found.Loss.StandardError));
        Assert.That(found.Loss.StandardError, Is.LessThan(0.05 * rise));
    }

    [Test]
    public void AClassifierHasAllThreeLosses()
    {
        Dataset digits = Datasets.Digits();
        Mlp model = new(64, 20, 10);
        using Trainer trainer = new(model, digits, new Sgd(0.1), new TrainingOptions { Epochs = 3 });
        trainer.Run();
        using EmpiricalLoss empirical = new(model, trainer.Arena, digits.Test);
        LossValues still = empirical.Losses(1e-3);
        ExpectedLossOptions options = new() { Sigma = 0, Draws = 3, SmallestProbability = 1e-3 };
        ExpectedLoss unmoved = ExpectedLossSampler.Measure<GaussianNoise>(empirical, options);
        Assert.That(unmoved.Values, Has.All.EqualTo(still));
        Assert.That(unmoved.ZeroOne!.Value.StandardError, Is.Zero);

        float[] before = trainer.Arena.Save();
        ExpectedLoss moved = ExpectedLossSampler.Measure<GaussianNoise>(empirical, options with { Sigma = 0.3, Draws = 10 });
        Assert.That(moved.Loss.Value, Is.GreaterThan(still.Loss));
        Assert.That(moved.ZeroOne!.Value.Value, Is.GreaterThan(still.ZeroOne).And.LessThan(1));
        Assert.That(moved.BoundedCrossEntropy!.Value.Value, Is.GreaterThan(still.BoundedCrossEntropy).And.LessThan(1));
        Assert.That(moved.Values.Average(value => value.ZeroOne), Is.EqualTo(moved.ZeroOne.Value.Value).Within(1e-12));
        Assert.That(trainer.Arena.Save(), Is.EqualTo(before));
        Assert.That(moved.ToString(), Does.Contain("0-1 loss").And.Contain("bounded cross-entropy"));
    }

    [Test]
    public void ASeedDecidesAndThreadsDoNot()
    {
        Dataset digits = Datasets.Digits();
        Mlp model = new(64, 6, 10);
        IReadOnlyList<LossValues> Of(Device device, ulong seed)
        {
            using ParameterArena arena = new(model, device, 5);
            using EmpiricalLoss empirical = new(model, arena, digits.Test);
            return ExpectedLossSampler.Measure<GaussianNoise>(
                empirical, new ExpectedLossOptions { Sigma = 0.1, Draws = 4, Seed = seed }).Values;
        }

        using CpuDevice one = new(1), three = new(3);
        Assert.That(Of(three, 1), Is.EqualTo(Of(one, 1)));
        Assert.That(Of(one, 2), Is.Not.EqualTo(Of(one, 1)));
    }

    [Test]
    public void AMeanOfOneDrawHasNoStandardError()
    {
        Assert.That(MeanEstimate.Of([3]), Is.EqualTo(new MeanEstimate(3, double.NaN, 1)));
        Assert.That(MeanEstimate.Of([1, 2, 6]).StandardError, Is.EqualTo(Math.Sqrt(7 / 3d)).Within(1e-12));
        Assert.That(() => MeanEstimate.Of([]), Throws.ArgumentException);
    }

    [Test]
    public void WrongOptionsAreErrorsThatNameThem()
    {
        using Quadratic quadratic = Quadratic.Full();
        foreach ((ExpectedLossOptions options, string part) in new[]
        {
            (new ExpectedLossOptions { Sigma = -1 }, "σ is -1"),
            (new ExpectedLossOptions { Draws = 0 }, "draws is 0"),
            (new ExpectedLossOptions { SmallestProbability = 1 }, "p_min is 1"),
        })
        {
            Assert.That(
                () => ExpectedLossSampler.Measure<UniformNoise>(quadratic.Empirical, options),
                Throws.ArgumentException.With.Message.Contains(part));
        }

        Assert.That(
            () => ExpectedLossSampler.Measure<UniformNoise>(quadratic.Empirical, new ExpectedLossOptions { Levels = [1f] }),
            Throws.ArgumentException.With.Message.Contains("1 levels are given for 7"));
        Assert.That(
            () => ExpectedLossSampler.Measure<UniformNoise>(
                quadratic.Empirical, new ExpectedLossOptions { Levels = [1, 1, -1, 1, 1, 1, 1] }),
                Throws.ArgumentException.With.Message.Contains("weight 2 is -1"));
    }
}
