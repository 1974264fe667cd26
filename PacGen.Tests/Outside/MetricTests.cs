using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>Metrics against numbers that were worked out apart, in results, and without an optimizer.</summary>
internal sealed class MetricTests
{
    /// <summary>Classes 0, 1, 2, 1, 0; the expected numbers are scikit-learn's.</summary>
    [Test]
    public void OfClasses()
    {
        float[][] logits = [[3, 1, 0], [2, 1, 0], [0, 1, 2], [0, 5, 1], [0, 1, 2]];
        float[] labels = [0, 1, 2, 1, 0];
        TargetForm form = TargetForm.OneOf(3);
        Assert.That(Value(Metric.Accuracy), Is.EqualTo(0.6));
        Assert.That(Value(Metric.Top(2)), Is.EqualTo(0.8));
        Assert.That(Value(Metric.F1), Is.EqualTo((0.5 + (2 / 3.0) + (2 / 3.0)) / 3).Within(1e-12));
        Assert.That(Value(Metric.Mean("first", (output, _) => output[0])), Is.EqualTo(1));
        Assert.That(
            () => Metric.RSquared.Start(form, 3),
            Throws.ArgumentException.With.Message.EqualTo(
                "The R² is of as many outputs as values, but the targets are 3 classes and the network's outputs 3."));
        Assert.That(() => Metric.Top(4).Start(form, 3), Throws.ArgumentException);

        double Value(Metric metric) => Of(metric, form, logits, [.. labels.Select(label => new[] { label })]);
    }

    [Test]
    public void OfValues()
    {
        float[][] outputs = [[2.5f, 1], [0, 2], [2, 3], [8, 4]], targets = [[3, 1], [-0.5f, 2], [2, 3], [7, 4]];
        TargetForm form = TargetForm.Values(2);

        // scikit-learn's r2_score([3, -0.5, 2, 7], [2.5, 0, 2, 8]) is 0.9486081370449679.
        Assert.That(Of(Metric.RSquared, form, outputs, targets), Is.EqualTo((0.9486081370449679 + 1) / 2).Within(1e-12));
        Assert.That(Of(Metric.MeanAbsoluteError, form, outputs, targets), Is.EqualTo(0.25));
        Assert.That(Of(Metric.RootMeanSquaredError, form, outputs, targets), Is.EqualTo(Math.Sqrt(1.5 / 8)).Within(1e-12));
        Assert.That(Of(Metric.RSquared, TargetForm.Values(1), [[1], [2]], [[3], [3]]), Is.NaN);
    }

    [Test]
    public void OfLabels()
    {
        float[][] logits = [[1, -1], [1, 1], [-1, -1]], bits = [[1, 0], [0, 1], [1, 0]];
        TargetForm form = TargetForm.Bits(2);
        Assert.That(Of(Metric.Accuracy, form, logits, bits), Is.EqualTo(4 / 6.0).Within(1e-12));
        Assert.That(Of(Metric.F1, form, logits, bits), Is.EqualTo((0.5 + 1) / 2));
    }

    /// <summary>They stand in each epoch's result, in the log, and in the results of a resumed run.</summary>
    [Test]
    public void StandInTheResults()
    {
        Dataset data = Dataset.FromArrays(
            new float[,] { { 0 }, { 1 }, { 2 }, { 3 }, { 4 } }, new float[] { 1, 3, 5, 7, 9 }, new float[,] { { 5 } , { 6 } },
            new float[] { 11, 13 });
        string log = Path.GetTempFileName(), folder = Directory.CreateTempSubdirectory().FullName;
        TrainingOptions options = new()
        {
            Epochs = 2, BatchSize = 5, Device = Device.Cpu, LogPath = log, Checkpoints = new CheckpointOptions(folder),
            Metrics = [Metric.RootMeanSquaredError, Metric.Mean("half", (_, _) => 0.5)],
        };
        MetricValue[] values;
        using (Trainer trainer = new(new Mlp(1, 1), data, new Sgd(0.05), options))
        {
            EpochResult last = trainer.Run()[^1];
            values = [.. last.Metrics!];
            Assert.That(values[0].Test, Is.EqualTo(Math.Sqrt(last.TestLoss)).Within(1e-6));
            Assert.That(values[1], Is.EqualTo(new MetricValue("half", 0.5, 0.5)));
            Assert.That($"{last}", Does.Contain(", root mean squared error ").And.Not.Contain("%"));
            Assert.That(trainer.Evaluate(data.Test, [Metric.MeanAbsoluteError])["mean absolute error"], Is.Positive);
        }

        Assert.That(File.ReadLines(log).Last(), Does.Contain("\"metrics\":{\"root mean squared error\":{\"train\":"));
        using Trainer resumed = new(new Mlp(1, 1), data, new Sgd(0.05), options with { Epochs = 3, LogPath = null });
        resumed.Resume(folder);
        Assert.That(resumed.Results[^1].Metrics, Is.EqualTo(values));
        File.Delete(log);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A network without an optimizer: loss, metrics, outputs.</summary>
    [Test]
    public void WithoutAnOptimizer()
    {
        Dataset digits = Datasets.Digits();
        Mlp model = new(64, 10);
        using ParameterArena arena = new(model, Device.Cpu, seed: 1);
        using Evaluator evaluator = new(model, arena, digits.Test);
        Evaluation found = evaluator.Evaluate(digits.Test, Metric.Accuracy, Metric.Top(5), Metric.F1);
        float[] logits = evaluator.Predict(digits.Test);
        int right = Enumerable.Range(0, digits.Test.Count).Count(
            i => digits.Test.Labels[i] == Enumerable.Range(0, 10).MaxBy(c => logits[(10 * i) + c]));
        Assert.That(found[Metric.Accuracy], Is.EqualTo((double)right / digits.Test.Count));
        Assert.That(found["top-5 accuracy"], Is.GreaterThan(found["accuracy"]));
        using EmpiricalLoss loss = new(model, arena, digits.Test);
        Assert.That(found.Loss, Is.EqualTo(loss.Value()).Within(1e-6));
    }

    private static double Of(Metric metric, TargetForm form, float[][] outputs, float[][] targets)
    {
        MetricTally tally = metric.Start(form, outputs[0].Length);
        for (int i = 0; i < outputs.Length; i++)
        {
            tally.Add(outputs[i], targets[i]);
        }

        return tally.Value;
    }
}
