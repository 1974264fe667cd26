using PacGen.Core.Statistics;

namespace PacGen.Tests.Core;

/// <summary>
/// What is counted over pairs of settings: granulated τ, sign errors, conditional information; by hand and over all pairs.
/// </summary>
internal sealed class DesignStatisticsTests
{
    private static readonly string[] Factors = ["batch-size", "learning-rate"];

    /// <summary>Two by two settings, one network each.</summary>
    private static readonly ExperimentDesign Square = new(Factors, [["16", "0.1"], ["64", "0.1"], ["16", "0.2"], ["64", "0.2"]]);

    [Test]
    public void TheDesignKnowsItsSettings()
    {
        ExperimentDesign design = new(Factors, [["16", "0.1"], ["64", "0.2"], ["16", "0.1"], ["64", "0.1"]]);
        Assert.That(design.Members, Is.EqualTo(new int[][] { [0, 2], [1], [3] }));
        Assert.That(
            design.Couples.Select(couple => (couple.First, couple.Second, couple.Factor)),
            Is.EquivalentTo(new[] { (0, 2, 0), (1, 2, 1) }));
        Assert.That(design.Take([3, 3, 0]).Members, Is.EqualTo(new int[][] { [2], [], [0, 1] }));
        Assert.That(() => new ExperimentDesign(Factors, [["16"]]), Throws.ArgumentException);
    }

    /// <summary>A measure that follows the batch size and goes against the learning rate.</summary>
    [Test]
    public void GranulatedTauTellsHyperParametersApart()
    {
        double[] gap = [1, 2, 3, 4], measure = [3, 4, 1, 2];
        Assert.That(GranulatedTau.ByFactor(Square, measure, gap), Is.EqualTo(new double[] { 1, -1 }));
        Assert.That(GranulatedTau.Mean([1, -1]), Is.Zero);
        Assert.That(GranulatedTau.Mean([1, double.NaN]), Is.EqualTo(1));
        Assert.That(GranulatedTau.ByFactor(new ExperimentDesign(Factors, [["1", "1"], ["2", "1"]]), [1, 2], [2, 2]),
            Is.EqualTo(new[] { 0, double.NaN }));
    }

    [Test]
    public void SignErrorsAreThoseOfTheSquare()
    {
        double[] gap = [1, 2, 3, 4], measure = [3, 4, 1, 2];
        SignErrorRate rate = SignErrorRate.Of(Square, measure, gap);
        Assert.That(rate.Environments, Has.Count.EqualTo(4));
        Assert.That((rate.Mean, rate.Worst, rate.MeanOf(0), rate.MeanOf(1)), Is.EqualTo((0.5, 1.0, 0.0, 1.0)));
        Assert.That(SignErrorRate.Of(Square, [1, 1, 1, 1], gap).Mean, Is.EqualTo(0.5));
        Assert.That(SignErrorRate.Of(Square, gap, gap).Worst, Is.Zero);
    }

    /// <summary>The weight at n = 10,000: 1 − 2·exp(−2·10⁴·(Δ/2)²), squared.</summary>
    [TestCase(0, 0)]
    [TestCase(0.01, 0)]
    [TestCase(0.02, 0.53192)]
    [TestCase(-0.03, 0.95605)]
    [TestCase(0.1, 1)]
    public void HoeffdingsWeight(double difference, double weight) =>
        Assert.That(SignErrorRate.Hoeffding(difference, 10_000), Is.EqualTo(weight).Within(1e-5));

    [Test]
    public void GapsWithinTheNoiseAreLeftOut()
    {
        ExperimentDesign design = new(["batch-size"], [["16"], ["16"], ["64"], ["64"], ["256"], ["256"]]);
        double[] gap = [0.010, 0.012, 0.011, 0.013, 0.060, 0.062], measure = [2, 2, 1, 1, 3, 3];

        // Standard errors: 0.001 each, √2 times that together; means 0.001, 0.049 and 0.05 apart.
        SignErrorRate apart = SignErrorRate.Of(design, measure, gap, new SignErrorOptions { LeastSeparation = 2 });
        Assert.That((apart.Environments.Count, apart.LeftOut, apart.Mean), Is.EqualTo((2, 1, 0.0)));

        // Of the first two settings one pair of four agrees: 0.012 and 0.011.
        Assert.That(SignErrorRate.Of(design, measure, gap).Environments[0].Error, Is.EqualTo(0.75));

        SignErrorRate weighted = SignErrorRate.Of(design, measure, gap, new SignErrorOptions { TestImages = 10_000 });
        Assert.That((weighted.Environments.Count, weighted.LeftOut), Is.EqualTo((2, 1)));
        Assert.That(weighted.Environments[0].EffectivePairs, Is.InRange(3.99, 4.0));
        Assert.That(
            SignErrorRate.Of(design, measure, gap, new SignErrorOptions { LeastPairs = 12 }).Environments, Is.Empty);
    }

    /// <summary>A measure that is the gap decides all; one that is the batch size tells nothing that it doesn't.</summary>
    [Test]
    public void ConditionalInformationIsOneOrNothing()
    {
        double[] gap = [1, 2, 3, 4], batch = [16, 64, 16, 64];
        Assert.That(ConditionalInformation.Normalised(Square, gap, gap), Is.EqualTo(1).Within(1e-12));
        Assert.That(ConditionalInformation.Normalised(Square, [4, 3, 2, 1], gap), Is.EqualTo(1).Within(1e-12));
        Assert.That(ConditionalInformation.Normalised(Square, batch, gap, 0), Is.Zero.Within(1e-12));
        Assert.That(ConditionalInformation.Normalised(Square, [1, 1, 1, 1], gap), Is.Zero.Within(1e-12));

        // Given both hyper-parameters of both networks, their order is known: there is no entropy left.
        Assert.That(ConditionalInformation.Normalised(Square, gap, gap, 0, 1), Is.NaN);
        ConditionalInformation least = ConditionalInformation.Of(Square, batch, gap);
        Assert.That(least.Value, Is.Zero.Within(1e-12));
        Assert.That(least.Given, Is.EqualTo(new[] { 0 }));
    }

    /// <summary>By hand: of the pairs, sgn Δμ agrees in 4 and disagrees in 2, so I = 1 − H(1/3) in bits, H(V_g) = 1.</summary>
    [Test]
    public void WithoutConditionsItIsMutualInformation() => Assert.That(
        ConditionalInformation.Normalised(Square, [2, 1, 4, 3], [1, 2, 3, 4]),
        Is.EqualTo(1 + ((1 / 3.0 * Math.Log2(1 / 3.0)) + (2 / 3.0 * Math.Log2(2 / 3.0)))).Within(1e-12));

    [Test]
    public void ConditionalInformationIsWhatItsDefinitionGives([Range(0, 7)] int trial)
    {
        Random random = new(trial);
        string[][] networks = [.. Enumerable.Range(0, 24).Select(
            _ => new[] { $"{random.Next(3)}", $"{random.Next(2)}", $"{random.Next(2)}" })];
        double[] gap = [.. networks.Select(setting => random.Next(6) + int.Parse(setting[0], null))];
        double[] measure = [.. gap.Select(value => value + random.Next(5))];
        int[] given = trial % 3 == 0 ? [] : trial % 3 == 1 ? [2] : [1, 0];

        List<(string Cell, int Measure, int Gap)> pairs = [];
        for (int i = 0; i < 24; i++)
        {
            for (int j = 0; j < 24; j++)
            {
                if (gap[i] != gap[j] && !networks[i].SequenceEqual(networks[j]))
                {
                    string cell = string.Join(' ', given.Select(f => $"{networks[i][f]}|{networks[j][f]}"));
                    pairs.Add((cell, Math.Sign(measure[i] - measure[j]), Math.Sign(gap[i] - gap[j])));
                }
            }
        }

        double information = 0, entropy = 0;
        foreach (IGrouping<string, (string, int Measure, int Gap)> cell in pairs.GroupBy(pair => pair.Cell))
        {
            double share = (double)cell.Count() / pairs.Count;
            foreach (IGrouping<(int Measure, int Gap), (string, int, int)> both in cell.GroupBy(pair => (pair.Measure, pair.Gap)))
            {
                double joint = (double)both.Count() / cell.Count();
                double ofMeasure = (double)cell.Count(pair => pair.Measure == both.Key.Measure) / cell.Count();
                double ofGap = (double)cell.Count(pair => pair.Gap == both.Key.Gap) / cell.Count();
                information += share * joint * Math.Log(joint / (ofMeasure * ofGap));
                entropy -= share * joint * Math.Log(ofGap);
            }
        }

        ExperimentDesign design = new(["a", "b", "c"], networks);
        Assert.That(
            ConditionalInformation.Normalised(design, measure, gap, given), Is.EqualTo(information / entropy).Within(1e-12));
        Assert.That(ConditionalInformation.Of(design, measure, gap).Value, Is.AtMost((information / entropy) + 1e-12));
    }

    [Test]
    public void ListsMustFit()
    {
        Assert.That(() => SignErrorRate.Of(Square, [1, 2], [1, 2, 3, 4]), Throws.ArgumentException);
        Assert.That(() => GranulatedTau.ByFactor(Square, [1, 2, 3, double.NaN], [1, 2, 3, 4]), Throws.ArgumentException);
        Assert.That(
            () => ConditionalInformation.Normalised(Square, [1, 2, 3, 4], [1, 2, 3, 4], 0, 1, 0), Throws.ArgumentException);
    }

    /// <summary>Five splits: mean 0.02, s = 0.01581, √(1/5 + 1)·s·t₄ = 0.04809.</summary>
    [Test]
    public void SplitsShareTheirData()
    {
        ConfidenceInterval interval = ResampledDifference.Interval([0, 0.01, 0.02, 0.03, 0.04]);
        Assert.That(interval.Low, Is.EqualTo(0.02 - 0.04809).Within(1e-5));
        Assert.That(interval.High, Is.EqualTo(0.02 + 0.04809).Within(1e-5));
        Assert.That(() => ResampledDifference.Interval([1]), Throws.ArgumentException);
    }
}
