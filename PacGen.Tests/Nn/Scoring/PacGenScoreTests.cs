using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// Ψ (24) and its ρ against a plain double computation from the same batches, and what a score tells of itself.
/// </summary>
internal sealed class PacGenScoreTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    [Test]
    public void IsWhatThePaperDefines([Values] RhoEstimator estimator)
    {
        Mlp model = new([64, 7, 10], x => x.Tanh());
        using ParameterArena arena = new(model, Device.Cpu, 5);
        const int Batch = 16, Batches = 3;
        ScoreOptions options = new() { Images = Batch * Batches, BatchSize = Batch, Draws = 3, Neighborhood = new(
            0.2, 0.05), Rho = estimator, ImageSeed = 9 };
        PacGenScore score = Measure(model, arena, options);

        // ρ is random: the test takes the score's own and checks its size by the closed form of its law below.
        double[] h = SecondMoment(model, arena.Save(), arena, Batch, Batches, options.ImageSeed);
        float[] w = arena.Save();
        double expected = 0, scale = 0, rho = score.RhoDraws.Order().ElementAt(1);
        for (int i = 0; i < w.Length; i++)
        {
            double kappa = (0.2 * Math.Abs((double)w[i])) + 0.05;
            expected += Math.Log(
                (Math.Abs((double)w[i]) + kappa) * Math.Max(Math.Sqrt(h[i] + (rho * Math.Sqrt(w.Length) * kappa)), 1 / kappa));
            scale += Math.Log(Math.Abs((double)w[i]) + kappa);
        }

        Assert.That(score.Rho, Is.EqualTo(rho), "the median of three draws");
        Assert.That(score.PsiInterval, Is.Null, "three draws give no interval of 95 %");
        Assert.That(
            score.ToString(), Does.Contain("3 draws: no interval").And.Contain("1/κ branch for").And.Contain("in batches of 16"));

        Assert.That(score.Psi, Is.EqualTo(expected).Within(1e-5 * w.Length));
        Assert.That(score.LogScale, Is.EqualTo(scale).Within(1e-6 * w.Length));
        Assert.That(score.LogScale + score.LogCurvature, Is.EqualTo(score.Psi).Within(1e-9 * w.Length));
        Assert.That(score.LayerScores.Sum(layer => layer.Psi), Is.EqualTo(score.Psi).Within(1e-5 * w.Length));
        Assert.That(
            score.LayerScores.Select(layer => layer.Name),
            Is.EqualTo(new[] { "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias" }));
        Assert.That(
            score.LayerScores.Sum(layer => layer.KappaShare * layer.Count) / w.Length, Is.EqualTo(score.KappaShare).Within(1e-9));
        Assert.That(
            score.LayerScores[0].MeanCurvature, Is.EqualTo(h.Take(64 * 7).Average()).Within(1e-4 * h.Take(64 * 7).Average()));
        Assert.That(score.Images, Is.EqualTo(Batch * Batches));
    }

    /// <summary>
    /// max |Δh|/|u| has the law P(ρ ≤ r) = Π(1 − xᵢ/r): over draws the published ratio lies below the median of that half the
    /// time. Definition 3's ratio is never above the published one.
    /// </summary>
    [Test]
    public void ThePublishedRatioVariesAroundTheMedianInClosedForm()
    {
        Mlp model = new([64, 7, 10], x => x.Tanh());
        using ParameterArena arena = new(model, Device.Cpu, 5);
        ScoreOptions options = new() { Images = 64, Draws = 60, Neighborhood = new(0.1, 0.02) };
        IReadOnlyDictionary<RhoEstimator, PacGenScore> scores = MeasureAll(model, arena, options);
        IReadOnlyList<double> published = scores[RhoEstimator.Published].RhoDraws, median = scores[RhoEstimator.Median].RhoDraws;
        int below = published.Zip(median, (r, m) => r <= m ? 1 : 0).Sum();
        Assert.That(below, Is.InRange(15, 45), "of 60 draws; outside this range once in 10,000 times if the law holds");
        Assert.That(scores[RhoEstimator.Definition3].RhoDraws.Zip(published, (d, p) => d <= p), Has.All.True);
        Assert.That(
            published.Max() / published.Min(), Is.GreaterThan(median.Max() / median.Min()),
            "the median is the steadier of the two");
    }

    [Test]
    public void TakesTheSecondMomentOfTrainingWhereAsked()
    {
        using Trainer adam = new(new Mlp(64, 16, 10), Digits, new Adam(), new TrainingOptions { Epochs = 1 });
        adam.Run();
        ScoreOptions options = new() { Images = 320, Draws = 1, Curvature = CurvatureSource.Training };
        PacGenScore training = adam.Score(options), pass = adam.Score(options with { Curvature = CurvatureSource.Pass });
        Assert.That(
            training.LayerScores[0].MeanCurvature, Is.Not.EqualTo(pass.LayerScores[0].MeanCurvature).Within(1e-3).Percent);
        Assert.That(training.RhoDraws, Is.EqualTo(pass.RhoDraws), "ρ is from passes at w and w + u in both");

        using Trainer sgd = new(new Mlp(64, 16, 10), Digits, new Sgd(0.1), new TrainingOptions { Epochs = 1 });
        sgd.Run();
        Assert.That(() => sgd.Score(options), Throws.ArgumentException.With.Message.Contains("KeepSecondMoment"));
    }

    /// <summary>
    /// h of plain SGD's training, at the batch size of the training whatever the score's; with bias correction it is
    /// 1/(1 − 0.999ᵗ) times as large.
    /// </summary>
    [Test]
    public void TakesTheSecondMomentOfPlainTraining([Values] bool corrected)
    {
        TrainingOptions training = new() { Epochs = 1, BatchSize = 32, KeepSecondMoment = true };
        Mlp model = new(64, 16, 10);
        using Trainer sgd = new(model, Digits, new Sgd(0.1), training);
        Assert.That(sgd.SecondMoment, Is.Null, "before the first step");
        sgd.Run();
        SmoothedSecondMoment h = sgd.SecondMoment!;
        Assert.That((h.Steps, h.Beta, h.BatchSize), Is.EqualTo((sgd.Steps, 0.999, 32)));
        ScoreOptions options = new()
        {
            Images = 320, Draws = 3, Curvature = CurvatureSource.Training, BiasCorrection = corrected, BatchSize = 64,
        };
        PacGenScore score = sgd.Score(options), pass = sgd.Score(new ScoreOptions { Images = 320, Draws = 3, BatchSize = 32 });
        Assert.That(score.BatchSize, Is.EqualTo(32));
        Assert.That(score.RhoDraws, Is.EqualTo(pass.RhoDraws), "ρ is from passes at the training's batch size");
        double correction = corrected ? 1 / (1 - Math.Pow(0.999, h.Steps)) : 1, expected = 0;
        float[] w = sgd.Arena.Save();
        for (int i = 0; i < w.Length; i++)
        {
            double kappa = (0.1 * Math.Abs((double)w[i])) + 0.1;
            double curvature = (h.Values[i] * correction) + (score.Rho * Math.Sqrt(w.Length) * kappa);
            expected += Math.Log((Math.Abs((double)w[i]) + kappa) * Math.Max(Math.Sqrt(curvature), 1 / kappa));
        }

        Assert.That(score.Psi, Is.EqualTo(expected).Within(1e-5 * w.Length));
        Assert.That($"{score}", Does.Contain(corrected ? "training, corrected" : "from training in batches of 32"));
        Assert.That(
            score.DifferencesFrom(pass), Has.Some.Contain("where h comes from"), "scores of unlike h don't compare");
    }

    [Test]
    public void LeavesTheWeightsAlone()
    {
        using Trainer trainer = new(new Mlp(64, 16, 10), Digits, new Adam(), new TrainingOptions { Epochs = 1 });
        float[] before = trainer.Arena.Save();
        trainer.Score(new ScoreOptions { Images = 128, BatchSize = 32 });
        Assert.That(trainer.Arena.Save(), Is.EqualTo(before));
    }

    [Test]
    public void WrongOptionsAreErrorsThatNameThem()
    {
        using ParameterArena arena = new(new Mlp(64, 10), Device.Cpu, 1);
        Mlp model = new(64, 10);
        foreach ((ScoreOptions options, string part) in new[]
        {
            (new ScoreOptions { Neighborhood = null! }, "neighbourhood is null"),
            (new ScoreOptions { PartSize = 0 }, "part size is 0"),
            (new ScoreOptions { Draws = 0 }, "draws is 0"),
            (new ScoreOptions { Images = 99_999 }, "99999 images"),
            (new ScoreOptions { Images = 10, BatchSize = 11 }, "batch size is 11"),
        })
        {
            Assert.That(() => Measure(model, arena, options), Throws.ArgumentException.With.Message.Contains(part));
        }
    }

    /// <summary>
    /// κ = 10⁻²⁴ moves no weight but those at 0, so that nothing changes h: ρ is 0 by each estimator, though ‖u‖² ≈ 10⁻⁴⁵ is 0
    /// in a float, and each weight adds log((|w| + κ)/κ) to Ψ. At 10⁻²⁹ the biases alone move it.
    /// </summary>
    [TestCase(1e-24)]
    [TestCase(1e-29)]
    public void ATinyNeighborhoodIsScored(double epsilon)
    {
        Mlp model = new(64, 8, 10);
        using ParameterArena arena = new(model, Device.Cpu, 5);
        ScoreOptions options = new() { Images = 128, Draws = 6, Neighborhood = new(0, epsilon) };
        IReadOnlyDictionary<RhoEstimator, PacGenScore> scores = MeasureAll(model, arena, options);
        double expected = arena.Save().Sum(w => Math.Log((Math.Abs((double)w) + epsilon) / epsilon));
        Assert.That(scores, Has.Count.EqualTo(3));
        foreach (PacGenScore score in scores.Values)
        {
            Assert.That(score.Psi, Is.EqualTo(expected).Within(1e-5).Percent, $"{score.Estimator}");
            Assert.That(score.KappaShare, Is.EqualTo(1));
            Assert.That(score.Rho, Is.EqualTo(0).Within(1e-6 / epsilon), $"{score.Estimator}");
        }
    }

    [Test]
    public void PartsOfABatchChangeRoundingAlone()
    {
        Mlp model = new(64, 16, 10);
        using ParameterArena arena = new(model, Device.Cpu, 5);
        ScoreOptions options = new() { Images = 256, Draws = 6 };
        PacGenScore whole = Measure(model, arena, options);
        foreach (int part in new[] { 16, 20, 64, 100 })
        {
            PacGenScore parts = Measure(model, arena, options with { PartSize = part });
            Assert.That(parts.Psi, Is.EqualTo(whole.Psi).Within(1e-4).Percent, $"parts of {part}");
            Assert.That(parts.BatchSize, Is.EqualTo(64));
        }
    }

    [Test]
    public void TellsWhatKeepsTwoScoresFromComparing()
    {
        Mlp model = new(64, 8, 10);
        using ParameterArena arena = new(model, Device.Cpu, 5);
        ScoreOptions options = new() { Images = 128, Draws = 1 };
        PacGenScore Score(ScoreOptions one) => Measure(model, arena, one);
        PacGenScore usual = Score(options);
        Assert.That(
            usual.DifferencesFrom(Score(options with { Draws = 2, Seed = 7 })), Is.Empty,
            "draws and seed decide the error, not the quantity");
        Assert.That(
            usual.DifferencesFrom(Score(options with { BatchSize = 32 })),
            Is.EqualTo(new[] { "the batch size of its pass (64 and 32)" }));
        Assert.That(usual.DifferencesFrom(
            Score(options with { Images = 256, Rho = RhoEstimator.Definition3, Neighborhood = new(0.1, 0.2) })),
            Has.Count.EqualTo(3));
        Mlp wider = new(64, 9, 10);
        using ParameterArena larger = new(wider, Device.Cpu, 5);
        Assert.That(
            usual.DifferencesFrom(Measure(wider, larger, options)),
            Has.One.Contains("number of weights"));
    }

    private static double[] SecondMoment(Mlp model, float[] weights, ParameterArena arena, int batch, int batches, ulong seed)
    {
        Tensor[] w = [.. model.Parameters.Select(parameter => parameter.Tensor)];
        Dictionary<Tensor, double[]> leaves = [];
        int start = 0;
        foreach (Tensor leaf in w)
        {
            leaves[leaf] = [.. weights.Skip(start).Take((int)leaf.Shape.Count).Select(value => (double)value)];
            start += (int)leaf.Shape.Count;
        }

        double[] h = new double[arena.Count];
        using BatchLoader loader = BatchLoader.Shuffled(Digits.Train, batch, seed, dropLast: true);
        loader.Start(1);
        for (int b = 0; b < batches && loader.TryNext(out Batch images); b++)
        {
            Tensor x = Tensor.Constant(new(batch, 8, 8, 1), images.Samples.ToArray()), y = Tensor.Constant(
                new(batch), images.Targets.ToArray());
            int i = 0;
            foreach (Tensor gradient in Loss.CrossEntropy(model.Forward(x), y).Gradient(w))
            {
                foreach (double value in DoubleReference.Evaluate(gradient, leaves))
                {
                    h[i++] += value * value / batches;
                }
            }
        }

        return h;
    }

    private static PacGenScore Measure(Module model, ParameterArena arena, ScoreOptions options)
    {
        using EmpiricalLoss subject = new(model, arena, Digits.Train);
        return PacGenScorer.Measure(subject, options);
    }

    private static IReadOnlyDictionary<RhoEstimator, PacGenScore> MeasureAll(
        Module model, ParameterArena arena, ScoreOptions options)
    {
        using EmpiricalLoss subject = new(model, arena, Digits.Train);
        return PacGenScorer.MeasureAll(subject, options);
    }
}
