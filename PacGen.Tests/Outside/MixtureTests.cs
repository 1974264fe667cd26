using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>The classifier of a progressive certificate, kept on disk and used.</summary>
internal sealed class MixtureTests
{
    /// <summary>A script that is stopped calls again with the same folder, and gets what it would have got.</summary>
    [Test]
    public void AStoppedCertificationGoesOn()
    {
        string folder = Directory.CreateTempSubdirectory("kept").FullName;
        try
        {
            CertifyOptions options = new() { PriorEpochs = 300, PosteriorEpochs = 1, Stages = 2, Device = Device.Cpu };
            CertifyOptions kept = options with { Folder = folder, FolderInterval = TimeSpan.Zero };
            using CancellationTokenSource stop = new();
            StopOnceKept progress = new(folder, stop);
            Assert.That(
                () => Certifier.CertifyProgressively(new Mlp(64, 64, 10), Datasets.Digits(), kept, progress, stop.Token),
                Throws.InstanceOf<OperationCanceledException>());
            Assert.That(Directory.GetFiles(folder, "training-*"), Has.Length.EqualTo(1), "the first training, not at its end");
            Assert.That(Certify(kept), Is.EqualTo(Certify(options)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static string Certify(CertifyOptions options) => Certifier.CertifyProgressively(
            new Mlp(64, 64, 10), Datasets.Digits(), options).ToJson().ToJsonString();
    }

    [Test]
    public void IsSavedLoadedAndPredicts()
    {
        string folder = Directory.CreateTempSubdirectory("mixture").FullName;
        try
        {
            Dataset digits = Datasets.Digits();
            ProgressiveCertificate certificate = Certifier.CertifyProgressively(
                new Mlp(64, 16, 10), digits,
                new CertifyOptions { PriorEpochs = 20, PosteriorEpochs = 1, Stages = 3, StageMemory = 0.3, Device = Device.Cpu });
            Mlp model = new(64, 16, 10);
            CertifiedMixture.Of(certificate).Save(folder, model);
            Assert.That(Directory.GetFiles(folder), Has.Length.EqualTo(3));
            CertifiedMixture mixture = CertifiedMixture.Load(folder, model);
            Assert.That(mixture.Networks.Select(one => one.Share), Is.EqualTo(certificate.Stages.Select(stage => stage.Share)));
            Assert.That(mixture.Networks[1].Weights, Is.EqualTo(certificate.Stages[1].Weights));
            Assert.That(mixture.Normalization!.ToText(), Is.EqualTo(certificate.Normalization!.ToText()));

            // Over seeds the error is the stages' by their shares, each image a coin.
            const int seeds = 20;
            double wrong = 0;
            for (ulong seed = 1; seed <= seeds; seed++)
            {
                int[] classes = mixture.Predict(model, digits.Test, seed, Device.Cpu);
                Assert.That(mixture.Predict(model, digits.Test, seed, Device.Cpu), Is.EqualTo(classes), "the same draws again");
                wrong += classes.Where((one, i) => one != digits.Test.Labels[i]).Count();
            }

            Assert.That(wrong / (seeds * digits.Test.Count), Is.EqualTo(certificate.TestError).Within(0.01));
            Assert.That(certificate.TestError, Is.LessThan(0.2));
            Assert.That(
                () => CertifiedMixture.Load(folder, new Mlp(64, 17, 10)), Throws.InstanceOf<CheckpointException>());
            File.Delete(Path.Combine(folder, "stage-3.safetensors"));
            Assert.That(
                () => CertifiedMixture.Load(folder, model),
                Throws.InstanceOf<CheckpointException>().With.Message.Contains("a part of a mixture"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class StopOnceKept(string folder, CancellationTokenSource stop) : IProgress<CertifyProgress>
    {
        public void Report(CertifyProgress value)
        {
            if (Directory.GetFiles(folder, "training-*").Length > 0)
            {
                stop.Cancel();
            }
        }
    }
}
