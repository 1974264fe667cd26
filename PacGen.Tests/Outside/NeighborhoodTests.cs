using PacGen.Core.Bounds;
using PacGen.Core.Perturbation;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>
/// γ and ε as a user gives them: one neighbourhood for the score, the bounds, the certificate and Perturbed OPT, refused where it
/// is made.
/// </summary>
internal sealed class NeighborhoodTests
{
    [Test]
    public void OneNeighborhoodServesAll()
    {
        Neighborhood neighborhood = new(gamma: 0.2, epsilon: 0.05);
        LocalSmoothness smoothness = new(0.5, neighborhood);
        CertifyOptions certify = new() { Neighborhood = neighborhood };
        AlgorithmOne algorithm = new(eta: 100) { Neighborhood = neighborhood };
        Dataset digits = Datasets.Digits();
        using Trainer trainer =
            new(new Mlp(64, 8, 10), digits, new PerturbedOptimizer(new Sgd(0.1), algorithm), new TrainingOptions { Epochs = 1 });
        trainer.Run();
        PacGenScore score = trainer.Score(new ScoreOptions { Images = 128, Neighborhood = neighborhood })!;
        Assert.That(smoothness.Kappa(-2), Is.EqualTo(0.45).Within(1e-15));
        Assert.That(certify.Neighborhood, Is.EqualTo(score.Neighborhood));

        // Twenty draws: the 6th and the 15th are the interval's ends, between which the median lies.
        double[] sorted = [.. score.RhoDraws.Order()];
        Assert.That((score.RhoInterval!.Low, score.RhoInterval.High), Is.EqualTo((sorted[5], sorted[14])));
        Assert.That(score.Rho, Is.EqualTo((sorted[9] + sorted[10]) / 2).Within(1e-9).Percent);
        Assert.That(score.PsiInterval!.Low, Is.LessThanOrEqualTo(score.Psi));
        Assert.That(score.PsiInterval.High, Is.GreaterThanOrEqualTo(score.Psi));
        Assert.That(score.DifferencesFrom(trainer.Score(new ScoreOptions { Images = 128 })!), Has.One.Contains("neighbourhood"));
    }

    /// <summary>Positive in double, but 0 or no ordinary number as a float, which is what a device computes with.</summary>
    [TestCase(1e-50)]
    [TestCase(1e-40)]
    [TestCase(0)]
    public void AnEpsilonThatNoFloatHoldsIsRefusedWhereItIsMade(double epsilon)
    {
        Assert.That(
            () => new Neighborhood(0.1, epsilon), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("ε is"));
        Assert.That(
            () => new PerturbedOptimizer(new Sgd(0.1), eta: 1, epsilon: epsilon),
            Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(
            () => new Neighborhood(0.1, 0.1) with { Epsilon = epsilon }, Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
