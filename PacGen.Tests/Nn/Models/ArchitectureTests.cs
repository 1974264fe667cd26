using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// What is said of trained networks is said of those with attention, recurrence, depthwise convolutions and normalisation too:
/// perturbed training, Ψ, the Hessian's measures, bounds, which say where an assumption fails, and certificates.
/// </summary>
internal sealed class ArchitectureTests
{
    [TestCase("attention", null)]
    [TestCase("depthwise", null)]
    [TestCase("residual", "Relu")]
    [TestCase("recurrent", null)]
    public void TrainsIsScoredMeasuredAndBounded(string name, string? kink)
    {
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(192), digits.Test.Take(64));
        Module model = Architectures.Of(name);
        using Trainer trainer = new(model, few, new PerturbedOptimizer(new Adam(5e-3), 0.01), new TrainingOptions
        {
            Epochs = 3, BatchSize = 32, Score = new ScoreOptions { Images = 64, BatchSize = 32, Draws = 3 },
        });
        IReadOnlyList<EpochResult> results = trainer.Run();
        Assert.That(results[^1].TrainLoss, Is.LessThan(results[0].TrainLoss));
        Assert.That(results[^1].Score!.Psi, Is.GreaterThan(0).And.LessThan(double.MaxValue));
        using EmpiricalLoss subject = new(model, trainer.Arena, few.Train.Take(32));
        Assert.That(Lanczos.Measure(subject, new LanczosOptions { Products = 40 }).Value, Is.GreaterThan(0));
        NetworkBounds bounds =
            NetworkBounder.Measure(subject, new NetworkBoundOptions { Rho = 1, LargestExact = 0, CurvatureDraws = 2 });
        Assert.That(bounds.Kink, Is.EqualTo(kink));
        Assert.That(bounds.Lemma8(0.1).Value, Is.GreaterThan(0));

        // What can't be said of it says so.
        Assert.That(Obstacle("path-norm"), Does.Contain("in no path"));
        Assert.That(Obstacle("log-spectral-product"), name == "residual" ? Is.Null : Is.Not.Null);

        string? Obstacle(string measure) => Measures.All.Single(one => one.Name == measure).Obstacle!(subject);
    }

    /// <summary>A network with batch norm has statistics of its data; the others are certified as any network is.</summary>
    [Test]
    public void IsCertified([Values("attention", "depthwise", "recurrent")] string name)
    {
        Dataset digits = Datasets.Digits(), few = new("digits", digits.Train.Take(300), digits.Test.Take(64));
        Certificate certificate = Certifier.Certify(
            Architectures.Of(name), few,
            new CertifyOptions { PriorEpochs = 4, PosteriorEpochs = 1, PriorLevels = [100], Draws = 150 });
        Assert.That(certificate.ZeroOne.Value, Is.GreaterThan(certificate.ZeroOne.Sample).And.LessThan(1));
    }

    [TestCase("resnet18", 11_689_512)]
    [TestCase("resnet18-small", 11_173_962)]
    public void ResNetHasItsParameters(string name, long count)
    {
        ResNet18 model = name == "resnet18" ? new ResNet18(1000) : new ResNet18(10, small: true);
        Assert.That(model.ParameterCount, Is.EqualTo(count));
    }

    [Test]
    public void AKinkIsNamedAndASmoothFunctionHasNone()
    {
        (Func<Tensor, Tensor> Function, bool Smooth)[] all =
        [
            (x => x.Gelu(), true), (x => x.Gelu(true), true), (x => x.Silu(), true), (x => x.Softplus(), true),
            (x => x.Erf(), true),
            (x => x.Softmax(), true), (x => x.Pow(3), true),
            (x => x.Relu(), false), (x => x.LeakyRelu(0.1f), false), (x => x.Elu(), false), (x => x.Hardswish(), false),
            (x => x.Abs(), false), (x => x.Clamp(-1, 1), false), (x => x.Max([-1], true), false),
        ];
        for (int i = 0; i < all.Length; i++)
        {
            Mlp model = new([64, 4, 10], all[i].Function);
            if (i == all.Length - 1)
            {
                model = new Mlp([64, 4, 10], x => all[^1].Function(x).BroadcastTo(x.Shape));
            }

            using ParameterArena arena = new(model, Device.Cpu, 1);
            Assert.That(new NetworkLayers(model, arena, 8, 8, 1).Kink is null, Is.EqualTo(all[i].Smooth), $"function {i}");
        }
    }
}
