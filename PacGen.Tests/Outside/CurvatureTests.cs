using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>h kept beside plain SGD, Ψ with it, and measures of curvature, as a script writes them.</summary>
internal sealed class CurvatureTests
{
    [Test]
    public void SquaredGradientsOfPlainTrainingGoIntoPsi()
    {
        Dataset digits = Datasets.Digits();
        Mlp model = new(64, 8, 10);
        using Trainer trainer =
            new(model, digits, new Sgd(0.1), new TrainingOptions { Epochs = 2, KeepSecondMoment = true, Score = null });
        trainer.Run();
        SmoothedSecondMoment h = trainer.SecondMoment!;
        Assert.That((h.Steps, h.Beta, h.BatchSize), Is.EqualTo((trainer.Steps, 0.999, 64)));

        using EmpiricalLoss subject =
            new(model, trainer.Arena, digits.Train.Take(200)) { Training = new TrainingFacts { SecondMoment = h } };
        ScoreOptions options = new() { Curvature = CurvatureSource.Training, SecondMoment = h, Seed = 2 };
        PacGenScore score = PacGenScorer.Measure(subject, options);
        Measure row = Measures.All.Single(measure => measure.Name == "psi-training");
        Assert.That(row.Obstacle!(subject), Is.Null);
        Assert.That(row.Of(subject, 2, null, default).Value, Is.EqualTo(score.Psi));
        Assert.That(
            trainer.Score(new ScoreOptions { Curvature = CurvatureSource.Training, Draws = 1 }).BatchSize, Is.EqualTo(64));

        using EmpiricalLoss unknown = new(model, trainer.Arena, digits.Train.Take(200));
        Assert.That(row.Obstacle(unknown), Does.Contain("KeepSecondMoment"));
    }

    [Test]
    public void ASpectrumIsAskedForMassesAndSums()
    {
        Dataset digits = Datasets.Digits();
        Mlp model = new(64, 4, 10);
        using Trainer trainer = new(model, digits, new Sgd(0.1), new TrainingOptions { Epochs = 1, Score = null });
        trainer.Run();
        using EmpiricalLoss subject = new(model, trainer.Arena, digits.Train.Take(50));
        SpectralDensity density = LanczosQuadrature.Measure(
            subject, new SpectralDensityOptions { Matrix = CurvatureMatrix.GaussNewton, Probes = 1, Products = 20 });
        Assert.That(density.Mass(-1e-3, double.PositiveInfinity), Is.EqualTo(1).Within(1e-9), "positive semidefinite");
        Assert.That(density.Sum(_ => 1), Is.EqualTo((double)trainer.Arena.Count).Within(1e-6));
        Assert.That(density.At(density.Largest), Is.Positive);
    }
}
