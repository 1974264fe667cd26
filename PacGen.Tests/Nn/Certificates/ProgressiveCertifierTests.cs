using PacGen.Core.Bounds;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Benchmarks;

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

    /// <summary>
    /// Former networks in a stage's prior: the certificate is SequentialBound's of the posteriors' losses with Σ KL, never above
    /// that of the priors themselves.
    /// </summary>
    [Test]
    public void FormerStagesCountAtThePriceOfAKl()
    {
        ProgressiveCertificate alone = Certify(Quick), certificate = Certify(Quick with { StageMemory = 0.5, Control = true });
        Assert.That(alone.Kl, Is.Zero);
        Assert.That(alone.Stages[3].Prior, Is.EqualTo(new[] { 0d, 0, 0, 1 }));
        Assert.That(certificate.Kl, Is.GreaterThan(0));
        Assert.That(certificate.Stages[2].Prior, Is.EqualTo(new[] { 1 / 7d, 2 / 7d, 4 / 7d }).Within(1e-12));
        Assert.That(certificate.Stages[3].Hash, Is.EqualTo(alone.Stages[3].Hash).And.Length.EqualTo(64));
        Assert.That(certificate.Stages.Sum(stage => stage.Share), Is.EqualTo(1).Within(1e-12));
        double n = certificate.BoundImages, loss = Loss(stage => stage.Posterior), eta = n * certificate.ZeroOne.Term("C = η/n");
        BoundResult bound = SequentialBound.Bound(loss, certificate.Kl, (long)n, 0.035, eta);
        Assert.That(certificate.ZeroOne.Value, Is.EqualTo(bound.Value).Within(1e-12));
        Assert.That(
            bound.Value, Is.LessThan(SequentialBound.Bound(Loss(stage => stage.Prior), 0, (long)n, 0.035, eta).Value),
            "the priors themselves");

        // A stage's network on all that it has not seen, and one that was trained as long on S₀ alone.
        BoundResult[] tests = [.. Enumerable.Range(0, 4).Select(t => BinomialTest.UpperLimit(
            certificate.Stages[t].ErrorsByPart.Sum(), certificate.Stages.Skip(t).Sum(stage => stage.Images), 0.035 / 4))];
        Assert.That(certificate.BestStage.Value, Is.EqualTo(tests.Min(test => test.Value)));
        Assert.That(alone.Control, Is.Null);
        Assert.That(
            certificate.Control!.Epochs, Is.EqualTo(6 + 1 + (3 * 2)), "of 719 images, as many steps as the stages or more");
        Assert.That(certificate.Control.Weights, Is.Not.EqualTo(certificate.Stages[0].Weights));
        Assert.That(certificate.Control.Test.Term("n"), Is.EqualTo(719));

        double Loss(Func<ProgressiveStage, IReadOnlyList<double>> weights) =>
            certificate.Stages.Select((stage, t) => weights(stage)
            .Select((weight, s) => weight * certificate.Stages[s].ErrorsByPart[t - s]).Sum()).Sum() / n;
    }

    /// <summary>Interrupted again and again, in epochs, evaluations and stages, it comes to the same bits.</summary>
    [Test]
    public void AnInterruptedOneGoesOnToTheSameBits()
    {
        using Folder folder = new();
        CertifyOptions options = Quick with
        {
            PriorEpochs = 5, PosteriorEpochs = 2, Stages = 2, BatchSize = 24, StageMemory = 0.5, Control = true,
        };
        CertifyOptions kept = options with { Folder = folder["kept"], FolderInterval = TimeSpan.Zero };
        string whole = Run(options, int.MaxValue)!;
        int interrupted = 0;
        string? resumed;
        while ((resumed = Run(kept, 120 * (interrupted + 1))) is null)
        {
            interrupted++;
        }

        Assert.That(resumed, Is.EqualTo(whole));
        Assert.That(interrupted, Is.GreaterThan(5));
        FileInfo[] files = new DirectoryInfo(folder["kept"]).GetFiles("training-*.safetensors");
        Assert.That(files, Has.Length.EqualTo(4), "the prior, two stages, one round of the control");
        DateTime[] times = Array.ConvertAll(files, file => file.LastWriteTimeUtc);
        Assert.That(Run(kept, int.MaxValue), Is.EqualTo(whole));
        Assert.That(Array.ConvertAll(files, file => new FileInfo(file.FullName).LastWriteTimeUtc), Is.EqualTo(times));

        static string? Run(CertifyOptions options, int reads)
        {
            using CancellationTokenSource stop = new();
            SampleSet train = new Counted(Digits.Train.Take(120), reads, stop);
            Dataset data = new("counted", train, new Counted(Digits.Test.Take(20), int.MaxValue, stop));
            try
            {
                ProgressiveCertificate certificate = Certifier.CertifyProgressively(
                    new Sequential(new Conv2d(1, 4, 3), new BatchNorm(4), new Relu(), new Flatten(), new Dropout(0.2),
                        new Linear(144, 10)),
                    data, options, cancellation: stop.Token);
                return $"{certificate.ToJson().ToJsonString()} {string.Join(' ', certificate.Control!.Weights)}";
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }
    }

    [Test]
    public void WhatIsKeptIsOfOneCertificationAndWhole()
    {
        using Folder folder = new();
        CertifyOptions kept = Quick with { Stages = 2, Folder = folder["kept"] };
        Certify(kept);
        Assert.That(
            () => Certify(kept with { Seed = 2 }),
            Throws.TypeOf<CheckpointException>().With.Message.Contains("seed (1 there, 2 here)"));
        Assert.That(
            () => Certify(kept with { PosteriorOptimizer = new Adam(0.01) }),
            Throws.TypeOf<CheckpointException>().With.Message.Contains("training-2.safetensors is of another certification: it " +
                "differs in optimizer (Adam"));
        Assert.That(
            Certify(kept with { Delta = 0.1, Control = true, Folder = kept.Folder }).Control, Is.Not.Null,
            "what follows the stages may be asked for later");
        string second = Path.Combine(kept.Folder!, "training-2.safetensors");
        byte[] bytes = File.ReadAllBytes(second);
        bytes[^1] ^= 1;
        File.WriteAllBytes(second, bytes);
        Assert.That(
            () => Certify(kept),
            Throws.TypeOf<CheckpointException>().With.Message.Contains("Remove it to have that part trained"));
        File.WriteAllText(second, "nothing of the kind");
        Assert.That(() => Certify(kept), Throws.TypeOf<CheckpointException>().With.Message.Contains(second));
        File.Delete(second);
        Assert.That(Certify(kept).Stages[1].Hash, Is.EqualTo(Certify(Quick with { Stages = 2 }).Stages[1].Hash));
        using FolderClaim claim = new(kept.Folder!);
        Assert.That(() => Certify(kept), Throws.InstanceOf<IOException>().With.Message.Contains("another run works in it"));
    }

    [Test]
    public void WrongStagesAreNamed() => Assert.That(
        () => Certify(Quick with { Stages = 720 }), Throws.ArgumentException.With.Message.Contains("the stages are 720"));

    private static ProgressiveCertificate Certify(CertifyOptions options, Dataset? data = null) =>
        Certifier.CertifyProgressively(new Mlp(64, 16, 10), data ?? Digits, options);

    /// <summary>Samples that stop a run once so many were read.</summary>
    private sealed class Counted(SampleSet set, int reads, CancellationTokenSource stop)
        : SampleSet(set.Count, set.SampleShape, set.Target)
    {
        private int left = reads;

        protected override void Read(int index, Span<float> sample, Span<float> target)
        {
            set.Gather([index], sample, target);
            if (Interlocked.Decrement(ref left) == 0)
            {
                stop.Cancel();
            }
        }
    }
}
