using PacGen.Benchmarks.Figures.Accuracy;
using PacGen.Benchmarks.Runs;

namespace PacGen.Tests.Benchmarks;

internal sealed class AccuracyFindingsTests
{
    private static readonly RunArm Perturbed = new(0.01, 10);

    [Test]
    public void TheIntervalIsStudents()
    {
        // R: t.test(c(1, 2, 4)) gives -1.461 to 6.128.
        StudentMean three = new([1, 2, 4]);
        Assert.That(three.Mean, Is.EqualTo(7.0 / 3).Within(1e-12));
        Assert.That(three.Deviation, Is.EqualTo(Math.Sqrt(7.0 / 3)).Within(1e-12));
        Assert.That(three.Mean - three.HalfWidth, Is.EqualTo(-1.461).Within(2e-3));
        Assert.That(three.Sign, Is.Zero);
        Assert.That(new StudentMean([1, 1.2, 0.9]).Sign, Is.EqualTo(1));
        Assert.That(new StudentMean([-1, -1.2, -0.9]).Sign, Is.EqualTo(-1));
        Assert.That(new StudentMean([1]).Sign, Is.Zero, "one difference has no spread");
        Assert.That(new StudentMean([0, 0, 0]).Sign, Is.Zero);
    }

    [TestCase("The paper's effect, lower training accuracy and higher test accuracy, appeared", -0.05, 0.03)]
    [TestCase(
        "did not appear: training accuracy is lower beyond the spread over seeds, but test accuracy is lower beyond the spread " +
        "over seeds, not higher", -0.05, -0.03)]
    [TestCase(
        "did not appear: training accuracy is lower beyond the spread over seeds, but test accuracy is higher on average but " +
        "within the spread", -0.05, 0.001)]
    [TestCase(
        "Half of the paper's effect appeared: test accuracy is higher beyond the spread over seeds, but training accuracy is " +
        "higher beyond", 0.05, 0.03)]
    [TestCase(
        "did not appear: training accuracy is lower on average but within the spread over seeds, test accuracy is lower on " +
        "average but within the spread", -0.001, -0.001)]
    public void TheVerdictFollowsTheNumbers(string says, double train, double test)
    {
        double[] noise = [0.004, -0.005, 0.001];
        AccuracyFindings findings = new([RunArm.Plain, Perturbed],
        [
            .. noise.SelectMany((shift, s) => new[]
            {
                Curve(RunArm.Plain, (ulong)s, 0.60, 0.50),
                Curve(Perturbed, (ulong)s, 0.60 + train + shift, 0.50 + test - shift),
            }),
        ], epochs: 2, classes: 10);
        Assert.That(findings.Seeds, Is.EqualTo(new ulong[] { 0, 1, 2 }));
        Assert.That(findings.Paragraphs.Single(), Does.Contain(says).And.Contain("seed by seed"));
    }

    [Test]
    public void OneSeedDecidesNothing()
    {
        AccuracyFindings findings =
            new([RunArm.Plain, Perturbed], [Curve(RunArm.Plain, 1, 0.6, 0.5), Curve(Perturbed, 1, 0.5, 0.55)], 2, 10);
        Assert.That(findings.Paragraphs.Single(), Does.Contain("One seed has no spread").And.Contain(
            "their signs are the paper's").And.Contain("−10.00 points"));
    }

    [Test]
    public void AnAccuracyOfChanceIsCalledSo()
    {
        AccuracyFindings findings =
            new([RunArm.Plain, Perturbed], [Curve(RunArm.Plain, 1, 0.6, 0.5), Curve(Perturbed, 1, 0.1, 0.1)], 2, 10);
        Assert.That(
            findings.Paragraphs.Single(),
            Does.Contain("learned next to nothing: 10.00 % of the training images, where guessing gives 10.00 %"));
    }

    [Test]
    public void ASeedThatLacksARunIsLeftOut()
    {
        AccuracyCurve failed = Curve(Perturbed, 2, 0.3, 0.3);
        failed = failed
            with { Record = failed.Record with { Epochs = [failed.Record.Epochs[0]], Failure = "The loss became NaN." } };
        AccuracyFindings findings = new([RunArm.Plain, Perturbed],
            [Curve(RunArm.Plain, 1, 0.6, 0.5), Curve(Perturbed, 1, 0.5, 0.55), Curve(RunArm.Plain, 2, 0.6, 0.5), failed,
                Curve(RunArm.Plain, 3, 0.6, 0.5)], 2, 10);
        Assert.That(findings.Seeds, Is.EqualTo(new ulong[] { 1 }));
        Assert.That(findings.Paragraphs, Has.Count.EqualTo(2));
        Assert.That(
            findings.Paragraphs[1], Does.Contain("Seed 2, perturbed, γ = 10, failed after 1 epochs (The loss became NaN.)"));
    }

    private static AccuracyCurve Curve(RunArm arm, ulong seed, double train, double test) => new(
        arm, seed, new RunRecord([], "CPU", [new RunEpoch(1, 2, 0.2, 2, 0.2, 2, 1), new RunEpoch(2, 1, train, 1, test, 1, 1)]));
}
