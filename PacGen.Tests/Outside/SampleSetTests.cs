using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>Data of one's own: arrays, and a set that is read sample by sample, through everything that takes data.</summary>
internal sealed class SampleSetTests
{
    private static readonly (float[,] X, float[] Y) Plane = Points(200);

    private static TrainingOptions Options => new() { Epochs = 40, BatchSize = 16, Device = Device.Cpu };

    /// <summary>A linear network finds the plane through points of two coordinates.</summary>
    [Test]
    public void RegressionFromArrays()
    {
        Dataset data = Dataset.FromArrays(Plane.X, Plane.Y).Normalized();
        Assert.That((data.Train.Count, data.Test.Count, $"{data.Train.Target}"), Is.EqualTo((160, 40, "1 value")));
        using Trainer trainer = new(new Mlp(2, 1), data, new Adam(0.05), Options);
        EpochResult last = trainer.Run()[^1];
        Assert.That(last.TestLoss, Is.LessThan(1e-4));
        Assert.That(last.TestAccuracy, Is.NaN);
        Assert.That(trainer.Best!.TestLoss, Is.EqualTo(trainer.Results.Min(result => result.TestLoss)));
        float[] answers = trainer.Predict(data.Test);
        float[] index = new float[2], target = new float[1];
        data.Test.Gather([7], index, target);
        Assert.That(answers[7], Is.EqualTo(target[0]).Within(0.05));
    }

    /// <summary>A set that is read sample by sample trains to the bits of the one in memory, and so does a resumed run of
    /// it.</summary>
    [Test]
    public void AClassOfOnesOwn()
    {
        Dataset memory = Dataset.FromArrays(Plane.X, Plane.Y), own = Dataset.Split(new Streamed());
        float[][] weights = Array.ConvertAll((Dataset[])[memory, own], data =>
        {
            using Trainer trainer = new(
                new Mlp(2, 5, 1), data, new PerturbedOptimizer(new Adam(0.01), eta: 100), Options with
                {
                    Epochs = 3, LoadingThreads = data == own ? 4 : null,
                });
            trainer.Run();
            return trainer.Arena.Save();
        });
        Assert.That(weights[1], Is.EqualTo(weights[0]));
        Assert.That(own.Fingerprint(), Has.Length.EqualTo(16));
        Assert.That(
            () => BatchLoader.Shuffled(own.Train, 10, 1, augmentation: Augmentation.CropFlip),
            Throws.TypeOf<DataException>().With.Message.Contains("bytes can be varied"));
    }

    /// <summary>Ψ and each measure come to a number on regression, or say why they can't.</summary>
    [Test]
    public void MeasuresOfARegression()
    {
        Dataset data = Dataset.FromArrays(Plane.X, Plane.Y);
        Mlp model = new(2, 4, 1);
        using Trainer trainer = new(model, data, new Adam(0.02), Options with { Epochs = 5, KeepSecondMoment = true });
        float[] first = trainer.Arena.Save();
        trainer.Run();
        using EmpiricalLoss subject = new(model, trainer.Arena, data.Train)
        {
            Training = new TrainingFacts
            {
                InitialWeights = first, SecondMoment = trainer.SecondMoment, Images = data.Train.Count, Steps = trainer.Steps,
            },
        };
        Assert.That(PacGenScorer.Measure(subject).Psi, Is.Not.NaN);
        List<string> taken = [], refused = [];
        foreach (Measure measure in Measures.All)
        {
            if (measure.Obstacle?.Invoke(subject) is { } obstacle)
            {
                Assert.That(obstacle, Does.EndWith("."), measure.Name);
                refused.Add(measure.Name);
            }
            else
            {
                Assert.That(measure.Of(subject, 1, null, default).Value, Is.Not.NaN, measure.Name);
                taken.Add(measure.Name);
            }
        }

        Assert.That(taken, Does.Contain("trace").And.Contain("keskar-sharpness").And.Contain("psi-gauss-newton"));
        Assert.That(refused, Does.Contain("margin").And.Contain("pacbayes-flatness"));
        Assert.That(
            () => NetworkBounder.Measure(subject),
            Throws.InvalidOperationException.With.Message.Contains("asks for a class a sample, but the targets are 1 value"));
        Assert.That(
            () => Certifier.Certify(model, data),
            Throws.ArgumentException.With.Message.Contains("ask for a class a sample, but the targets of arrays are 1 value"));
    }

    /// <summary>Probabilities, labels of 0 or 1 and values train by their usual losses, and Ψ comes to a number.</summary>
    [TestCase(TargetKind.Probabilities)]
    [TestCase(TargetKind.Bits)]
    [TestCase(TargetKind.Values)]
    public void OtherTargets(TargetKind kind)
    {
        float[,] targets = new float[Plane.Y.Length, 2];
        for (int i = 0; i < Plane.Y.Length; i++)
        {
            (targets[i, 0], targets[i, 1]) = Plane.Y[i] > 0.3f ? (1, 0) : (0, 1);
        }

        Dataset data = Dataset.FromArrays(Plane.X, targets, kind).Normalized();
        Mlp model = new(2, 8, 2);
        using Trainer trainer = new(model, data, new Adam(0.02), Options);
        EpochResult last = trainer.Run()[^1];
        Assert.That(last.Metrics![0].Test, Is.GreaterThan(kind == TargetKind.Values ? 0.5 : 0.9), last.Metrics[0].Name);
        using EmpiricalLoss subject = new(model, trainer.Arena, data.Train);
        double[] exact = HessianDiagonalEstimator.Measure(
            subject, new HessianDiagonalOptions { Matrix = CurvatureMatrix.GaussNewton }).Entries.Select(entry => (double)entry)
            .ToArray();
        double[] drawn = HessianDiagonalEstimator.Measure(subject, new HessianDiagonalOptions
        {
            Matrix = CurvatureMatrix.GaussNewton, LargestExact = 0, Draws = 400, RootBatchSize = 16,
        }).Entries.Select(entry => (double)entry).ToArray();
        Assert.That(drawn.Sum(), Is.EqualTo(exact.Sum()).Within(0.1 * exact.Sum()));
        Assert.That(
            PacGenScorer.Measure(subject, new ScoreOptions { Curvature = CurvatureSource.GaussNewton, BatchSize = 16 }).Psi,
            Is.Not.NaN);
    }

    /// <summary>A certificate for classes of numbers that are no bytes.</summary>
    [Test]
    public void ACertificateOfArrays()
    {
        Dataset data = Dataset.FromArrays(Plane.X, Array.ConvertAll(Plane.Y, y => y > 0.3f ? 1 : 0));
        Certificate found = Certifier.Certify(
            new Mlp(2, 8, 2), data, new CertifyOptions { PriorEpochs = 20, Draws = 2000, BatchSize = 8, Device = Device.Cpu });
        Assert.That(found.ZeroOne.Value, Is.LessThan(0.5));
    }

    [Test]
    public void WhatIsNoData()
    {
        Assert.That(
            () => Dataset.FromArrays(new float[3, 2], new float[2]),
            Throws.ArgumentException.With.Message.Contains("There are 3 samples but 2 targets."));
        Assert.That(
            () => Dataset.FromArrays(new float[,] { { 1 }, { float.NaN } }, new float[2]),
            Throws.ArgumentException.With.Message.Contains("Number 0 of sample 1 is NaN"));
        Assert.That(
            () => Dataset.FromArrays(new float[2, 2], new[] { 0, -1 }),
            Throws.ArgumentException.With.Message.Contains("Target 1 is -1, but a class is a whole number from 0 to 16777215."));
        Assert.That(
            () => Dataset.FromArrays(new float[2, 2], new[,] { { 0.5f, 0.4f }, { 1, 0 } }, TargetKind.Probabilities),
            Throws.ArgumentException.With.Message.Contains("The probabilities of sample 0 sum up to 0.9"));
        Assert.That(
            () => Dataset.FromArrays(new decimal[2], new float[2]),
            Throws.ArgumentException.With.Message.Contains("Arrays of Decimal are not taken"));
        Assert.That(
            () => Dataset.FromArrays(new float[2, 2], new float[2], testPart: 0.1),
            Throws.ArgumentException.With.Message.Contains("leaves one of two parts of 2 samples empty"));
    }

    /// <summary>A normalisation is that of the samples it is fitted to, and of no others.</summary>
    [Test]
    public void ANormalizationOfSomeSamples()
    {
        ArraySet set = new(new float[] { 1, 10, 3, 10, 100, 70 }, new Shape(2), new int[3], 1);
        Normalization fitted = Normalization.Fit(set, [0, 1]);
        Assert.That(
            (fitted.Mean.ToArray(), fitted.StandardDeviation.ToArray()),
            Is.EqualTo((new float[] { 2, 10 }, new float[] { 1, 1 })));
        float[] all = new float[6];
        set.With(fitted).Gather([0, 1, 2], all, new float[3]);
        Assert.That(all, Is.EqualTo(new float[] { -1, 0, 1, 0, 98, 60 }));
        SampleSet digits = Datasets.Digits().Train;
        Normalization ofBytes = Normalization.Fit(digits);
        Assert.That(
            (ofBytes.Mean[0], ofBytes.StandardDeviation[0], ofBytes.MaxValue),
            Is.EqualTo((0.3052f, 0.3758f, 16)).Using<(float A, float B, int C)>(
                (a, b) => Math.Abs(a.A - b.A) < 1e-4 && Math.Abs(a.B - b.B) < 1e-4 && a.C == b.C));
    }

    private static (float[,] X, float[] Y) Points(int count)
    {
        float[,] x = new float[count, 2];
        float[] y = new float[count], sample = new float[2], target = new float[1];
        for (int i = 0; i < count; i++)
        {
            Point(i, sample, target);
            (x[i, 0], x[i, 1], y[i]) = (sample[0], sample[1], target[0]);
        }

        return (x, y);
    }

    private static void Point(int index, Span<float> sample, Span<float> target)
    {
        sample[0] = index * 7 % 100 / 50f;
        sample[1] = index * 13 % 100 / 10f;
        target[0] = (2 * sample[0]) - (0.25f * sample[1]) + 0.5f;
    }

    private sealed class Streamed() : SampleSet(200, new Shape(2), TargetForm.Values(1))
    {
        protected override void Read(int index, Span<float> sample, Span<float> target) => Point(index, sample, target);
    }
}
