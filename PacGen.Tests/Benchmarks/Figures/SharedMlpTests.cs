using PacGen.Benchmarks.Figures.Landscape;
using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Benchmarks;

internal sealed class SharedMlpTests
{
    private static readonly SharedMlp Network = new(new MixtureSample(38));

    [Test]
    public void DerivativesAgreeWithCentralDifferences([Values(1, 2, 3, 4, 5, 6, 7, 8)] int draw)
    {
        (double w1, double w2) = Place(draw);
        const double Step = 1e-4;
        Jet at = Network.LossJet(w1, w2);
        Jet right = Network.LossJet(w1 + Step, w2), left = Network.LossJet(w1 - Step, w2), up = Network.LossJet(
            w1, w2 + Step), down = Network.LossJet(w1, w2 - Step);
        Assert.Multiple(() =>
        {
            Assert.That(at.Value, Is.EqualTo(Network.Loss(w1, w2)).Within(1e-14));
            Close(at.D1, (right.Value - left.Value) / (2 * Step), "∂₁");
            Close(at.D2, (up.Value - down.Value) / (2 * Step), "∂₂");
            Close(at.D11, (right.D1 - left.D1) / (2 * Step), "∂₁₁");
            Close(at.D22, (up.D2 - down.D2) / (2 * Step), "∂₂₂");
            Close(at.D12, (right.D2 - left.D2) / (2 * Step), "∂₁₂");
            Close(at.D12, (up.D1 - down.D1) / (2 * Step), "∂₂₁");
        });

        void Close(double exact, double difference, string what) =>
            Assert.That(
                exact, Is.EqualTo(difference).Within(1e-4 * Math.Max(1, Math.Abs(difference))), $"{what} at ({w1}, {w2})");
    }

    [Test]
    public void LossAndGradientAgreeWithTheLibrarysGraph()
    {
        MixtureSample sample = Network.Sample;
        TwoWeightMlp module = new();
        using ParameterArena arena = new(module, Device.Cpu, 1);
        Tensor x = Tensor.Constant(
            new Shape(sample.Count, 2),
            [.. sample.X.Zip(sample.Y).SelectMany(point => (float[])[(float)point.First, (float)point.Second])]);
        Tensor labels = Tensor.Constant(new Shape(sample.Count), [.. sample.Label.Select(label => (float)label)]);
        Tensor loss = Loss.CrossEntropy(module.Forward(x), labels);
        Tensor[] outputs = [loss, .. loss.Gradient([.. module.Parameters.Select(parameter => parameter.Tensor)])];
        Assert.That(module.ParameterCount, Is.EqualTo(2), "the layers share their parameters");
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, outputs);
        for (int draw = 1; draw <= 20; draw++)
        {
            (double w1, double w2) = Place(draw);
            arena.Load([(float)w1, (float)w2]);
            graph.Run();
            Jet exact = Network.LossJet((float)w1, (float)w2);
            double[] expected = [exact.Value, exact.D1, exact.D2];
            for (int k = 0; k < 3; k++)
            {
                Assert.That(
                    graph[outputs[k]].ToArray()[0], Is.EqualTo(expected[k]).Within(2e-4 * Math.Max(1, Math.Abs(expected[k]))),
                    $"output {k} at ({w1}, {w2})");
            }
        }
    }

    [Test]
    public void AtTheOriginEveryPointGetsEvenOdds()
    {
        Assert.That(SharedMlp.Logit(0, 0, 3, -2), Is.Zero);
        Assert.That(Network.Loss(0, 0), Is.EqualTo(Math.Log(2)).Within(1e-15));
    }

    [Test]
    public void WrongCountsTheLabelsOnTheOtherSide()
    {
        MixtureSample sample = Network.Sample;
        int expected = 0;
        for (int i = 0; i < sample.Count; i++)
        {
            double probability = 1 / (1 + Math.Exp(-SharedMlp.Logit(8.5, -6.3, sample.X[i], sample.Y[i])));
            expected += Math.Abs(probability - sample.Label[i]) > 0.5 ? 1 : 0;
        }

        Assert.That(Network.Wrong(8.5, -6.3), Is.EqualTo(expected).And.LessThan(sample.Label.Sum()));
    }

    private static (double W1, double W2) Place(int draw)
    {
        RandomStream random = new((ulong)draw, 7);
        return ((6 * random.NextUniform()) - 3, (6 * random.NextUniform()) - 3);
    }
}
