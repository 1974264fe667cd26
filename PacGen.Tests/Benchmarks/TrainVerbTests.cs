using System.Globalization;
using System.Text.Json.Nodes;
using PacGen.Benchmarks;
using PacGen.Nn;

namespace PacGen.Tests.Benchmarks;

internal sealed class TrainVerbTests
{
    private static readonly byte[] PngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G'];

    [Test]
    public void JsonIsOneObjectAnEpochAndNothingElse()
    {
        ProgramRun run = ProgramRun.Of("train", "--epochs", "2", "--json");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.OutputLines, Has.Length.EqualTo(2));
        for (int i = 0; i < 2; i++)
        {
            JsonObject epoch = JsonNode.Parse(run.OutputLines[i])!.AsObject();
            Assert.That(epoch.Select(pair => pair.Key), Is.EqualTo(
                new[] { "epoch", "trainLoss", "trainAccuracy", "testLoss", "testAccuracy", "gap", "psi", "psiLow", "psiHigh",
                    "psiKappaShare", "psiBatchSize", "seconds" }));
            Assert.That(epoch["epoch"]!.GetValue<int>(), Is.EqualTo(i + 1));
            Assert.That(
                epoch["gap"]!.GetValue<double>(),
                Is.EqualTo(epoch["testLoss"]!.GetValue<double>() - epoch["trainLoss"]!.GetValue<double>()));
            Assert.That(epoch["trainAccuracy"]!.GetValue<double>(), Is.InRange(0.5, 1));
            Assert.That(epoch["psi"]!.GetValue<double>(), Is.Not.NaN);
        }

        Assert.That(run.Error, Does.Contain("9,610 parameters").And.Contain("epoch   2"));
    }

    [Test]
    public void WithoutPsiThereIsNone() => Assert.That(
        JsonNode.Parse(ProgramRun.Of("train", "--epochs", "1", "--psi", "off", "--json").Output)!["psi"], Is.Null);

    [TestCase("sgd", "uniform")]
    [TestCase("adam", "uniform")]
    [TestCase("adam", "truncated-gaussian")]
    public void OneSeedRepeatsBitForBitWithAnyThreads(string optimizer, string noise)
    {
        string[] first = Epochs("--threads", "1"), second = Epochs("--threads", "2"), other = Epochs("--seed", "2");
        Assert.That(second, Is.EqualTo(first));
        Assert.That(other, Is.Not.EqualTo(first));

        string[] Epochs(params string[] more) =>
        [
            .. ProgramRun.Of(
                ["train", "--epochs", "2", "--optimizer", optimizer, "--perturb", noise, "--json", .. more]).OutputLines.Select(
                line =>
            {
                JsonObject epoch = JsonNode.Parse(line)!.AsObject();
                epoch.Remove("seconds");
                return epoch.ToJsonString();
            }),
        ];
    }

    [Test]
    public void EachNoiseTrainsDifferently() => Assert.That(
        new[] { "none", "uniform", "truncated-gaussian" }.Select(noise =>
            JsonNode.Parse(ProgramRun.Of("train", "--epochs", "1", "--psi", "off", "--perturb", noise, "--json").Output)![
                "trainLoss"]!.GetValue<double>()),
        Is.Unique);

    /// <summary>The bytes that files of these formats begin with; SVG is text.</summary>
    [TestCase("a.png", new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G' })]
    [TestCase("a.jpg", new byte[] { 0xFF, 0xD8, 0xFF })]
    [TestCase("a.JPEG", new byte[] { 0xFF, 0xD8, 0xFF })]
    [TestCase("a.webp", new byte[] { (byte)'R', (byte)'I', (byte)'F', (byte)'F' })]
    [TestCase("a.bmp", new byte[] { (byte)'B', (byte)'M' })]
    [TestCase("a.pdf", new byte[] { (byte)'%', (byte)'P', (byte)'D', (byte)'F' })]
    [TestCase("a.svg", new byte[] { (byte)'<', (byte)'?', (byte)'x', (byte)'m', (byte)'l' })]
    [TestCase("a", new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G' })]
    public void APlotHasTheFormatOfItsExtension(string name, byte[] begins)
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of("train", "--epochs", "2", "--hidden", "4", "--psi", "off", "--plot", folder[name]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        byte[] bytes = File.ReadAllBytes(folder[name]);
        Assert.That(bytes[..begins.Length], Is.EqualTo(begins));
        Assert.That(folder.Files, Is.EqualTo(new[] { name }));
        if (name == "a.svg")
        {
            System.Xml.Linq.XElement picture = System.Xml.Linq.XDocument.Parse(File.ReadAllText(folder[name])).Root!;
            Assert.That(picture.Name.LocalName, Is.EqualTo("svg"));
            Assert.That(picture.Value, Does.Contain("Generalization gap"), "titles are text in it");
        }
    }

    [Test]
    public void EveryOptionAtOnce()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(
            "train", "--dataset", "digits", "--model", "mlp", "--hidden", "32,16", "--epochs", "3", "--batch-size", "50",
            "--optimizer", "momentum",
            "--learning-rate", "0.02", "--momentum", "0.8", "--weight-decay", "1e-4", "--clip-norm", "5", "--schedule", "step",
            "--step-epochs", "1",
            "--step-factor", "0.5", "--warm-up", "0.5", "--perturb", "uniform", "--eta", "50", "--gamma", "1", "--epsilon",
            "1e-4", "--beta1", "0.99",
            "--beta2", "0.2", "--psi", "on", "--psi-gamma", "0.2", "--psi-epsilon", "0.05", "--psi-rho", "published",
            "--psi-images", "100",
            "--psi-draws", "2", "--curvature", "training", "--precision", "bf16", "--seed", "7", "--device", "cpu",
            "--threads", "2",
            "--no-download", "--log", folder["log"], "--plot", folder["plot.png"], "--save", folder["weights"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("training passes multiply in bf16, all else is in single precision"));
        Assert.That(folder.Files, Is.EqualTo(new[] { "log", "plot.png", "weights" }));
        Assert.That(File.ReadAllLines(folder["log"]), Has.Length.EqualTo(4), "settings and three epochs");
        Assert.That(File.ReadAllBytes(folder["plot.png"])[..4], Is.EqualTo(PngSignature));
    }

    [Test]
    public void SavedWeightsAreScored()
    {
        using Folder folder = new();
        string[] train = ["train", "--epochs", "2", "--psi-images", "0", "--psi-draws", "9", "--save", folder["w"], "--json"];
        double trained = JsonNode.Parse(ProgramRun.Of(train).OutputLines[^1])!["psi"]!.GetValue<double>();
        ProgramRun score = ProgramRun.Of("score", "--weights", folder["w"], "--psi-draws", "9", "--json");
        Assert.That(score.ExitCode, Is.Zero, score.Error);
        JsonNode found = JsonNode.Parse(score.Output)!;
        Assert.That(found["psi"]!.GetValue<double>(), Is.EqualTo(trained), "the same weights, images and draws");
        Assert.That(
            found["scores"]!.AsArray().Select(one => one!["rhoEstimator"]!.GetValue<string>()),
            Is.EqualTo(new[] { "median", "published", "definition3" }));
        Assert.That(found["layers"]!.AsArray().Sum(layer => layer!["count"]!.GetValue<long>()), Is.EqualTo(9610));
        Assert.That(
            found["layers"]!.AsArray().Sum(layer => layer!["psi"]!.GetValue<double>()), Is.EqualTo(trained).Within(1e-3).Percent);

        // Of 9 draws the second and the eighth; Ψ itself is that of the fifth.
        JsonNode median = found["scores"]![0]!;
        Assert.That(median["psiLow"]!.GetValue<double>(), Is.LessThanOrEqualTo(trained));
        Assert.That(median["psiHigh"]!.GetValue<double>(), Is.GreaterThanOrEqualTo(trained));

        ProgramRun few = ProgramRun.Of("score", "--weights", folder["w"], "--psi-draws", "5");
        Assert.That(few.Output, Does.Contain("too few for an interval").And.Not.Contain("±"));
        ProgramRun people = ProgramRun.Of("score", "--weights", folder["w"]);
        Assert.That(people.Output, Does.Contain("95 % interval").And.Contain("in batches of 64"));
        Assert.That(people.Output, Does.Contain("layers.0.weight").And.Contain("published").And.Contain("orders of magnitude"));
    }

    /// <summary>
    /// Ψ's pass is the same whatever the training's batch is, and however it is passed: h, and Ψ with it, depends on its own
    /// batch size.
    /// </summary>
    [TestCase("--batch-size", "16")]
    [TestCase("--batch-size", "256")]
    [TestCase("--batch-size", "64", "--accumulate", "4")]
    public void PsiHasABatchSizeOfItsOwn(params string[] training)
    {
        ProgramRun run = ProgramRun.Of([.. new[] { "train", "--epochs", "1", "--json" }, .. training]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        JsonNode epoch = JsonNode.Parse(run.OutputLines[^1])!;
        Assert.That(epoch["psiBatchSize"]!.GetValue<int>(), Is.EqualTo(64));
        Assert.That(epoch["psiLow"]!.GetValue<double>(), Is.LessThanOrEqualTo(epoch["psi"]!.GetValue<double>()));
        Assert.That(epoch["psiHigh"]!.GetValue<double>(), Is.GreaterThanOrEqualTo(epoch["psi"]!.GetValue<double>()));
        Assert.That(epoch["psiKappaShare"]!.GetValue<double>(), Is.InRange(0, 1));
        Assert.That(run.Error, Does.Contain("in batches of 64").And.Contain("(1/κ "));
    }

    /// <summary>The statistics that a network is evaluated with are saved with its weights.</summary>
    [Test]
    public void AWideResNetIsTrainedAndScoredFromItsFile([Values("none", "uniform")] string perturb)
    {
        using Folder folder = new();
        ProgramRun train = ProgramRun.Of(
            "train", "--model", "wide-resnet", "--depth", "10", "--widen", "1", "--optimizer", "adam", "--perturb", perturb,
            "--epochs", "1", "--psi-images", "200",
            "--psi-draws", "1", "--save", folder["w"], "--json");
        Assert.That(train.ExitCode, Is.Zero, train.Error);
        Assert.That(train.Error, Does.Contain("wrn-10-1, 77,898 parameters").And.Contain(
            perturb == "none" ? "from the training pass" : "re-estimated at w"));
        ProgramRun score = ProgramRun.Of("score", "--weights", folder["w"], "--psi-images", "200", "--psi-draws", "1", "--json");
        Assert.That(score.ExitCode, Is.Zero, score.Error);
        Assert.That(
            JsonNode.Parse(score.Output)!["psi"]!.GetValue<double>(),
            Is.EqualTo(JsonNode.Parse(train.OutputLines[^1])!["psi"]!.GetValue<double>()));
    }

    /// <summary>
    /// Statistics that are re-estimated before evaluation are, within an epoch, of weights that were evaluated before.
    /// </summary>
    [Test]
    public void ACheckpointWithinAnEpochSaysThatItsStatisticsAreOld()
    {
        using Folder folder = new();
        ProgramRun train = ProgramRun.Of(
            "train", "--model", "wide-resnet", "--depth", "10", "--perturb", "uniform", "--limit", "96", "--batch-size", "32",
            "--epochs", "2", "--psi", "off",
            "--checkpoint", folder["c"], "--checkpoint-every", "2", "--keep", "9");
        Assert.That(train.ExitCode, Is.Zero, train.Error);
        Assert.That(Remark("step-0000000002"), Does.Contain("were not estimated yet"));
        Assert.That(Remark("step-0000000003"), Is.Empty);
        Assert.That(Remark("step-0000000004"), Does.Contain("after step 4, but its running statistics are of step 3"));
        Assert.That(Remark("best"), Is.Empty);

        string Remark(string name)
        {
            ProgramRun score = ProgramRun.Of(
                "score", "--weights", folder[Path.Combine("c", name + ".safetensors")], "--limit", "96", "--psi-images", "64",
                "--psi-draws", "1");
            Assert.That(score.ExitCode, Is.Zero, score.Error);
            return score.Error;
        }
    }

    /// <summary>The original form trains, is kept with its form, and is scored and resumed as what it is.</summary>
    [Test]
    public void TheOriginalWideResNetIsKeptAsSuch()
    {
        using Folder folder = new();
        string[] settings = [
            "--model", "wide-resnet", "--depth", "10", "--limit", "64", "--batch-size", "32", "--schedule", "constant", "--psi",
            "off"];
        ProgramRun run = ProgramRun.Of(
            ["train", .. settings, "--form", "original", "--epochs", "1", "--save", folder["w"], "--checkpoint", folder["c"]]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        long count = new WideResNet(10, 1, 10, 1, WideResNetForm.Original).ParameterCount;
        Assert.That(
            run.Output, Does.Contain($"wrn-10-1-original, {count.ToString("N0", CultureInfo.InvariantCulture)} parameters"));
        ProgramRun more = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2", "--without", "save");
        Assert.That(more.ExitCode, Is.Zero, more.Error);
        Assert.That(more.Output, Does.Contain("wrn-10-1-original").And.Contain("epoch   2"));
        ProgramRun another = ProgramRun.Of("train", "--resume", folder["c"], "--model", "mlp", "--without", "save");
        Assert.That(another.ExitCode, Is.EqualTo(2), another.Error);
        Assert.That(another.Error, Does.Contain("has --model wide-resnet: leave --model out to go on"));
        ProgramRun score = ProgramRun.Of("score", "--weights", folder["w"], "--limit", "32");
        Assert.That(score.ExitCode, Is.Zero, score.Error);
        Assert.That(score.Output, Does.Contain("wrn-10-1-original"));
        ProgramRun other = ProgramRun.Of("score", "--weights", folder["w"], "--limit", "32", "--form", "paper");
        Assert.That(other.ExitCode, Is.Not.Zero, "the file's weights are not of that form");
        Assert.That(
            ProgramRun.Of("train", "--form", "original").Error,
            Does.Contain("--form has an effect only with --model wide-resnet"));
    }

    [Test]
    public void ARunIsResumedWithItsOwnNetworkAlone()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(
            "train", "--epochs", "2", "--schedule", "constant", "--psi", "off", "--checkpoint", folder["c"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        ProgramRun fewer = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "1");
        Assert.That(fewer.ExitCode, Is.EqualTo(2), fewer.Error);
        Assert.That(fewer.ErrorLines[^1], Does.Contain("has done 2: give as many or more"));
        ProgramRun scaled = ProgramRun.Of("train", "--resume", folder["c"], "--normalization", "none", "--epochs", "2");
        Assert.That(scaled.Error, Does.Contain("it differs in normalization ("));
        ProgramRun other = ProgramRun.Of("train", "--resume", folder["c"], "--hidden", "64");
        Assert.That(other.ExitCode, Is.EqualTo(2), other.Error);
        Assert.That(other.Error, Does.Contain("has another network: leave --hidden out to go on with it"));
        Assert.That(
            ProgramRun.Of("train", "--resume", folder["c"], "--dropout", "0.5").Error, Does.Contain("leave --dropout out"));
        Assert.That(
            ProgramRun.Of("train", "--resume", folder["c"], "--dataset", "penguins").Error,
            Does.Contain("Give the samples of the run that"));
    }

    /// <summary>A table of one's own is not taken for an output.</summary>
    [Test]
    public void ATableThatIsThereIsLeftAlone()
    {
        using Folder folder = new();
        File.WriteAllText(folder["mine.csv"], "seed,size\n1,2\n");
        string[] train = ["train", "--epochs", "1", "--psi", "off", "--csv"];
        ProgramRun.Of([.. train, folder["mine.csv"]]).RequireRefusal(1, "so it is left alone");
        ProgramRun.Of(["devices", "--csv", folder["mine.csv"]]).RequireRefusal(1, "so it is left alone");
        Assert.That(File.ReadAllText(folder["mine.csv"]), Is.EqualTo("seed,size\n1,2\n"));
        for (int i = 0; i < 2; i++)
        {
            ProgramRun run = ProgramRun.Of([.. train, folder["new.csv"]]);
            Assert.That(run.ExitCode, Is.Zero, run.Error);
        }
    }

    [Test]
    public void AStoppedRunSaysWhatItKept()
    {
        using Folder folder = new();
        using StopRequest stop = new();
        ProgramRun run = ProgramRun.UpTo(
            "\"epoch\":1", () => stop.Make(143), stop, "train", "--epochs", "100000", "--psi", "off", "--json", "--save",
            folder["w"], "--log", folder["log"], "--plot", folder["p.png"]);
        Assert.That(run.ExitCode, Is.EqualTo(143));
        Assert.That(run.Error, Does.Contain("stopped after step ").And.Contain("1 of 100000 epochs done").And.Contain(
            folder["w"]).And.Contain(folder["log"]));
        Assert.That(folder.Files, Is.EqualTo(new[] { "log", "p.png", "w" }));
        Assert.That(ProgramRun.Of("score", "--weights", folder["w"]).ExitCode, Is.Zero);
    }

    [Test]
    public void ARunThatGetsNoBetterEndsAndSaysWhereItsBestIs()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(
            "train", "--epochs", "1000", "--psi", "off", "--early-stop", "2", "--best-by", "test-loss", "--accumulate", "2",
            "--checkpoint", folder["c"],
            "--tensorboard", folder["c/tb"], "--schedule", "constant");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("no better test loss for 2 epochs").And.Contain("best.safetensors").And.Contain(
            "in 2 parts").And.Contain("Memory "));
        Assert.That(Directory.GetFiles(folder["c/tb"], "events.out.tfevents.*"), Has.Length.EqualTo(1));
        ProgramRun again = ProgramRun.Of("train", "--resume", folder["c"]);
        Assert.That(again.ExitCode, Is.Zero, again.Error);
        Assert.That(
            again.OutputLines.Single(line => line.StartsWith("Stopped early", StringComparison.Ordinal)),
            Is.EqualTo(run.OutputLines.Single(line => line.StartsWith("Stopped early", StringComparison.Ordinal))));
        Assert.That(again.Output, Does.Not.Contain("train loss"), "there is nothing left to do");
    }

    [Test]
    public void AStopBeforeTheFirstStepKeepsNothing()
    {
        using Folder folder = new();
        using StopRequest stop = new();
        ProgramRun earlier = ProgramRun.Of("train", "--epochs", "1", "--psi", "off", "--save", folder["w"]);
        Assert.That(earlier.ExitCode, Is.Zero, earlier.Error);
        byte[] weights = File.ReadAllBytes(folder["w"]);
        stop.Make(130);
        ProgramRun run = ProgramRun.Of(stop, "train", "--save", folder["w"]);
        Assert.That(run.ExitCode, Is.EqualTo(130));
        Assert.That(run.Error, Does.Contain("stopped after step 0, 0 of 10 epochs done").And.Contain("Nothing was kept"));
        Assert.That(File.ReadAllBytes(folder["w"]), Is.EqualTo(weights), "a run without a step replaces no weights");
    }

    [Test]
    public void TheMainJobShowsBothRunsAndDrawsThem()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of("--epochs", "2", "--output", folder[""]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("Perturbed SGD").And.Contain("test accuracy").And.Contain("gap").And.Contain(
            "Ψ").And.Contain("Next: pacgen "));
        Assert.That(folder.Files, Is.EqualTo(new[] { "pacgen-digits.png" }));
        Assert.That(File.ReadAllBytes(folder["pacgen-digits.png"])[..4], Is.EqualTo(PngSignature));
    }

    /// <summary>Standard output that acts when a text first comes by.</summary>
    private sealed class StopAfter(string text, Action act) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true)
            {
                act();
            }
        }
    }
}
