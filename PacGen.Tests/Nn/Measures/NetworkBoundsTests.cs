using PacGen.Core.Bounds;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// The lemmas for a trained network: by the device's pass as by the double code from the same weights, curvature and ρ.
/// </summary>
internal sealed class NetworkBoundsTests
{
    private const double Eta = 500;
    private Mlp model = null!;
    private Trainer trainer = null!;
    private SampleSet sample = null!;
    private NetworkBounds bounds = null!;

    [OneTimeSetUp]
    public void Train()
    {
        Dataset digits = Datasets.Digits();
        sample = digits.Train.Take(300);
        model = new Mlp([64, 8, 10], x => x.Tanh());
        trainer = new Trainer(
            model, digits, new Sgd(0.1), new TrainingOptions { Epochs = 2, BatchSize = 32, Seed = 5, Device = Device.Cpu });
        trainer.Run();
        bounds = Measure(new NetworkBoundOptions { Delta = 0.1, Rho = 0.3 });
    }

    [OneTimeTearDown]
    public void Free() => trainer.Dispose();

    private NetworkBounds Measure(NetworkBoundOptions options)
    {
        using EmpiricalLoss empirical = new(model, trainer.Arena, sample);
        return NetworkBounder.Measure(empirical, options);
    }

    [Test]
    public void TakesLossCurvatureAndSizeFromTheSample()
    {
        using EmpiricalLoss bounded =
            new(model, trainer.Arena, sample, (logits, labels) => Loss.BoundedCrossEntropy(logits, labels, 1e-4, smooth: true));
        double[] exact = [.. HessianDiagonalEstimator.Measure(bounded).Entries];
        bounded.MoveToWeights();
        Assert.That(bounds.Sample, Is.EqualTo(new BoundSample(bounded.Value(), 300, 0.1)));
        Assert.That(bounds.Smoothness, Is.EqualTo(new LocalSmoothness(0.3, 0.1, 0.1)));
        Assert.That(bounds.IsCurvatureExact, Is.True);
        Assert.That(bounds.Diagonal, Is.EqualTo(exact.Select(value => (float)Math.Max(value, 0))));
        Assert.That(bounds.NegativeShare, Is.EqualTo(exact.Count(value => value < 0) / (double)exact.Length));
    }

    /// <summary>What can't be is refused before any product is taken.</summary>
    [Test]
    public void OptionsAreCheckedFirst()
    {
        foreach (NetworkBoundOptions wrong in (NetworkBoundOptions[])
            [new() { Delta = 1 }, new() { Rho = double.NaN }, new() { SmallestProbability = 0 },
                new() { PriorVariance = 0 }, new() { CurvatureDraws = 0 }])
        {
            using EmpiricalLoss subject = new(model, trainer.Arena, sample);
            Assert.That(() => NetworkBounder.Measure(subject, wrong), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(subject.Cost, Is.EqualTo(default(PassCost)));
        }
    }

    /// <summary>Both forms of the graph's bounded cross-entropy are those of Core, p_y below and above p_min.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public void TheGraphsBoundedLossIsCores(bool smooth)
    {
        float[] logits = [0, 1, 9, -3, 0.5f, 0.25f];
        Tensor z = Tensor.Constant(new PacGen.Kernels.Shape(2, 3), logits), labels = Tensor.Constant(
            new PacGen.Kernels.Shape(2), [0, 1]);
        double expected = 0;
        for (int row = 0; row < 2; row++)
        {
            double[] weights = [.. logits.Skip(3 * row).Take(3).Select(value => Math.Exp(value))];
            expected += new BoundedCrossEntropy(1e-3, smooth).Loss(weights[row] / weights.Sum()) / 2;
        }

        Assert.That(Loss.BoundedCrossEntropy(z, labels, 1e-3, smooth).Evaluate()[0], Is.EqualTo(expected).Within(1e-4).Percent);
    }

    [Test]
    public void GivesTheDoubleCodesValues()
    {
        float[] w = trainer.Arena.Save(), h = [.. bounds.Diagonal];
        Tau tau = Tau.Fixed(6);
        Device device = Device.Cpu;
        Same(bounds.Lemma6(tau, Eta, device: device), UniformBound.Lemma6<float>(
            bounds.Sample, Eta, bounds.Smoothness, w, h, tau));
        Same(bounds.Lemma6(tau, Eta, BoundForm.Published, device), UniformBound.Lemma6<float>(
            bounds.Sample, Eta, bounds.Smoothness, w, h, tau, BoundForm.Published));
        Same(bounds.Lemma6(tau, device: device), UniformBound.Lemma6OverGrid<float>(bounds.Sample, bounds.Smoothness, w, h, tau));
        Same(bounds.Theorem7(tau, device: device), UniformBound.Theorem7<float>(bounds.Sample, bounds.Smoothness, w, h, tau));
        Same(bounds.Lemma8(2, Eta, device), GaussianBound.Lemma8<float>(bounds.Sample, Eta, bounds.Smoothness, w, h, 2));
        Same(bounds.Lemma8(2, device: device), GaussianBound.Lemma8OverGrid<float>(bounds.Sample, bounds.Smoothness, w, h, 2));
        Assert.That(bounds.Lemma6(tau).Value, Is.EqualTo(
            UniformBound.Lemma6OverGrid<float>(bounds.Sample, bounds.Smoothness, w, h, tau).Value));
        Assert.That(bounds.Theorem7(tau).Value, Is.EqualTo(
            UniformBound.Theorem7<float>(bounds.Sample, bounds.Smoothness, w, h, tau).Value));
        Assert.That(bounds.Lemma8(2).Value, Is.EqualTo(
            GaussianBound.Lemma8OverGrid<float>(bounds.Sample, bounds.Smoothness, w, h, 2).Value));
    }

    /// <summary>The value is Lemma 8's, and the subject has been charged what it cost.</summary>
    [Test]
    public void IsAMeasurement()
    {
        using EmpiricalLoss subject = new(model, trainer.Arena, sample);
        NetworkBounds found = NetworkBounder.Measure(subject, new NetworkBoundOptions { Rho = 0.3, PriorVariance = 2 });
        Assert.That(found.Value, Is.EqualTo(found.Lemma8(2).Value).Within(1e-4).Percent);
        Assert.That(found.Uncertainty.High, Is.EqualTo(found.Value));
        Assert.That(found.Cost, Is.EqualTo(new PassCost(1, 0, subject.Count)));
        Assert.That(subject.Cost, Is.EqualTo(found.Cost));
        Assert.That($"{found}", Does.Contain("Lemma 8"));
    }

    [Test]
    public void SaysWhatItIsWorth()
    {
        Assert.That(bounds.Lemma6(Tau.Fixed(6)).Status, Is.EqualTo(BoundStatus.ConditionalBound));
        Assert.That(bounds.Lemma6(Tau.OfWeights(), Eta).Status, Is.EqualTo(BoundStatus.Score));
        BoundResult drawn = bounds.ByDraws(0.3, 1000, 0.01, 20);
        Assert.That(drawn.FailureProbability, Is.EqualTo(0.11).Within(1e-12));
        Assert.That(drawn.Value, Is.EqualTo(MaurerSeeger.Bound(
            MonteCarloRisk.UpperLimit(0.3, 1000, 0.01).Value, 20, 300, 0.1).Value).Within(1e-12));
        Assert.That(() => bounds.Lemma6(Tau.Fixed(0.2), Eta), Throws.ArgumentException.With.Message.Contains("τ"));
        Assert.That(
            () => bounds.Lemma6(Tau.Fixed(0.2), Eta, device: Device.Cpu),
            Throws.InvalidOperationException.With.Message.Contains("τ"));
    }

    /// <summary>Kinks, an estimated diagonal or a sampled ρ make a score of what would be a bound.</summary>
    [Test]
    public void WhatIsKnownNotToHoldMakesAScore()
    {
        Assert.That(bounds.Doubt, Is.Null);
        Doubted(bounds with { IsCurvatureExact = false }, "estimated");
        Doubted(bounds with { IsRhoGiven = false }, "sampled");
        Mlp relu = new(64, 8, 10);
        using ParameterArena arena = new(relu, Device.Cpu, 1);
        using EmpiricalLoss kinked = new(relu, arena, sample.Take(20));
        Doubted(NetworkBounder.Measure(kinked, new NetworkBoundOptions { Rho = 0.3 }), "Relu has kinks");

        static void Doubted(NetworkBounds doubted, string why)
        {
            Assert.That(doubted.Doubt, Does.Contain(why));
            Assert.That(doubted.Lemma8(2).Status, Is.EqualTo(BoundStatus.Score));
            Assert.That(doubted.Theorem7(Tau.Fixed(6)).FailureProbability, Is.NaN);
            Assert.That(doubted.ByDraws(0.3, 1000, 0.01, 20).Status, Is.EqualTo(BoundStatus.ConditionalBound));
        }
    }

    /// <summary>A larger network's diagonal is estimated, and ρ sampled unless given.</summary>
    [Test]
    public void EstimatesWhatIsTooMuch()
    {
        NetworkBoundOptions options = new() { LargestExact = 10, CurvatureDraws = 40, Seed = 3 };
        NetworkBounds estimated = Measure(options);
        Assert.That(estimated.IsCurvatureExact, Is.False);
        Assert.That(estimated.Smoothness.Rho, Is.GreaterThan(0).And.LessThan(double.PositiveInfinity));
        Assert.That(estimated.Diagonal.Sum(), Is.EqualTo(bounds.Diagonal.Sum()).Within(60).Percent);
        Assert.That(Measure(options).Diagonal, Is.EqualTo(estimated.Diagonal));
    }

    private static void Same(BoundResult device, BoundResult reference)
    {
        Assert.That(device.Value, Is.EqualTo(reference.Value).Within(1e-4).Percent, reference.Name);
        Assert.That((device.Name, device.Status), Is.EqualTo((reference.Name, reference.Status)));
        Assert.That(device.Assumptions, Is.EqualTo(reference.Assumptions));
    }
}
