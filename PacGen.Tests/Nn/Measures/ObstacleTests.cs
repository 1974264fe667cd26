using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>A measure that means nothing for a network, or can't be taken on it, says why and is not taken.</summary>
internal sealed class ObstacleTests
{
    private static readonly SampleSet Digits = Datasets.Digits().Train.Take(50);

    /// <summary>The measure whose row is asked, what stands in the way, and a word of the sentence.</summary>
    [TestCase("path-norm", "tanh", "Tanh")]
    [TestCase("path-norm", "batch norm", "batch norm")]
    [TestCase("distance-from-init", "relu", "not known")]
    [TestCase("spectral-distance-from-init", "relu", "not known")]
    [TestCase("pacbayes-from-init", "relu", "not known")]
    [TestCase("steps-to-tenth", "relu", "not known")]
    [TestCase("training-images", "relu", "not known")]
    [TestCase("pacbayes-flatness", "relu", "to lose")]
    [TestCase("sharpness-magnitude-from-origin", "relu", "to lose")]
    [TestCase("inverse-squared-margin", "relu", "90 % of the images")]
    [TestCase("log-spectral-complexity", "relu", "90 % of the images")]
    [TestCase("margin", "pixels", "row of logits")]
    [TestCase("normalized-sharpness", "pixels", "row of logits")]
    [TestCase("log-spectral-product", "gate", "gate (64, 1)", Description = "what multiplies pixel by pixel is no matrix")]
    [TestCase("tail-exponent", "gate", "gate (64, 1)")]
    [TestCase("fisher-rao-norm", "gate", "gate (64, 1)")]
    [TestCase("log-frobenius-product", "zero", "All weights of layers.0.weight are 0")]
    [TestCase("tail-exponent", "narrow", "10 different eigenvalues")]
    public void SaysWhatStandsInTheWay(string name, string kind, string says)
    {
        Module model = Of(kind);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        if (kind == "zero")
        {
            arena.Load([.. arena.Save().Select((weight, i) => i < 64 * 6 ? 0 : weight)]);
        }

        using EmpiricalLoss subject = new(model, arena, Digits, kind == "pixels" ? (output, _) => output.Square().Mean() : null);
        Measure measure = PacGen.Nn.Measures.All.Single(row => row.Name == name);
        Assert.That(measure.Obstacle!(subject), Does.Contain(says).And.EndWith("."));
        Assert.That(
            () => measure.Of(subject, 1, null, default), Throws.InvalidOperationException.With.Message.Contains(says),
            "what is asked for all the same is an error");
    }

    /// <summary>A number that would be divided by is looked at at the weights of the moment.</summary>
    [Test]
    public void AnObstacleGoesWithTheWeights()
    {
        using TrainedNetwork network = TrainedNetwork.Of("mlp");
        Measure measure = PacGen.Nn.Measures.All.Single(row => row.Name == "inverse-squared-margin");
        Assert.That(measure.Obstacle!(network.Subject), Is.Null);
        network.Arena.Load(network.First);
        Assert.That(measure.Obstacle(network.Subject), Does.Contain("90 %"));
        network.Arena.Load(network.Weights);
        Assert.That(measure.Obstacle(network.Subject), Is.Null);
    }

    /// <summary>A level of 0 is no measure: where ε alone costs the accuracy, that is said.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public void AFloorOfNoiseThatCostsTheAccuracyIsAnError(bool worstCase)
    {
        using TrainedNetwork network = TrainedNetwork.Of("mlp");
        FlatnessOptions options = new() { MagnitudeAware = true, Epsilon = 5, WorstCase = worstCase, Draws = 2 };
        Assert.That(
            () => FlatnessSearch.Measure(network.Subject, options),
            Throws.TypeOf<TrainingException>().With.Message.Contains("ε = 5 does so alone"));
        Assert.That(
            FlatnessSearch.Measure(network.Subject, options with { Epsilon = 1e-3 }).Sigma, Is.InRange(1e-4, 10),
            "no trace is kept");
    }

    [Test]
    public void FindsTheMatricesOfAnyModule()
    {
        WideResNet wide = new(10, 1, 10);
        using ParameterArena arena = new(wide, Device.Cpu, 1);
        NetworkLayers layers = new(wide, arena, 8, 8, 3);
        Assert.That(layers.Unknown, Is.Null);
        Assert.That(layers.HasState, Is.True);
        Assert.That(layers.Matrices, Has.Count.EqualTo(10), "the first, six in blocks, two shortcuts, the last");
        Assert.That(layers.Matrices.Count(matrix => matrix.IsConvolution), Is.EqualTo(9));
        Assert.That(layers.Matrices[0].Name, Is.EqualTo("conv1.weight"));
        Assert.That(layers.Matrices[^1].Name, Is.EqualTo("linear.weight"));
        Assert.That(layers.Matrices.Select(matrix => matrix.Shape.Count).Sum(), Is.LessThan(arena.Count));

        // The parameter's place is where the arena has it.
        int start = arena.Parameters.TakeWhile(parameter => parameter.Name != "linear.weight").Sum(
            parameter => (int)parameter.Shape.Count);
        Assert.That(layers.Matrices[^1].Start, Is.EqualTo(start));
    }

    /// <summary>Numbers of a known law: the exponent comes back, and what lies below x_min does not matter.</summary>
    [Test]
    public void APowerLawIsFoundBehindItsBeginning()
    {
        const int Count = 4000;
        double[] tail = [.. Enumerable.Range(0, Count).Select(i => 2 * Math.Pow(1 - ((i + 0.5) / Count), -1 / 1.5))];
        PowerLaw law = PowerLaw.Fit([.. tail, .. Enumerable.Range(1, 1000).Select(i => 2 * i / 1001.0)])!;
        Assert.That(law.Alpha, Is.EqualTo(2.5).Within(0.1));
        Assert.That(law.Smallest, Is.EqualTo(2).Within(0.3));
        Assert.That(law.StandardError, Is.EqualTo(1.5 / Math.Sqrt(law.Tail)).Within(0.01));
        Assert.That(PowerLaw.Fit([3, 3, 3]), Is.Null, "equal numbers fit any law");
        Assert.That(() => PowerLaw.Fit([1, 0]), Throws.ArgumentException);
    }

    private static Module Of(string kind) => kind switch
    {
        "tanh" => new Sequential(new Flatten(), new Linear(64, 6), new Tanh(), new Linear(6, 10)),
        "batch norm" => new Sequential(new Flatten(), new Linear(64, 6), new BatchNorm(6), new Relu(), new Linear(6, 10)),
        "pixels" => new Sequential(new Conv2d(1, 2, 3), new Relu()),
        "gate" => new Gated(),
        "narrow" => new Mlp(64, 5, 10),
        _ => new Mlp(64, 6, 10),
    };

    private sealed class Gated : Module
    {
        private readonly Parameter gate = new(new Shape(64, 1), Initializer.Ones);
        private readonly Linear linear = new(64, 10);

        public override Tensor Forward(Tensor x) => linear.Forward(x.Flatten() * gate.Tensor.Reshape(1, 64));
    }
}
