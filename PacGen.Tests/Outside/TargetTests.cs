using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>Values for targets in any unit.</summary>
internal sealed class TargetTests
{
    /// <summary>
    /// Two values of different units are learnt as numbers of order 1; predictions, metrics and ONNX's outputs are in their
    /// units.
    /// </summary>
    [Test]
    public void StandardizedTargets()
    {
        float[,] x = new float[200, 2], y = new float[200, 2];
        for (int i = 0; i < 200; i++)
        {
            (x[i, 0], x[i, 1]) = ((i % 20) - 10, (i % 7) - 3);
            (y[i, 0], y[i, 1]) = (1e6f + (2e4f * x[i, 0]), 1e-3f * x[i, 1]);
        }

        Dataset raw = Dataset.FromArrays(x, y).Normalized(), data = raw.WithStandardizedTargets();
        Assert.That($"{data.Train.Target.Scale}", Does.StartWith("(value − mean) / deviation, mean 9.886E+05, "));
        float[] sample = new float[2], target = new float[2], own = new float[2];
        data.Train.Gather([3], sample, target);
        raw.Train.Gather([3], sample, own);
        Assert.That(target, Has.All.InRange(-2, 2));
        data.Train.Target.Scale!.Undo(target, target);
        Assert.That(target[0], Is.EqualTo(own[0]).Within(1));
        Assert.That(data.WithStandardizedTargets().Fingerprint(), Is.EqualTo(data.Fingerprint()), "once and for all");

        Mlp model = new(2, 2);
        using Trainer trainer = new(model, data, new Sgd(0.1), new TrainingOptions
        {
            Epochs = 40, BatchSize = 16, Device = Device.Cpu, Metrics = [Metric.MeanAbsoluteError, Metric.RSquared],
        });
        EpochResult last = trainer.Run()[^1];
        Assert.That(last.TestLoss, Is.LessThan(1e-3));
        Assert.That(last.Metrics![0].Test, Is.InRange(0, 2000), "the first value's error is a hundredth of its spread");
        Assert.That(last.Metrics![1].Test, Is.GreaterThan(0.99));
        float[] predicted = trainer.Predict(raw.Test), others = trainer.Predict(data.Test);
        Assert.That(others[0], Is.InRange(7e5f, 1.3e6f));
        Assert.That(Math.Abs(predicted[0]), Is.LessThan(3), "a set that says nothing of a scale gets the outputs as they are");

        using MemoryStream stream = new();
        OnnxExport.Write(stream, model, trainer.Arena, new Shape(2), data.Train);
        OnnxNetwork network = OnnxNetwork.Read(stream.ToArray(), "net", new Shape(2));
        Assert.That(network.ParameterCount, Is.EqualTo(model.ParameterCount), "mean and deviation are no weights");
        using ParameterArena arena = new(network, Device.Cpu, 1);
        using Evaluator evaluator = new(network, arena, raw.Test);
        float[] written = evaluator.Predict(raw.Test);
        for (int i = 0; i < written.Length; i++)
        {
            Assert.That(written[i], Is.EqualTo(others[i]).Within(i % 2 == 0 ? 2 : 1e-8));
        }
    }

    [Test]
    public void OtherTargetsAreNotScaled()
    {
        Dataset digits = Datasets.Digits();
        Assert.That(digits.WithStandardizedTargets(), Is.SameAs(digits));
        Assert.That(
            () => digits.WithTargets(Normalization.OfNumbers([0], [1])),
            Throws.ArgumentException.With.Message.Contains("10 classes"));
    }

    /// <summary>A normalisation that no sample decides is the prior's without being fitted to its part.</summary>
    [Test]
    public void ACertificateKeepsAStatedNormalization()
    {
        Dataset digits = Datasets.Digits();
        digits = digits.Normalized(new Normalization([0], [1], 16));
        digits = digits with { Train = digits.Train.Take(60), Test = digits.Test.Take(10) };
        CertifyOptions options = new()
        {
            PriorEpochs = 1, PosteriorEpochs = 1, BatchSize = 10, Stages = 2, Device = Device.Cpu, KeepNormalization = true,
        };
        ProgressiveCertificate kept = Certifier.CertifyProgressively(new Mlp(64, 10), digits, options);
        Assert.That(kept.Normalization, Is.SameAs(digits.Train.Normalization));
        Assert.That(kept.ZeroOne.Assumptions.Select(one => one.Name), Does.Contain("normalisation"));
        ProgressiveCertificate fitted = Certifier.CertifyProgressively(
            new Mlp(64, 10), digits, options with { KeepNormalization = false });
        Assert.That(fitted.Normalization!.Mean[0], Is.InRange(0.2, 0.4));
    }
}
