using System.Globalization;
using System.Text.RegularExpressions;
using PacGen.Benchmarks;

namespace PacGen.Tests.Benchmarks;

internal sealed class HyperExperimentTests
{
    private static readonly string[] Quick =
        ["experiment", "hyper", "--limit", "200", "--hidden", "8", "--epochs", "2", "--batch-size", "32", "--etas", "10,100",
            "--gammas", "0.1,1", "--seeds", "2"];

    [Test]
    public void ListsEveryOption()
    {
        ProgramRun help = ProgramRun.Of("help", "experiment", "hyper", "--all");
        Assert.That(help.ExitCode, Is.Zero);
        Assert.That(
            help.OutputLines.Select(line => line.Trim()).Where(line => line.StartsWith("--", StringComparison.Ordinal)).Select(
                line => line.Split(' ')[0].TrimEnd(',')),
            Is.EquivalentTo(new[]
            {
                "--dataset", "--model", "--hidden", "--depth", "--widen", "--form", "--width", "--dropout", "--epochs",
                    "--batch-size",
                    "--accumulate", "--bias-correction", "--two-point", "--average", "--average-start", "--average-decay",
                    "--augment", "--optimizer", "--learning-rate", "--momentum", "--weight-decay",
                "--clip-norm", "--schedule", "--step-epochs", "--step-factor", "--warm-up", "--perturb", "--epsilon", "--beta1",
                "--beta2", "--etas", "--gammas", "--noise-schedules", "--normalization", "--validation",
                "--split-seed", "--seeds", "--device", "--products", "--convolutions", "--tiles", "--threads",
                "--labels", "--limit", "--image-size", "--data",
                "--target", "--target-kind", "--ignore", "--missing", "--test-part", "--test-seed",
                "--no-download", "--jobs", "--shard", "--runs", "--output", "--size", "--format", "--text-scale",
            }));
    }

    /// <summary>Runs of images under another normalisation are other runs.</summary>
    [Test]
    public void AKeptRunIsOfItsNormalization()
    {
        using Folder folder = new();
        string[] one =
        [
            "experiment", "hyper", "--limit", "100", "--hidden", "8", "--epochs", "1", "--etas", "10", "--gammas", "1", "--seeds",
            "1", "--output", folder[""],
        ];
        Assert.That(ProgramRun.Of(one).ExitCode, Is.Zero);
        ProgramRun.Of([.. one, "--normalization", "none"]).RequireRefusal(1, "normalization (");

        // A record of before says nothing of it.
        string[] records = Directory.GetFiles(folder[""], "*.json", SearchOption.AllDirectories);
        int changed = 0;
        foreach (string record in records)
        {
            string before = Regex.Replace(File.ReadAllText(record), @"""normalization"":\s*""(?:[^""\\]|\\.)*"",?", "");
            changed += before == File.ReadAllText(record) ? 0 : 1;
            File.WriteAllText(record, before);
        }

        Assert.That(changed, Is.Positive);
        ProgramRun again = ProgramRun.Of(one);
        Assert.That(again.ExitCode, Is.Zero, again.Error);
        Assert.That(again.Output, Does.Contain("2 of 2 runs are there"));
    }

    [Test]
    public void TargetsThatAreNoClassesAreRefused()
    {
        using Folder folder = new();
        foreach (string experiment in new[] { "hyper", "optimizers", "rescale" })
        {
            ProgramRun.Of("experiment", experiment, "--dataset", "penguins", "--output", folder[""])
                .RequireRefusal(2, "the targets of penguins are no classes");
        }
    }

    [TestCase("--etas is '0'", "--etas", "0")]
    [TestCase("different numbers", "--gammas", "1,1")]
    [TestCase("--validation is '1'", "--validation", "1")]
    [TestCase("leaves one part empty", "--validation", "0.001")]
    [TestCase("there are 160 training images besides", "--batch-size", "161")]
    [TestCase("uniform, truncated-gaussian, gaussian, not 'none'", "--perturb", "none")]
    [TestCase("There is no option --eta; did you mean --etas?", "--eta", "1")]
    [TestCase("--momentum has an effect only with", "--momentum", "0.9")]
    [TestCase("--seeds is 'x'", "--seeds", "x")]
    [TestCase("must be log or constant, each with", "--noise-schedules", "log:x")]
    [TestCase("has a schedule twice", "--noise-schedules", "log,log")]
    public void AWrongCommandLineIsOneLine(string says, string option, string value)
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(With(folder, option, value));
        run.RequireRefusal(2, says);
        Assert.That(Directory.GetFileSystemEntries(folder[""]), Is.Empty);
    }

    [Test]
    public void ChoosesByTheValidationImagesAndTestsTheChosenPairAlone()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(With(folder));
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(folder.Files, Is.EqualTo(new[] { "hyper-epochs.csv", "hyper.csv", "hyper.md", "hyper.png" }));
        Assert.That(File.ReadAllBytes(folder["hyper.png"])[1..4], Is.EqualTo("PNG"u8.ToArray()));
        string[][] rows = [.. File.ReadAllLines(folder["hyper.csv"]).Skip(1).Select(line => line.Split(','))];
        Assert.That(rows.Count(row => row[3] == "validation"), Is.EqualTo(2 * (1 + 4)));
        string[] tested = [.. rows.Where(row => row[3] == "test").Select(row => $"{row[0]}/{row[1]}").Distinct()];
        var best = rows.Where(row => row[3] == "validation" && row[0].Length > 0)
            .GroupBy(row => $"{row[0]}/{row[1]}")
            .Select(cell => (cell.Key, Accuracy: cell.Average(row => Number(row[7])), Loss: cell.Average(row => Number(row[6]))))
            .OrderByDescending(cell => cell.Accuracy).ThenBy(cell => cell.Loss).First();
        Assert.That(tested, Is.EqualTo(new[] { "/", best.Key }));
        Assert.That(rows.Where(row => row[3] == "validation").Select(row => Number(row[7]) * 40).Select(
            counted => Math.Abs(counted - Math.Round(counted))), Has.All.LessThan(1e-9), "40 of 200 held back");
        string page = File.ReadAllText(folder["hyper.md"]);
        string[] pair = best.Key.Split('/');
        Assert.That(page, Does.Contain($"Chosen: η = {pair[0]}, γ = {pair[1]}").And.Contain(
            "| η | γ = 0.1 | γ = 1 |").And.Contain("160 training images, 40 validation images")
            .And.Contain("`pacgen experiment hyper --hidden 8").And.Not.Contain(folder[""]));
        Assert.That(Directory.GetDirectories(folder["hyper-runs"]), Has.Length.EqualTo(10 + 4));

        Assert.That(run.Output, Does.Contain("seed 2: accuracy ").And.Contain(" % validation, ").And.Contain(
            " 4 of 4: ").And.Contain("on all training images"));

        // Finished cells are read back, and one that is new is added.
        string[] before = File.ReadAllLines(folder["hyper.csv"]);
        ProgramRun again = ProgramRun.Of(With(folder));
        Assert.That(again.Output, Does.Contain("10 of 10 runs are there").And.Contain("4 of 4 runs are there"));
        Assert.That(File.ReadAllLines(folder["hyper.csv"]), Is.EqualTo(before));
        ProgramRun wider = ProgramRun.Of(With(folder, "--etas", "10,100,1000"));
        Assert.That(wider.ExitCode, Is.Zero, wider.Error);
        Assert.That(wider.Output, Does.Contain("10 of 14 runs are there"));
    }

    [Test]
    public void SchedulesOfTheNoiseAreChosenAmongToo()
    {
        using Folder folder = new();
        string[] args = [.. With(folder, "--noise-schedules", "log,constant:1"), "--jobs", "2"];
        ProgramRun run = ProgramRun.Of(args);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        string[][] epochs = [.. File.ReadAllLines(folder["hyper-epochs.csv"]).Skip(1).Select(line => line.Split(','))];
        Assert.That(epochs, Has.Length.EqualTo(2 * 2 * (1 + (2 * 4) + 2)), "epochs, seeds, plain and pairs, tested");
        double[] Ratios(string divisor, string epoch) =>
        [
            .. epochs.Where(row => row[1] == "0.1" && row[2] == divisor && row[5] == "validation" && row[6] == epoch)
                .Select(row => Number(row[13])),
        ];
        Assert.That(Ratios("log", "1"), Has.Length.EqualTo(4).And.All.EqualTo(0.1 / Math.Log(2)).Within(0.01));
        Assert.That(Ratios("1", "1"), Has.Length.EqualTo(4).And.All.EqualTo(0.05).Within(0.005), "half of it while it rises");
        Assert.That(Ratios("1", "2"), Has.All.EqualTo(0.1).Within(0.01));
        Assert.That(epochs.Where(row => row[1].Length > 0).Select(row => Number(row[11])), Has.All.InRange(0, 1));
        Assert.That(File.ReadAllText(folder["hyper.md"]), Does.Contain("| η | over the epochs | γ = 0.1 | γ = 1 |").And.Contain(
            "**Which noise helped.**").And.Contain("| noise constant, warm-up 1 |"));
    }

    [Test]
    public void AStoppedGridGoesOn()
    {
        using Folder folder = new(), straight = new();
        Assert.That(ProgramRun.Of(With(straight)).ExitCode, Is.Zero);
        using StopRequest stop = new();
        ProgramRun stopped = ProgramRun.UpTo("4 of 10: ", () => stop.Make(143), stop, With(folder));
        Assert.That(stopped.ExitCode, Is.EqualTo(143));
        Assert.That(stopped.Error, Does.Contain("stopped: 4 of 10 runs of the grid are complete; the same command goes on"));
        Assert.That(folder.Files, Is.Empty);
        ProgramRun rest = ProgramRun.Of(With(folder));
        Assert.That(rest.ExitCode, Is.Zero, rest.Error);
        Assert.That(rest.Output, Does.Contain("4 of 10 runs are there"));
        Assert.That(File.ReadAllText(folder["hyper.csv"]), Is.EqualTo(File.ReadAllText(straight["hyper.csv"])));
    }

    [Test]
    public void AnotherSettingOrSplitInTheSameFolderIsRefused()
    {
        using Folder folder = new();
        Assert.That(ProgramRun.Of(With(folder)).ExitCode, Is.Zero);
        foreach ((
            string option, string value, string says) in new[] { ("--split-seed", "2", "images (digits"),
            ("--hidden", "9", "model (mlp 64-8-10 there, mlp 64-9-10 now)"), ("--optimizer", "adam", "optimizer (") })
        {
            ProgramRun run = ProgramRun.Of(With(folder, option, value));
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(run.Error, Does.Contain("holds a run with other settings").And.Contain(says));
        }
    }

    [Test]
    public void AWideResNetIsResumedWithinARun()
    {
        using Folder folder = new();
        string[] args =
        [
            "experiment", "hyper", "--limit", "40", "--model", "wide-resnet", "--depth", "10", "--optimizer", "adam",
            "--schedule", "constant", "--epochs", "2", "--batch-size", "16",
            "--etas", "0.01", "--gammas", "0.1", "--seeds", "1", "--output", folder[""],
        ];
        Assert.That(ProgramRun.Of(args).ExitCode, Is.Zero);
        args[Array.IndexOf(args, "--epochs") + 1] = "3";
        ProgramRun more = ProgramRun.Of(args);
        Assert.That(more.ExitCode, Is.Zero, more.Error);
        Assert.That(more.Output, Does.Contain("plain, seed 1 goes on from step 4, 2 of 3 epochs done"));
    }

    private static string[] With(Folder folder, string? option = null, string? value = null) =>
        ProgramRun.With([.. Quick, "--output", folder[""]], option, value);

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
}
