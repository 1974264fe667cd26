using System.Runtime.InteropServices;
using System.Text;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class OnnxNetworkTests
{
    private const double Tolerance = 1e-5;
    private static readonly Dataset Digits = Datasets.Digits();

    [TestCase("mlp", 2778, 0)]
    [TestCase("grouped-cnn", 4122, 80)]
    [TestCase("resnet18", 44710, 600)]
    [TestCase("transformer", 4922, 0)]
    [TestCase("regression", 830, 12)]
    public void OutputsAreThoseOfOnnxRuntime(string name, int parameters, int states)
    {
        OnnxNetwork network = OnnxNetwork.Open(TestNetworks.PathOf($"{name}.onnx"), TestNetworks.Example(name));
        (float[] x, float[] pyTorch, float[] onnxRuntime) = TestNetworks.Recorded(name);
        float[] outputs = TestNetworks.Outputs(network, TestNetworks.Example(name), x);
        Assert.Multiple(() =>
        {
            Assert.That(TestNetworks.Apart(outputs, onnxRuntime), Is.LessThan(Tolerance));
            Assert.That(TestNetworks.Apart(outputs, pyTorch), Is.LessThan(Tolerance));
            Assert.That(network.ParameterCount, Is.EqualTo(parameters));
            Assert.That(network.State.Sum(state => state.Shape.Count), Is.EqualTo(states));
        });
    }

    /// <summary>
    /// The digits that PyTorch trained on and tested with are PacGen's, split as PacGen does; make-networks.py.
    /// </summary>
    [TestCase("mlp", 346)]
    [TestCase("grouped-cnn", 346)]
    [TestCase("resnet18", 290)]
    [TestCase("transformer", 341)]
    public void ANetworkIsTrainedScoredAndMeasured(string name, int right)
    {
        OnnxNetwork network = OnnxNetwork.Open(TestNetworks.PathOf($"{name}.onnx"), TestNetworks.Example(name));
        using Trainer trainer = new(
            network, Digits, new Adam(1e-4), new TrainingOptions { Epochs = 1, BatchSize = 64, BestBy = EpochQuantity.TestLoss });
        Assert.That(trainer.Evaluate(Digits.Test).Accuracy, Is.EqualTo(right / 359.0).Within(1e-9), "as PyTorch has it");
        double before = trainer.Evaluate(Digits.Train).Loss;
        trainer.Run();
        Assert.That(trainer.Evaluate(Digits.Train).Loss, Is.LessThan(before));
        PacGenScore score = trainer.Score(new ScoreOptions { Images = 128, Draws = 2 });
        Assert.That(score.Value, Is.GreaterThan(0).And.LessThan(1e7));
        using EmpiricalLoss loss = new(network, trainer.Arena, Digits.Train.Take(128));
        foreach (string measure in (string[])["largest-eigenvalue", "trace"])
        {
            Measurement found = PacGen.Nn.Measures.All.Single(row => row.Name == measure).Of(loss, 1, null, default);
            Assert.That(found.Value, Is.GreaterThan(0), measure);
        }
    }

    /// <summary>
    /// The law that the regression net was trained on, in make-networks.py; the mean square of its targets is about 10.
    /// </summary>
    [Test]
    public void ARegressionNetworkIsTrainedScoredAndMeasured()
    {
        MathNet.Numerics.Random.MersenneTwister random = new(5);
        float[,] x = new float[600, 6], y = new float[600, 2], larger = new float[600, 2];
        for (int i = 0; i < 600; i++)
        {
            for (int j = 0; j < 6; j++)
            {
                double scale = j == 1 ? 2 : j == 2 ? 3 : 1;
                x[i, j] = (float)((scale * MathNet.Numerics.Distributions.Normal.Sample(random, 0, 1)) + 1);
            }

            (y[i, 0], y[i, 1]) = ((x[i, 0] * x[i, 1] / 4) + x[i, 2], MathF.Sin(x[i, 3]) - x[i, 4]);
            (larger[i, 0], larger[i, 1]) = (1.3f * y[i, 0], 1.3f * y[i, 1]);
        }

        OnnxNetwork network = OnnxNetwork.Open(TestNetworks.PathOf("regression.onnx"), new Shape(6));
        Dataset data = Dataset.FromArrays(x, larger);
        using Trainer trainer = new(
            network, data, new Adam(3e-3), new TrainingOptions { Epochs = 1, BatchSize = 32, BestBy = EpochQuantity.TestLoss });
        Assert.That(trainer.Evaluate(Dataset.FromArrays(x, y).Train).Loss, Is.LessThan(0.1), "PyTorch trained it");

        // Then the targets are larger by 30 %.
        double before = trainer.Evaluate(data.Train).Loss;
        trainer.Run();
        Assert.That(trainer.Evaluate(data.Train).Loss, Is.LessThan(before));
        Assert.That(trainer.Score(new ScoreOptions { Images = 128, Draws = 2 }).Value, Is.GreaterThan(0));
        using EmpiricalLoss loss = new(network, trainer.Arena, data.Train.Take(128));
        Assert.That(
            PacGen.Nn.Measures.All.Single(row => row.Name == "largest-eigenvalue").Of(loss, 1, null, default).Value,
            Is.GreaterThan(0));
    }

    /// <summary>A network whose weights a file brought is certified on examples that its training has not seen.</summary>
    [Test]
    public void ANetworkIsCertifiedOnOtherImages()
    {
        OnnxNetwork network = OnnxNetwork.Open(TestNetworks.PathOf("mlp.onnx"), new Shape(8, 8, 1));
        Certificate certificate = Certifier.Certify(network, Digits with { Train = Digits.Test }, new CertifyOptions
        {
            PriorEpochs = 2, PosteriorEpochs = 1, PriorLevels = [100], Draws = 1000,
        });
        Assert.That(certificate.ZeroOne.Bound.Value, Is.LessThan(0.5), "it starts with what PyTorch taught it");
        Assert.That(certificate.Assumptions.Select(one => one.Name), Does.Contain("first weights"));
    }

    /// <summary>
    /// The four classifiers as PyTorch left them, on the digits' test images, which it has not seen: the network itself, and with
    /// perturbed weights.
    /// </summary>
    [TestCase("mlp", 346)]
    [TestCase("grouped-cnn", 346)]
    [TestCase("resnet18", 290)]
    [TestCase("transformer", 341)]
    public void ItsWeightsAreCertifiedAsTheyAre(string name, int right)
    {
        OnnxNetwork network = OnnxNetwork.Open(TestNetworks.PathOf($"{name}.onnx"), TestNetworks.Example(name));
        float[] weights, state;
        using (ParameterArena arena = new(network, Device.Cpu, 1))
        {
            (weights, state) = (arena.Save(), arena.SaveState());
        }

        Certificate certificate = Certifier.CertifyWeights(
            network, weights, state, Digits with { Train = Digits.Train.Take(200) },
            new CertifyOptions { PosteriorEpochs = 0, PriorLevels = [1000], Draws = 359, Device = Device.Cpu });
        double error = 1 - (right / 359.0);
        Assert.That(certificate.HeldOutLoss, Is.EqualTo(error).Within(1e-9), "as PyTorch has it");
        Assert.That(certificate.HeldOutBound, Is.InRange(error, error + 0.1));
        Assert.That(certificate.ZeroOne.Bound.Value, Is.InRange(error / 2, 0.5));
        Assert.That(certificate.State, Has.Count.EqualTo(state.Length));
    }

    /// <summary>Numbers have no error in [0, 1], which certificates and the bounds of measures ask for.</summary>
    [Test]
    public void ARegressionNetworkIsNotCertified()
    {
        OnnxNetwork network = OnnxNetwork.Open(TestNetworks.PathOf("regression.onnx"), new Shape(6));
        (float[] x, _, _) = TestNetworks.Recorded("regression");
        float[,] samples = new float[16, 6];
        Buffer.BlockCopy(x, 0, samples, 0, sizeof(float) * x.Length);
        Dataset data = Dataset.FromArrays(samples, new float[16, 2]);
        const string Sentence =
            "assumes a loss in [0, 1]; the 0-1 loss and the bounded cross-entropy, which it bounds, ask for a " +
            "class a sample, but the targets of arrays are 2 values";
        Assert.That(() => Certifier.Certify(network, data), Throws.ArgumentException.With.Message.Contains(Sentence));
        Assert.That(
            () => Certifier.CertifyWeights(network, [], [], data), Throws.ArgumentException.With.Message.Contains(Sentence));
        Assert.That(
            () => Certifier.CertifyProgressively(network, data), Throws.ArgumentException.With.Message.Contains(Sentence));
    }

    [Test]
    public void ANetworkWithRunningStatisticsIsCertifiedWithThoseOfThePriorsPart()
    {
        OnnxNetwork network = OnnxNetwork.Open(TestNetworks.PathOf("resnet18.onnx"), new Shape(8, 8, 1));
        Certificate certificate = Certifier.Certify(
            network, Digits with { Train = Digits.Train.Take(80), Test = Digits.Test.Take(10) },
            new CertifyOptions { PriorEpochs = 1, PosteriorEpochs = 0, PriorLevels = [1000], Draws = 40, Device = Device.Cpu });
        Assert.That(certificate.State, Is.Not.Empty);
        Assert.That(certificate.Assumptions.Select(one => one.Name), Does.Contain("first weights"));
    }

    /// <summary>Other operators; the newest version of ONNX; weights in a file beside it; a file for batches of one.</summary>
    [TestCase("operators", "operators", 9, 10, 3)]
    [TestCase("newest", "grouped-cnn", 8, 8, 1)]
    [TestCase("beside", "regression", 6)]
    [TestCase("one-at-a-time", "one-at-a-time", 6, 6, 3)]
    public void OtherFilesGiveTheRecordedOutputs(string name, string recorded, params int[] example)
    {
        OnnxNetwork network = OnnxNetwork.Open(TestNetworks.PathOf($"{name}.onnx"), new Shape(example));
        using ParameterArena arena = new(network, Device.Cpu, 1);
        using TensorFile reference = TensorFile.OpenAny(TestNetworks.PathOf($"{recorded}.safetensors"));
        Assert.That(ReferenceOutputs.Check(network, arena, reference, Tolerance), Is.LessThan(Tolerance));
    }

    [Test]
    public void AnUnknownOperatorIsNamedWithItsNode() => Assert.That(
        () => OnnxNetwork.Read(Replaced("mlp.onnx", "\u0004Tanh", "\u0004Tonh"), "file", new Shape(8, 8, 1)),
        Throws.TypeOf<CheckpointException>().With.Message.Contains("Tonh node '/Tanh': the operator Tonh is not supported"));

    /// <summary>A file may be a stranger's: what it says lies elsewhere isn't read.</summary>
    [Test]
    public void WeightsElsewhereThanBesideTheFileAreRefused()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        File.Copy(TestNetworks.PathOf("beside.onnx.data"), folder["side.onnx.dat"]);
        File.WriteAllBytes(folder["in", "net.onnx"], Replaced("beside.onnx", "beside.onnx.data", "../side.onnx.dat"));
        Assert.That(
            () => OnnxNetwork.Open(folder["in", "net.onnx"], new Shape(6)),
            Throws.TypeOf<CheckpointException>().With.Message.Contains("no file beside the model"));
    }

    [Test]
    public void ParametersHaveTheNamesOfTheFile()
    {
        OnnxNetwork network = OnnxNetwork.Open(TestNetworks.PathOf("mlp.onnx"), new Shape(8, 8, 1));
        Assert.That(
            network.Parameters.Select(parameter => $"{parameter.Name} {parameter.Shape}"),
            Is.EqualTo(new[]
            {
                "fc1.weight (64, 32)", "fc1.bias (32)", "fc2.weight (32, 16)", "fc2.bias (16)", "fc3.weight (16, 10)",
                    "fc3.bias (10)",
            }));
    }

    [Test]
    public void ExamplesOfAnotherShapeAreRefused() => Assert.That(
        () => OnnxNetwork.Open(TestNetworks.PathOf("mlp.onnx"), new Shape(28, 28, 1)),
        Throws.TypeOf<CheckpointException>().With.Message.Contains("(28, 28, 1)"));

    /// <summary>A file's bytes with a text in them replaced by another of its length.</summary>
    /// <summary>What isn't finite is else a setting, such as a mask of −∞: a weight would silently be none.</summary>
    [Test]
    public void RefusesANetworkThatLearntNaN()
    {
        byte[] bytes = File.ReadAllBytes(TestNetworks.PathOf("mlp.onnx"));
        using ParameterArena arena = new(OnnxNetwork.Open(TestNetworks.PathOf("mlp.onnx"), new Shape(8, 8, 1)), Device.Cpu, 1);
        int number = arena.Parameters.Index().First(one => one.Item.Shape.Rank == 1).Index;
        Parameter bias = arena.Parameters[number];
        ReadOnlySpan<byte> stored = MemoryMarshal.AsBytes(arena.Segment(arena.Weights, number).ToArray().AsSpan());
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.AsSpan().IndexOf(stored) + sizeof(float)), float.NaN);
        Assert.That(
            () => OnnxNetwork.Read(bytes, "file", new Shape(8, 8, 1)),
            Throws.TypeOf<CheckpointException>().With.Message.Contains($"its array '{bias.Name}' has NaN as number 2 of "));
    }

    private static byte[] Replaced(string file, string text, string other)
    {
        string bytes = Encoding.Latin1.GetString(File.ReadAllBytes(TestNetworks.PathOf(file)));
        Assert.That(bytes, Does.Contain(text));
        return Encoding.Latin1.GetBytes(bytes.Replace(text, other, StringComparison.Ordinal));
    }
}
