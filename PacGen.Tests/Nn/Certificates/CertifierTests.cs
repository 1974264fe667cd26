using PacGen.Core.Bounds;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// What makes a certificate valid: S₀ and S₁ apart, a prior that never saw S₁, the KL of what is drawn, fresh draws, kl⁻¹ twice.
/// </summary>
internal sealed class CertifierTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    private static readonly CertifyOptions Quick =
        new() { PriorEpochs = 6, PosteriorEpochs = 1, PriorLevels = [100], Draws = 719 };

    [TestCase(10, 3, 1ul)]
    [TestCase(1438, 719, 7ul)]
    public void ThePartsShareNoImage(int count, int prior, ulong seed)
    {
        int[] order = DataSplit.Order(count, seed);
        Assert.That(order, Is.EquivalentTo(Enumerable.Range(0, count)));
        Assert.That(DataSplit.Order(count, seed + 1), Is.Not.EqualTo(order));

        // Each image's number is in its pixels.
        byte[] pixels = [.. Enumerable.Range(0, count).SelectMany(i => new[] { (byte)(i & 255), (byte)(i >> 8) })];
        ImageSet images = new(pixels, new int[count], 1, 2, 1, new Normalization([0f], [1f]));
        DataSplit split = DataSplit.Of(images, prior, seed);
        int[] first = Numbers(split.Prior), second = Numbers(split.Bound);
        Assert.That(first, Has.Length.EqualTo(prior));
        Assert.That(
            first.Concat(second), Is.EquivalentTo(Enumerable.Range(0, count)), "every image is in one part, none in both");

        static int[] Numbers(SampleSet set) =>
            [.. Enumerable.Range(0, set.Count).Select(i => set.Pixels[2 * i] + (256 * set.Pixels[(2 * i) + 1]))];
    }

    [Test]
    public void ThePriorHasNotSeenTheBoundsImages()
    {
        int[] order = DataSplit.Order(Digits.Train.Count, Quick.Seed);
        int[] labels = Digits.Train.Labels.ToArray();
        byte[] pixels = Digits.Train.Pixels.ToArray();
        foreach (int i in order.AsSpan(Quick.PriorImages(labels.Length)))
        {
            labels[i] = (labels[i] + 1) % 10;
            pixels.AsSpan(i * 64, 64).Reverse();
        }

        ImageSet altered = new(pixels, labels, 8, 8, 10, Digits.Train.Normalization!);
        Certificate before = Certify(Quick), after = Certify(Quick, Digits with { Train = altered, Test = altered.Take(100) });
        Assert.That(after.PriorMean, Is.EqualTo(before.PriorMean));
        Assert.That(after.PriorDeviation, Is.EqualTo(before.PriorDeviation));
        Assert.That(after.HeldOutLoss, Is.Not.EqualTo(before.HeldOutLoss));
        Assert.That(after.Mean, Is.Not.EqualTo(before.Mean), "the posterior has seen them");
        Assert.That(after.ZeroOne.Sample, Is.GreaterThan(0.5), "nobody can know these labels");
    }

    [Test]
    public void KlIsThatOfWhatIsDrawn()
    {
        Certificate certificate = Certify(Quick);
        double kl = 0, shift = 0;
        for (int i = 0; i < certificate.Mean.Count; i++)
        {
            float w = certificate.Mean[i];
            kl += TruncatedGaussian.Kl(
                w, certificate.Sigma[i], certificate.Kappa[i], certificate.PriorMean[i], certificate.PriorDeviation[i]);
            shift += Math.Pow((w - (double)certificate.PriorMean[i]) / certificate.PriorDeviation[i], 2) / 2;
            Assert.That(certificate.Kappa[i], Is.EqualTo((0.1 * Math.Abs(w)) + 0.1).Within(1e-7));
            Assert.That(certificate.Sigma[i], Is.GreaterThan(0).And.LessThanOrEqualTo(certificate.PriorDeviation[i] * 1.1));
        }

        Assert.That(certificate.Kl, Is.EqualTo(kl).Within(1e-9).Percent);
        Assert.That(certificate.KlOfShift, Is.EqualTo(shift).Within(1e-9).Percent.And.GreaterThan(0).And.LessThan(kl));
        Assert.That(certificate.ZeroOne.Bound.Term("KL"), Is.EqualTo(certificate.Kl));
    }

    /// <summary>q̂ to q̄ by log(1/δ′)/N, q̄ to the certificate by (KL + log K + log ξ(n)/δ)/n.</summary>
    [Test]
    public void IsKlInverseTwice()
    {
        Certificate certificate =
            Certify(Quick with { PriorLevels = [100, 1000, 10_000], Draws = 720, Delta = 0.04, DeltaPrime = 0.003 });
        Assert.That(certificate.Draws, Is.EqualTo(2 * 719), "720 looks are rounded up to two at each image");
        Assert.That(certificate.PriorLevels, Is.EqualTo(3));
        foreach (CertifiedLoss loss in (CertifiedLoss[])[certificate.ZeroOne, certificate.CrossEntropy])
        {
            double limit = BinaryKl.UpperInverse(loss.Sample, Math.Log(1 / 0.003) / 1438)
                + (certificate.Mean.Count * Math.Pow(2, -32));
            double value =
                BinaryKl.UpperInverse(limit, (certificate.Kl + Math.Log(3) + Math.Log(MaurerSeeger.Xi(719) / 0.04)) / 719);
            Assert.That(loss.SampleLimit, Is.EqualTo(limit).Within(1e-9));
            Assert.That(loss.Value, Is.EqualTo(value).Within(1e-9));
            Assert.That(loss.Sample, Is.LessThan(limit));
            Assert.That(limit, Is.LessThan(value));
        }
    }

    [Test]
    public void MoreCertaintyCostsMore()
    {
        (double Delta, double DeltaPrime)[] pairs = [(0.2, 0.2), (0.02, 0.2), (0.02, 0.02), (0.002, 0.02)];
        double[] values =
            [.. pairs.Select(pair => Certify(Quick with { Delta = pair.Delta, DeltaPrime = pair.DeltaPrime }).ZeroOne.Value)];
        Assert.That(values, Is.Ordered.Ascending);
        Assert.That(values, Is.Unique);
    }

    [Test]
    public void OneSeedGivesTheSameBitsOnAnyThreads()
    {
        using CpuDevice one = new(1), two = new(2);
        CertifyOptions options = Quick with { PriorLevels = [10, 1000] };
        Certificate first = Certify(options with { Device = one }), second = Certify(options with { Device = two }),
            other = Certify(options with { Seed = 2 });
        Assert.That(second.ToJson().ToJsonString(), Is.EqualTo(first.ToJson().ToJsonString()));
        Assert.That(second.Mean, Is.EqualTo(first.Mean));
        Assert.That(second.Sigma, Is.EqualTo(first.Sigma));
        Assert.That(other.Mean, Is.Not.EqualTo(first.Mean));
    }

    [Test]
    public void HoldsOnTheTestImages([Range(1, 5)] int seed)
    {
        CertifyOptions options = Quick with { PriorEpochs = 40, Draws = 4 * 719, Seed = (ulong)seed };
        Certificate certificate = Certify(options);
        Assert.That(certificate.ZeroOne.Value, Is.LessThan(0.2).And.GreaterThan(certificate.ZeroOne.TestLoss));
        Assert.That(certificate.CrossEntropy.Value, Is.LessThan(0.2).And.GreaterThan(certificate.CrossEntropy.TestLoss));
        Assert.That(certificate.HeldOutBound, Is.GreaterThan(certificate.HeldOutLoss));
        Assert.That(certificate.ToString(), Does.Contain("with probability 0.965").And.Contain("test loss").And.Contain(
            "assumes one distribution"));
    }

    [Test]
    public void WithoutPosteriorEpochsTheCentreIsThePriors()
    {
        Certificate certificate = Certify(Quick with { PosteriorEpochs = 0 });
        Assert.That(certificate.Mean, Is.EqualTo(certificate.PriorMean));
        Assert.That(certificate.KlOfShift, Is.Zero);
        Assert.That(certificate.ZeroOne.CentreTestLoss, Is.EqualTo(certificate.ZeroOne.PriorTestLoss));
    }

    [Test]
    public void WithoutNoiseALookIsThatOfTheCentre()
    {
        Mlp model = new(64, 16, 10);
        using ParameterArena arena = new(model, Device.Cpu, 3);
        using NoisyWeights noise = new(arena, new(0.1, 0.1), 1);
        noise.Set(new float[arena.Count]);
        using GibbsLoss losses = new(model, arena, noise, SampleForm.OfImages(8, 8, 1), new BoundedCrossEntropy(1e-5));
        using EvaluationPass plain = new(model, arena, Digits.Test, Loss.CrossEntropy, int.MaxValue);
        GibbsLosses drawn = losses.Drawn(Digits.Test, 1, 5, null, default);
        GibbsLosses centre = plain.Losses(Digits.Test, new BoundedCrossEntropy(1e-5), default);
        Assert.That(drawn.ZeroOne, Is.EqualTo(centre.ZeroOne).Within(1e-12));
        Assert.That(drawn.CrossEntropy, Is.EqualTo(centre.CrossEntropy).Within(1e-5).Percent);
        Assert.That(drawn.Looks, Is.EqualTo(Digits.Test.Count));
    }

    [TestCase(new[] { 1f, 3f, 2f }, 1, 0, 0.40760596)]
    [TestCase(new[] { 1f, 3f, 2f }, 0, 1, 2.40760596)]
    [TestCase(new[] { 3f, 3f, 0f }, 1, 1, 0.71773592)]
    [TestCase(new[] { 0f, 100f, 0f }, 0, 1, 11.51292546)]
    [TestCase(new[] { 0f, float.NaN, 0f }, 0, 1, 11.51292546)]
    [TestCase(new[] { 0f, 100f, 0f }, 1, 0, 0)]
    public void LossesOfLogits(float[] logits, int label, double wrong, double nats)
    {
        (double zeroOne, double crossEntropy) = ClassLoss.Of(logits, label, new BoundedCrossEntropy(1e-5));
        Assert.That(zeroOne, Is.EqualTo(wrong), "of equal logits the first is the answer");
        Assert.That(crossEntropy, Is.EqualTo(nats / Math.Log(1e5)).Within(1e-8));
    }

    /// <summary>σ* minimises ½hσ² + KL(N(w, σ²) ‖ N(w₀, s²))/η where the cap does not bind.</summary>
    [TestCase(1e-3, 5e4, 0.02)]
    [TestCase(2, 700, 0.01)]
    [TestCase(0, 700, 0.015)]
    public void SigmaIsTheMinimum(double curvature, double eta, double deviation)
    {
        double sigma = PosteriorLevel.Sigma([0.5f], [curvature], eta, [(float)deviation], new(0.1, 0.1))[0];
        Assert.That(new[] { 0.99, 1.01 }.Select(factor => Objective(sigma * factor)), Has.All.GreaterThan(Objective(sigma)));
        Assert.That(PosteriorLevel.Sigma([0.5f], [0], 1, null, new(0.1, 0.1))[0], Is.EqualTo(TruncatedGaussian.Cap(0.15, 1))
            .Within(1e-5).Percent, "the cap");

        double Objective(double level) =>
            (curvature * level * level / 2) + (
                (Math.Log(deviation / level) + (level * level / (2 * deviation * deviation))) / eta);
    }

    [TestCase(CertifyPhase.Prior)]
    [TestCase(CertifyPhase.Drawing)]
    public void AStoppedCertificationCertifiesNothing(CertifyPhase phase)
    {
        using CancellationTokenSource source = new();
        CertifyOptions endless = Quick with { PriorEpochs = phase == CertifyPhase.Prior ? 1_000_000 : 1, Draws = 1_000_000_000 };
        Assert.That(
            () => Certifier.Certify(new Mlp(64, 16, 10), Digits, endless, new Stop(phase, source), source.Token),
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void WrongOptionsSayWhatIsWrong()
    {
        Wrong(Quick with { PriorFraction = 1 }, "(0, 1)");
        Wrong(Quick with { PriorFraction = 0.0001 }, "at least 1");
        Wrong(Quick with { PriorFraction = 0.999 }, "at least 8");
        Wrong(Quick with { Delta = 0.6, DeltaPrime = 0.4 }, "below 1");
        Wrong(Quick with { PriorEpochs = -1 }, "prior's epochs");
        Wrong(Quick with { PosteriorEpochs = -1 }, "posterior's epochs");
        Wrong(Quick with { BatchSize = 720 }, "719");
        Wrong(Quick with { Delta = 0 }, "δ is 0");
        Wrong(Quick with { DeltaPrime = 1 }, "δ′ is 1");
        Wrong(Quick with { Draws = 0 }, "draws");
        Wrong(Quick with { Eta = double.NaN }, "η");
        Wrong(Quick with { Neighborhood = null! }, "neighbourhood");
        Wrong(Quick with { SmallestProbability = 1 }, "p_min");
        Wrong(Quick with { PriorLevels = [] }, "levels");
        Wrong(Quick with { PriorLevels = [1, -1] }, "levels");
        Wrong(Quick with { PriorOptimizer = new PerturbedOptimizer(new Sgd(0.1), 1) }, "without perturbation");
        Wrong(Quick with { PosteriorOptimizer = new SharpnessAware(new Sgd(0.1)) }, "without perturbation");
        Assert.That(
            () => Certifier.Certify(new Mlp(64, 9), Digits, Quick), Throws.ArgumentException.With.Message.Contain("9 outputs"));

        static void Wrong(CertifyOptions options, string says) =>
            Assert.That(() => Certify(options), Throws.ArgumentException.With.Message.Contain(says));
    }

    /// <summary>IVON's own posterior gives the curvature of σ*, and the certificate holds all the same.</summary>
    [Test]
    public void APosteriorThatTheOptimizerLearnsGivesTheCurvature()
    {
        Certificate usual = Certify(Quick), learnt = Certify(Quick with { PosteriorOptimizer = CertifyOptions.PosteriorIvon() });
        Assert.That((usual.CurvatureScale, learnt.CurvatureScale), Is.EqualTo((32, 1)));
        Assert.That(learnt.PriorDeviation, Is.EqualTo(usual.PriorDeviation), "the prior is the same");
        Assert.That(learnt.Sigma, Is.Not.EqualTo(usual.Sigma));
        Assert.That(learnt.Mean, Is.Not.EqualTo(learnt.PriorMean));
        Assert.That(learnt.ZeroOne.Value, Is.LessThan(0.9).And.GreaterThan(learnt.ZeroOne.TestLoss));
        Assert.That(Certify(Quick with { PosteriorOptimizer = CertifyOptions.PosteriorIvon() }).Sigma, Is.EqualTo(learnt.Sigma));
    }

    /// <summary>The excess and the one draw from what they are recorded with; the draw is a network with the loss that is
    /// certified.</summary>
    [Test]
    public void TheOtherCertificatesAddUp()
    {
        Certificate certificate = Certify(Quick with { PriorEpochs = 20, Device = Device.Cpu });
        double n = 719, draws = certificate.Draws, beyond = certificate.Mean.Count * Math.Pow(2, -32);
        double budget = (certificate.Kl + Math.Log(2 * MaurerSeeger.Xi(719) / 0.0125)) / n;
        double excess = -1 + Both(1 - (certificate.RightAlone / draws)) + Both(certificate.WrongAlone / draws);
        double reference = BinomialTest.UpperLimit((long)certificate.HeldOut.Term("errors"), 719, 0.0125).Value;
        Assert.That(certificate.Excess.Value, Is.EqualTo(reference + excess).Within(1e-9));
        Assert.That(certificate.ZeroOne.Sample, Is.EqualTo(
            certificate.HeldOutLoss + ((certificate.WrongAlone - certificate.RightAlone) / draws)).Within(1e-9));

        float[] draw = [.. certificate.OneDraw.Weights], mean = [.. certificate.Mean];
        double ratio = TruncatedGaussian.LogRatio<float>(
            draw, mean, [.. certificate.Sigma], [.. certificate.Kappa], [.. certificate.PriorMean],
            [.. certificate.PriorDeviation]);
        Assert.That(certificate.OneDraw.Bound.Term("log dQ/dπ(h)"), Is.EqualTo(ratio).Within(1e-9));
        Assert.That(draw, Is.Not.EqualTo(mean));
        Assert.That(certificate.OneDraw.Bound.Value, Is.EqualTo(BinaryKl.UpperInverse(
            certificate.OneDraw.Bound.Term("L̂(h)"), (ratio + Math.Log(MaurerSeeger.Xi(719) / (0.035 - beyond)))
                / n)).Within(1e-9));

        double Both(double share) => BinaryKl.UpperInverse(
            Math.Min(BinaryKl.UpperInverse(share, Math.Log(1 / 0.005) / draws) + beyond, 1), budget);
    }

    /// <summary>η follows from loss and KL, and σ* with it; the bound is that of what came of it.</summary>
    [Test]
    public void ABoundAsObjectiveChoosesEta([Values] PosteriorObjective objective)
    {
        CertifyOptions options = Quick with { PriorEpochs = 20, Device = Device.Cpu };
        Certificate usual = Certify(options), chosen = Certify(options with { Objective = objective });
        Assert.That(usual.Eta, Is.EqualTo(719));
        Assert.That(chosen.Eta, Is.Not.EqualTo(719).And.GreaterThan(70).And.LessThan(7190));
        Assert.That(chosen.PriorMean, Is.EqualTo(usual.PriorMean));
        Assert.That(chosen.Mean, Is.Not.EqualTo(usual.Mean));
        float[] sigma = [.. chosen.Sigma];
        Assert.That(sigma, Is.Not.EqualTo(usual.Sigma));
        Assert.That(chosen.Kl, Is.EqualTo(TruncatedGaussian.Kl<float>(
            [.. chosen.Mean], sigma, [.. chosen.Kappa], [.. chosen.PriorMean], [.. chosen.PriorDeviation])).Within(1e-9));
    }

    /// <summary>Weights of one's own on samples that they have not seen: nothing of the prior is trained.</summary>
    [Test]
    public void WeightsOfOnesOwnAreCertifiedOnHeldOutSamples()
    {
        Mlp model = new(64, 16, 10);
        float[] weights;
        using (ParameterArena arena = new(model, Device.Cpu, 3))
        {
            weights = arena.Save();
        }

        CertifyOptions options = Quick with { PosteriorEpochs = 0, Draws = 359, Device = Device.Cpu };
        Certificate certificate = Certifier.CertifyWeights(new Mlp(64, 16, 10), weights, [], Digits, options);
        Assert.That(certificate.PriorMean, Is.EqualTo(weights));
        Assert.That(certificate.Mean, Is.EqualTo(weights));
        Assert.That((certificate.PriorImages, certificate.BoundImages), Is.EqualTo((Digits.Train.Count, Digits.Test.Count)));
        Assert.That(certificate.ZeroOne.TestLoss, Is.NaN, "there is no other set to test on");
        Assert.That(certificate.HeldOutLoss, Is.GreaterThan(0.7), "untrained");
        Assert.That(certificate.HeldOutBound, Is.GreaterThan(certificate.HeldOutLoss));
        Assert.That(certificate.ToJson().ToJsonString(), Does.Contain("\"testLoss\":null"));
        Assert.That(
            () => Certifier.CertifyWeights(new Mlp(64, 16, 10), weights, [], Digits with { Test = Digits.Test.Take(5) }, options),
            Throws.ArgumentException.With.Message.Contains("5 held-out images"));
    }

    private static Certificate Certify(CertifyOptions options, Dataset? data = null) =>
        Certifier.Certify(new Mlp(64, 16, 10), data ?? Digits, options);

    /// <summary>Cancels when a phase begins.</summary>
    private sealed class Stop(CertifyPhase phase, CancellationTokenSource source) : IProgress<CertifyProgress>
    {
        public void Report(CertifyProgress value)
        {
            if (value.Phase == phase)
            {
                source.Cancel();
            }
        }
    }
}
