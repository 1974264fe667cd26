using PacGen.Core.Bounds;
using PacGen.Core.Compression;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// A compressed network's weights follow from w₀, the seed and the message; its certificate from errors and bits.
/// </summary>
internal sealed class CompressionTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    private static readonly CertifyOptions Quick = new()
    {
        PriorEpochs = 0, PosteriorEpochs = 0, PriorLevels = [1000], Draws = 719, Device = Device.Cpu,
        Compression = new() { Dimensions = [64, 300], Levels = [3, 7], Epochs = 12, Optimizer = new Adam(0.01) },
    };

    [Test]
    public void TheMessageMakesTheNetwork()
    {
        Certificate certificate = Certifier.Certify(new Mlp(64, 16, 10), Digits, Quick);
        CompressedNetwork compressed = certificate.Compressed!;
        Assert.That(compressed.Candidates, Has.Count.EqualTo(9));
        Assert.That(compressed.Numbers.Count, Is.AnyOf(64, 300), "first weights are not worth keeping as they are");
        Assert.That(compressed.Bound.Value, Is.LessThan(0.8).And.EqualTo(compressed.Candidates.Min(one => one.Bound)));
        Assert.That(compressed.Bound.Value, Is.LessThan(certificate.ZeroOne.Value), "untrained weights with noise");

        float[] numbers = QuantizedVector.Of(new BitMessage(compressed.Message.Bytes, compressed.Message.Length)).ToArray();
        float[] origin = [.. certificate.PriorMean];
        float[] weights = new SignSubspace(origin.Length, numbers.Length, Quick.Seed).Point(origin, numbers);
        Assert.That(weights, Is.EqualTo(compressed.Weights));
        Assert.That(compressed.Hash, Is.Not.EqualTo(ProgressiveStage.HashOf(origin, [])));

        // The errors are those of the network, on S₁ in the order of the seed, and on the test set.
        DataSplit split = DataSplit.Of(Digits.Train, 719, Quick.Seed);
        Assert.That(compressed.Bound.Term("errors"), Is.EqualTo(Errors(split.Bound)));
        Assert.That(compressed.Test!.Term("errors"), Is.EqualTo(Errors(Digits.Test)));
        Assert.That(compressed.Bound.Value, Is.EqualTo(CompressionBound.Exact(
            Errors(split.Bound), compressed.Message.Length, 719, 0.035).Value));
        Assert.That(compressed.Bound.FailureProbability, Is.EqualTo(0.035).Within(1e-12));
        Assert.That(compressed.Test.Value, Is.EqualTo(BinomialTest.UpperLimit(Errors(Digits.Test), 359, 0.035).Value));
        Assert.That(compressed.CrossEntropy.Value, Is.EqualTo(CompressionBound.Bound(
            compressed.CrossEntropy.Term("L̂"), compressed.Message.Length, 719, 0.035).Value).And.LessThan(1));

        long Errors(SampleSet images)
        {
            Mlp model = new(64, 16, 10);
            using ParameterArena arena = new(model, Device.Cpu, 1);
            arena.Load(compressed.Weights.ToArray());
            Dataset seen = Digits.Normalized(compressed.Normalization!);
            SampleSet set = images == Digits.Test ? seen.Test
                : seen.Train.Subset(DataSplit.Order(1438, Quick.Seed).AsSpan(719));
            using EvaluationPass pass = new(model, arena, set, Loss.CrossEntropy, int.MaxValue);
            return pass.Wrong(set, new BoundedCrossEntropy(1e-5), default).Count(one => one);
        }
    }

    /// <summary>Of a trained w₀ the message of one bit, and the rest of the certificate as without compression.</summary>
    [Test]
    public void NothingElseMoves()
    {
        CertifyOptions options = Quick with { PriorEpochs = 20, PosteriorEpochs = 1 };
        Certificate with = Certifier.Certify(new Mlp(64, 16, 10), Digits, options);
        Certificate without = Certifier.Certify(new Mlp(64, 16, 10), Digits, options with { Compression = null });
        Assert.That(with.Compressed!.Message.Length, Is.EqualTo(1));
        Assert.That(with.Compressed.Weights, Is.EqualTo(with.PriorMean));
        Assert.That(with.Compressed.Bound.Value, Is.GreaterThan(with.HeldOutBound));
        Assert.That(with.Mean, Is.EqualTo(without.Mean));
        Assert.That(with.Sigma, Is.EqualTo(without.Sigma));
        Assert.That(with.ZeroOne.Value, Is.EqualTo(without.ZeroOne.Value));
        Assert.That(with.OneDraw.Bound.Value, Is.EqualTo(without.OneDraw.Bound.Value));
        Assert.That(without.Compressed, Is.Null);
        Assert.That(with.Comparison[^1].Value, Is.EqualTo(with.ZeroOne.Value).Within(1e-12));
        Assert.That(with.Comparison.Sum(row => row.Cost), Is.EqualTo(with.ZeroOne.Value).Within(1e-12));
    }

    /// <summary>
    /// Training on quantised numbers finds better ones on the same levels; what was tried without stays as it was.
    /// </summary>
    [Test]
    public void TuningOnQuantisedNumbersIsTriedBesides()
    {
        CertifyOptions options = Quick with { Compression = Quick.Compression! with { Dimensions = [300], Levels = [3] } };
        CompressedNetwork plain = Certifier.Certify(new Mlp(64, 16, 10), Digits, options).Compressed!;
        CompressedNetwork tuned = Certifier.Certify(new Mlp(64, 16, 10), Digits, options with
        {
            Compression = options.Compression with { TuningEpochs = 6 },
        }).Compressed!;
        CompressionCandidate[] all = [.. tuned.Candidates];
        Assert.That(new[] { all[0], all[1], all[3] }, Is.EqualTo(plain.Candidates));
        Assert.That(all, Has.Length.EqualTo(5));
        Assert.That(all[2].Errors, Is.LessThan(all[1].Errors), "three even levels, tuned");
        Assert.That((all[2].Levels, all[4].HasCodebook), Is.EqualTo((3, true)));
        Assert.That(tuned.Bound.Value, Is.LessThan(plain.Bound.Value));
        Assert.That(QuantizedVector.Of(tuned.Message).ToArray(), Is.EqualTo(tuned.Numbers.ToArray()));
    }

    /// <summary>The gradient along the subspace, by hand; training leaves the weights in it.</summary>
    [TestCase(20, 7)]
    [TestCase(21, 7)]
    [TestCase(5, 5)]
    [TestCase(5, 1)]
    public void TheGradientAlongASubspace(int count, int dimensions)
    {
        SignSubspace subspace = new(count, dimensions, 3);
        float[] zero = new float[count], gradient = [.. Enumerable.Range(0, count).Select(i => (float)Math.Sin(i + 1))];
        float[] z = [.. Enumerable.Range(1, dimensions).Select(c => (float)c)];
        float[] point = subspace.Point(zero, z), signs = [.. point.Select((w, i) => w / z[i % dimensions])];
        Assert.That(signs, Has.All.EqualTo(1).Or.EqualTo(-1));
        Assert.That(subspace.Coordinates(zero, point), Is.EqualTo(z));
        Tensor input = Tensor.Input(new Shape(count), "g"), projected = subspace.Project(input);
        using CpuDevice device = new(1);
        using DeviceBuffer buffer = device.Allocate(count);
        buffer.Write(0, gradient);
        using (CompiledGraph graph = CompiledGraph.Compile(
            device, [projected], new Dictionary<Tensor, Region> { [input] = new(buffer), [projected] = new(buffer) }))
        {
            graph.Run();
        }

        float[] found = new Region(buffer).ToArray();
        for (int i = 0; i < count; i++)
        {
            double sum = Enumerable.Range(0, count).Where(j => j % dimensions == i % dimensions).Sum(j => signs[j] * gradient[j]);
            Assert.That(found[i], Is.EqualTo(signs[i] * sum).Within(1e-6));
        }
    }

    [Test]
    public void WrongOptionsSayWhatIsWrong()
    {
        Wrong(new() { Dimensions = [] }, "dimensions");
        Wrong(new() { Dimensions = [0] }, "dimensions");
        Wrong(new() { Levels = [1] }, "levels");
        Wrong(new() { Epochs = 0 }, "epochs of compressed");
        Wrong(new() { TuningEpochs = -1 }, "tuning");
        Wrong(new() { Optimizer = new PerturbedOptimizer(new Sgd(0.1), 1) }, "without perturbation");

        static void Wrong(CompressionOptions compression, string says) => Assert.That(
            () => Certifier.Certify(new Mlp(64, 16, 10), Digits, Quick with { Compression = compression }),
            Throws.ArgumentException.With.Message.Contain(says));
    }
}
