using System.Text.RegularExpressions;
using System.Xml.Linq;
using PacGen.Benchmarks;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Studies;
using PacGen.Benchmarks.Studies.Verdict;
using PacGen.Nn;
using Candidate = PacGen.Benchmarks.Studies.Verdict.Candidate;

namespace PacGen.Tests.Benchmarks;

/// <summary>
/// The report of a study whose truth is known: its gap grows with batch size and shrinks with the learning rate.
/// </summary>
internal sealed class StudyReportTests
{
    private static readonly VerdictOptions Quick = new() { Replicates = 60, RandomMeasures = 100, Splits = 6 };

    [Test]
    public void AMeasureThatIsTheGapIsFirst()
    {
        StudyFindings findings = Find(Rows());
        SliceFindings slice = findings.Slices.Single(one => one.Slice.Moment == "epoch:20");
        MeasureFindings first = slice.Measures.First();
        Assert.That(first.Candidate.Name, Is.EqualTo("oracle"));
        Assert.That(first.Loss.Tau, Is.EqualTo(1).Within(1e-12));
        Assert.That(first.Loss.SignErrors.Worst, Is.Zero);
        Assert.That(first.Loss.ByFactor, Is.All.EqualTo(1));
        Assert.That(slice.Of("noise")!.Loss.Tau, Is.InRange(-0.35, 0.35));
        Assert.That(slice.Loss.Tau, Is.InRange(0.1, 0.5));
        Assert.That(slice.Loss.BestTau, Is.GreaterThan(slice.Loss.Tau / 2));

        // A larger trace goes with a larger gap, as is said of it; margins are turned by nothing that is said here.
        Assert.That(slice.Of("trace")!.Loss.Tau, Is.GreaterThan(0.5));
        Assert.That(
            new VerdictSentences(findings).InShort[0],
            Does.Contain("the first of 5 measures is `oracle`, which follows the gap: τ = 1.00"));
    }

    [Test]
    public void TheClaimsAreReadOffTheNumbers()
    {
        StudyFindings findings = Find(Rows());
        Assert.That(findings.Trends.Where(trend => trend.Quantity == StudyFindings.LossGap).Select(trend => trend.Word),
            Is.All.EqualTo("as said"));
        Assert.That(
            findings.Trends.Where(trend => trend.Quantity == "psi-other" && trend.Factor == "batch-size").Select(
                trend => trend.Word),
            Is.All.EqualTo("opposite"));
        string[] claims = [.. new VerdictSentences(findings).Claims()];
        Assert.That(claims, Has.Length.EqualTo(2));
        Assert.That(claims[0], Does.Contain("the gap of losses does at both moments")
            .And.Contain("`pacgen-score`) does at both moments").And.Contain("hangs on what h is (at 2 of 2 moments)"));
    }

    /// <summary>One seed has no spread: whatever its networks show is not decided.</summary>
    [Test]
    public void OneSeedDecidesNoClaim()
    {
        StudyFindings findings = Find([.. Rows().Where(row => row.Seed == 1)]);
        Assert.That(findings.Trends, Is.Not.Empty.And.All.Property(nameof(Trend.Word)).EqualTo("open"));
        Assert.That(findings.Trends.Any(trend => trend.Value == 1));
    }

    /// <summary>
    /// Two measures, each of which knows one hyper-parameter: together they beat either; the oracle is left out.
    /// </summary>
    [Test]
    public void ACombinationIsFoundWhereThereIsOne()
    {
        StudyRow[] rows = [.. Rows().Select(row => row with
        {
            Measures = new Dictionary<string, double>
            {
                ["batch-part"] = double.Parse(row.Settings["batch-size"], null),
                ["rate-part"] = 1 / double.Parse(row.Settings["learning-rate"], null),
            },
        })];
        BeyondFindings beyond = Find(rows).Beyond[0];
        Assert.That(beyond.Mean(split => split.PairTau), Is.GreaterThan(0.8));
        Assert.That(beyond.Interval(split => split.PairTau - split.SingleTau)!.Low, Is.GreaterThan(0));
        Assert.That(VerdictSentences.Beyond(beyond), Does.Contain("a combination of two beats the best single measure"));
    }

    [Test]
    public void WhereTheBestMeasureIsTheGapNoCombinationIsBetter()
    {
        BeyondFindings beyond = Find(Rows()).Beyond[0];
        Assert.That(beyond.Favourite(split => split.Single), Is.EqualTo(("oracle", 6)));
        Assert.That(VerdictSentences.Beyond(beyond), Does.Contain("is not established")
            .Or.Contain("does worse than the best single measure"));
    }

    [Test]
    public void RunsThatCollapsedAreCountedApart()
    {
        StudyRow[] rows = [.. Rows().Select(row => row.Run == 3 ? row with { TrainLoss = double.NaN }
            : row.Run == 5 ? row with { TrainAccuracy = 0.1 } : row)];
        StudyNetworks networks = new(rows);
        Assert.That(networks.Collapsed.Select(row => row.Run), Is.EqualTo(new[] { 3, 5 }));
        Assert.That(
            networks.Slices.SelectMany(slice => slice.Rows).Select(row => row.Run), Has.None.EqualTo(3).And.None.EqualTo(5));
        Assert.That(networks.Slices, Has.All.Property(nameof(StudySlice.Absent)).Zero);
    }

    /// <summary>Networks of numbers have no accuracy: their report is of the gap of losses alone.</summary>
    [Test]
    public void ARegressionHasAGapOfLossesAlone()
    {
        StudyFindings findings = Find([.. Rows().Select(row => row with
        {
            TrainAccuracy = double.NaN, TestAccuracy = double.NaN,
            Settings = new Dictionary<string, string>(row.Settings) { ["dataset"] = "csv:rows.csv" },
        })]);
        SliceFindings slice = findings.Slices.Single(one => one.Slice.Moment == "epoch:20");
        Assert.That(slice.Measures.First().Candidate.Name, Is.EqualTo("oracle"));
        Assert.That((slice.Accuracy, slice.Measures.First().Accuracy), Is.EqualTo(((object?)null, (object?)null)));
        Assert.That(findings.Trends.Select(trend => trend.Quantity), Has.None.EqualTo(StudyFindings.AccuracyGap));
        Assert.That(VerdictCsv.Of(findings).Where(line => line.Contains(",accuracy,", StringComparison.Ordinal)), Is.Empty);
        string page = MarkdownPage.Of(new StudyPage(findings, "command").Blocks(
            findings.Slices.ToDictionary(one => one, StudyPlots.Of), "numbers", "other"));
        Assert.That(page, Does.Contain("The gap of losses is 0.").And.Not.Contain("NaN"));
    }

    /// <summary>A class in two hundred is known well with an accuracy that is below chance among ten.</summary>
    [Test]
    public void OnlyAKnownNumberOfClassesTellsACollapse([Values("mnist", "csv:rows.csv")] string data)
    {
        StudyNetworks networks = new([.. Rows().Select(row => row with
        {
            TrainAccuracy = 0.1, Settings = new Dictionary<string, string>(row.Settings) { ["dataset"] = data },
        })]);
        Assert.That(networks.Collapsed, data == "mnist" ? Has.Count.EqualTo(36) : Is.Empty);
    }

    [Test]
    public void TooFewNetworksAreSaidToBeTooFew() => Assert.That(
        new VerdictSentences(Find([.. Rows().Where(row => row.Run == 1)])).InShort,
        Has.Count.EqualTo(1).And.All.StartsWith("No measure can be judged: that takes at least 4 networks"));

    /// <summary>Two moments at one epoch are one network.</summary>
    [Test]
    public void WhatIsMeasuredAtOneMomentHoldsAtAnotherOfThatEpoch()
    {
        StudyRow[] rows = [.. Rows().Select(row => row.Moment == "epoch:20" ? row : row with
        {
            Measures = new Dictionary<string, double> { ["margin"] = row.Run },
        })];
        StudyRow loss = new StudyNetworks(rows).Slices.Single(slice => slice.Moment == "loss:0.01").Rows[0];
        Assert.That(loss.Measures["oracle"], Is.EqualTo(rows[0].Measures["oracle"]));
        Assert.That(new StudyNetworks(rows).Rows[0].Measures["margin"], Is.EqualTo(1));
    }

    [Test]
    public void NetworksThatAreNotMeasuredYetAreLeftOut()
    {
        StudyRow[] rows =
            [.. Rows().Select(row => row.Run > 30 ? row with { Measures = new Dictionary<string, double>() } : row)];
        StudySlice slice = new StudyNetworks(rows).Slices[0];
        Assert.That((slice.Rows.Count, slice.Unmeasured, slice.Absent), Is.EqualTo((30, 6, 0)));
    }

    [Test]
    public void AMomentThatFewCameToIsNotStoodOn()
    {
        StudyRow[] rows =
            [.. Rows().Select(row => row.Moment == "loss:0.01" && row.Run > 10 ? row with { Moment = "loss:0.1" } : row)];
        Assert.That(
            new StudyNetworks(rows).Standing("mnist").Select(slice => slice.Moment),
            Is.EqualTo(new[] { "epoch:20", "loss:0.1" }));
        Assert.That(new StudyNetworks(rows).Slices.Single(slice => slice.Moment == "loss:0.01").Absent, Is.EqualTo(26));
        Assert.That(() => new StudyNetworks([]), Throws.InstanceOf<DataException>());
    }

    /// <summary>
    /// A perturbation and its γ come and go together, so that perturbed and plain networks differ in one thing.
    /// </summary>
    [Test]
    public void SettingsThatComeTogetherAreOneHyperParameter()
    {
        StudyRow[] rows = [.. Rows().Select(row => row.Run % 2 == 0 ? row : row with
        {
            Settings = new Dictionary<string, string>(row.Settings)
            {
                ["perturb"] = "uniform", ["gamma"] = "0.1",
            },
        }).Select(row => row with
        {
            Settings = new Dictionary<string, string>(row.Settings) { ["epochs"] = "7", ["test-limit"] = "500" },
        })];
        StudySlice slice = new StudyNetworks(rows).Slices[0];
        Assert.That(slice.Factors, Is.EqualTo(new[] { "batch-size", "learning-rate", "perturb, gamma" }));
        Assert.That(slice.Design.Couples.Any(couple => couple.Factor == 2));
        Assert.That(slice.TestImages(10_000), Is.EqualTo(500));
        string[] lines = [.. VerdictCsv.Of(Find(rows))];
        Assert.That(lines[0], Does.Contain(",\"granulated-perturb, gamma\","));
        Assert.That(
            lines.Select(line => Regex.Replace(line, "\"[^\"]*\"", "").Count(letter => letter == ',')).Distinct().ToArray(),
            Has.Length.EqualTo(1));
    }

    /// <summary>Each variant of Ψ differs from the published one in one way.</summary>
    [TestCase("psi-published-rho", "ρ's estimator")]
    [TestCase("psi-definition3-rho", "ρ's estimator")]
    [TestCase("psi-batch-16", "h's batch size")]
    [TestCase("psi-magnitude-aware", "how κ and the layers' sizes enter")]
    [TestCase("psi-layer-normalized", "how κ and the layers' sizes enter")]
    [TestCase("psi-training", "what h is")]
    [TestCase("psi-gauss-newton", "what h is")]
    public void AVariantOfPsiDiffersInOneWay(string variant, string way)
    {
        Assert.That(Measures.All.Select(measure => measure.Name), Does.Contain(variant));
        Assert.That(Candidate.Ways.Where(one => one.Has(variant)).Select(one => one.Name), Is.EqualTo(new[] { way }));
        Assert.That(Candidate.Ways.Any(one => one.Has(Candidate.PublishedPsi)), Is.False);
    }

    [Test]
    public void TheReportIsWholeAndTheSameEachTime()
    {
        using Folder folder = new();
        string[] first = Write(folder["."]), second = Write(folder["."]);
        Assert.That(first, Is.EqualTo(second));
        string html = File.ReadAllText(Path.Combine(folder["."], "study.html"));

        // Nothing is asked of elsewhere, and what a study's file names cannot become part of the page.
        Assert.That(Regex.IsMatch(html, @"(src|href)=""(https?:)?//"), Is.False);
        Assert.That(html, Does.Not.Contain("<b>mnist").And.Contain("&lt;b&gt;"));
        Assert.That(html, Does.Contain("width=device-width").And.Contain("aria-sort"));
        foreach (string svg in Directory.GetFiles(folder["."], "*.svg"))
        {
            Assert.That(XDocument.Load(svg).Root!.Name.LocalName, Is.EqualTo("svg"));
        }

        string csv = File.ReadAllText(Path.Combine(folder["."], "study-verdict.csv"));
        Assert.That(csv.Split('\n').Select(line => line.Count(letter => letter == ',')).Distinct().Count(), Is.EqualTo(2));

        string[] Write(string path)
        {
            using StopRequest stop = new();
            StudyRow[] rows = [.. Rows().Select(row => row with
            {
                Settings = new Dictionary<string, string>(row.Settings) { ["dataset"] = "<b>mnist" },
            })];
            StudyReport report = new(new StudyNetworks(rows), Quick);
            report.Write(
                new Results(path, ".png", default, report.Files), new Terminal(new Host(TextWriter.Null, TextWriter.Null, stop)),
                "pacgen study report",
                stop.Token);
            return [.. Directory.GetFiles(path).Order().Select(File.ReadAllText)];
        }
    }

    private static StudyFindings Find(IReadOnlyList<StudyRow> rows) =>
        StudyFindings.Of(new StudyNetworks(rows), Quick, () => { }, default);

    /// <summary>Four batch sizes, three learning rates, three seeds, two moments.</summary>
    private static StudyRow[] Rows()
    {
        Random random = new(5);
        List<StudyRow> rows = [];
        int run = 0;
        foreach (int batch in new[] { 16, 64, 256, 1024 })
        {
            foreach (double rate in new[] { 0.05, 0.1, 0.2 })
            {
                for (ulong seed = 1; seed <= 3; seed++)
                {
                    run++;
                    foreach (string moment in new[] { "epoch:20", "loss:0.01" })
                    {
                        double gap = (0.01 * Math.Log(batch)) - (0.02 * Math.Log(rate)) + (0.0005 * random.NextDouble());
                        rows.Add(new StudyRow(
                            run,
                            new Dictionary<string, string>
                            {
                                ["dataset"] = "mnist", ["batch-size"] = $"{batch}", ["learning-rate"] = $"{rate}",
                            },
                            seed, moment, 20, 0.01 + (0.01 * random.NextDouble()), 0, 0.99, 0.98, new Dictionary<string, double>
                            {
                                ["oracle"] = gap, ["noise"] = random.NextDouble(), ["trace"] = gap + (0.02 * random.NextDouble()),
                                ["pacgen-score"] = batch / rate, ["psi-other"] = rate - batch,
                            }));
                        rows[^1] = rows[^1] with { TestLoss = rows[^1].TrainLoss + gap, TestAccuracy = 0.99 - (gap / 10) };
                    }
                }
            }
        }

        return [.. rows];
    }
}
