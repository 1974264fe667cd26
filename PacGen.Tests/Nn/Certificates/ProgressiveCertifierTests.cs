using PacGen.Core.Bounds;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>What makes a progressive certificate valid: no stage has seen what it is tested on, nor anything after it.</summary>
internal sealed class ProgressiveCertifierTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    private static readonly CertifyOptions Quick =
        new() { PriorEpochs = 6, PosteriorEpochs = 1, Stages = 4, Device = Device.Cpu };

    [Test]
    public void AStageDependsOnEarlierImagesAlone()
    {
        ProgressiveCertificate before = Certify(Quick);
        int[] order = DataSplit.Order(Digits.Train.Count, Quick.Seed);
        int start = before.Stages[2].TrainedOn;
        byte[] pixels = Digits.Train.Pixels.ToArray();
        int[] labels = Digits.Train.Labels.ToArray();
        foreach (int i in order.AsSpan(start))
        {
            labels[i] = (labels[i] + 1) % 10;
            pixels.AsSpan(i * 64, 64).Reverse();
        }

        ImageSet altered = new(pixels, labels, 8, 8, 10, Digits.Train.Normalization!);
        ProgressiveCertificate after = Certify(Quick, Digits with { Train = altered });
        for (int stage = 0; stage < 4; stage++)
        {
            Assert.That(after.Stages[stage].Weights.SequenceEqual(before.Stages[stage].Weights), Is.EqualTo(stage <= 2));
        }

        Assert.That(after.ZeroOne.Term("C = η/n"), Is.EqualTo(before.ZeroOne.Term("C = η/n")), "fixed before");
        Assert.That(after.Stages[1].Errors, Is.EqualTo(before.Stages[1].Errors));
        Assert.That(after.Stages[2].Errors, Is.GreaterThan(before.Stages[2].Errors));
    }

    [Test]
    public void TheStagesShareOutTheImages()
    {
        ProgressiveCertificate certificate = Certify(Quick with { Delta = 0.04, DeltaPrime = 0.01 });
        int at = certificate.PriorImages;
        foreach (ProgressiveStage stage in certificate.Stages)
        {
            Assert.That(stage.TrainedOn, Is.EqualTo(at));
            at += stage.Images;
        }

        Assert.That(at, Is.EqualTo(Digits.Train.Count));
        Assert.That(certificate.BoundImages, Is.EqualTo(719));
        double loss = certificate.Stages.Sum(stage => stage.Errors) / 719d;
        double eta = SequentialBound.EtaFor(certificate.GuideLoss, 0, 719, 0.05);
        Assert.That(certificate.ZeroOne.Value, Is.EqualTo(SequentialBound.Bound(loss, 0, 719, 0.05, eta).Value).Within(1e-12));
        Assert.That(certificate.Confidence, Is.EqualTo(0.95).Within(1e-12));
        Assert.That(certificate.HeldOut.Term("n"), Is.EqualTo(719));
        Assert.That(certificate.ToJson()["stages"]!.AsArray(), Has.Count.EqualTo(4));
        Assert.That($"{certificate}", Does.Contain("assumes test before training"));
    }

    [Test]
    public void HoldsOnTheTestImages([Range(1, 3)] int seed)
    {
        ProgressiveCertificate certificate = Certify(Quick with { PriorEpochs = 40, PosteriorEpochs = 4, Seed = (ulong)seed });
        Assert.That(certificate.ZeroOne.Value, Is.LessThan(0.12).And.GreaterThan(certificate.TestError));
        Assert.That(certificate.CrossEntropy.Value, Is.GreaterThan(certificate.TestCrossEntropy));
    }

    /// <summary>Running statistics are fixed with the weights before a stage is tested, so batch norm is no obstacle.</summary>
    [Test]
    public void BatchNormIsCovered()
    {
        WideResNet model = new(10, 1, 10, channels: 1);
        ProgressiveCertificate certificate = Certifier.CertifyProgressively(
            model, Digits with { Train = Digits.Train.Take(120), Test = Digits.Test.Take(20) },
            Quick with { PriorEpochs = 2, Stages = 2, BatchSize = 24 });
        Assert.That(certificate.Stages[0].State, Is.Not.Empty);
        Assert.That(certificate.Stages[1].State, Is.Not.EqualTo(certificate.Stages[0].State));
        Assert.That(certificate.ZeroOne.Value, Is.GreaterThan(0));
    }

    [Test]
    public void WrongStagesAreNamed() => Assert.That(
        () => Certify(Quick with { Stages = 720 }), Throws.ArgumentException.With.Message.Contains("the stages are 720"));

    private static ProgressiveCertificate Certify(CertifyOptions options, Dataset? data = null) =>
        Certifier.CertifyProgressively(new Mlp(64, 16, 10), data ?? Digits, options);
}
