using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using PacGen.Benchmarks;
using PacGen.Benchmarks.Figures.Gap;
using PacGen.Benchmarks.Studies;
using PacGen.Nn;
using AlgorithmOne = PacGen.Core.Perturbation.AlgorithmOne;

namespace PacGen.Tests.Benchmarks;

/// <summary>Studies of small networks on the embedded digits: what is kept, and that nothing is lost or done twice.</summary>
internal sealed class StudyTests
{
    private const string Json = """
        {
          "settings": { "dataset": "digits", "limit": 200, "test-limit": 50, "hidden": 8, "epochs": 4, "batch-size": [20, 50] },
          "variants": [ { "learning-rate": [0.1, 0.30] }, { "label-noise": 0.5 }, { "perturb": "uniform", "learning-rate": 0.3 } ],
          "seeds": [3, 5],
          "moments": ["every:2", "loss:1.5", "end"],
          "measures": ["trace", "pacgen-score"],
          "measures-by-epoch": ["largest-eigenvalue"],
          "measure-images": 100
        }
        """;

    private static string[] Run(Folder folder, string name = "study") =>
        ["study", "run", "--study", folder["small.json"], "--folder", folder[name], "--threads", "1"];

    /// <summary>A folder with the study's description.</summary>
    private static Folder Described()
    {
        Folder folder = new();
        File.WriteAllText(folder["small.json"], Json);
        return folder;
    }

    private static string[] Csv(Folder folder, string name = "study")
    {
        ProgramRun export = ProgramRun.Of("study", "export", "--folder", folder[name]);
        Assert.That(export.ExitCode, Is.Zero, export.Error);
        return [.. ((string[])["study.csv", "study-epochs.csv", "study-measures.csv"]).Select(
            file => File.ReadAllText(Path.Combine(folder[name], file)))];
    }

    [Test]
    public void TheSameSeedsGiveTheSameNumbersWhateverTheJobs()
    {
        using Folder folder = Described();
        ProgramRun alone = ProgramRun.Of(Run(folder));
        Assert.That(alone.ExitCode, Is.Zero, alone.Error);
        Assert.That(alone.Output, Does.Contain("16 runs"), "2 × (2 + 1 + 1) combinations with 2 seeds");
        ProgramRun together = ProgramRun.Of([.. Run(folder, "jobs"), "--jobs", "3"]);
        Assert.That(together.ExitCode, Is.Zero, together.Error);
        string[] csv = Csv(folder);
        Assert.That(Csv(folder, "jobs"), Is.EqualTo(csv));

        // Every number is somebody's: each moment has the measures that it is to have, and no others.
        using StudyStore store = StudyStore.Read(folder["study"]);
        StudyTable table = StudyTable.Of(store);
        Assert.That(table.Moments.Select(row => row.Run).Distinct().Count(), Is.EqualTo(table.Runs.Count));
        foreach (StudyRow row in table.Moments)
        {
            Assert.That(row.Measures.Keys, Is.EquivalentTo(
                row.Moment.StartsWith("epoch:", StringComparison.Ordinal) ? ["largest-eigenvalue"]
                    : new[] { "trace", "pacgen-score" }));
            Assert.That(row.Measures.Values, Has.All.Matches<double>(double.IsFinite), $"run {row.Run}, {row.Moment}");
        }

        Assert.That(table.AllEpochs, Has.Count.EqualTo(4 * table.Runs.Count));
        Assert.That(table.Moments.Count(row => row.Moment == "end"), Is.EqualTo(table.Runs.Count));
    }

    [Test]
    public void WhatIsDoneIsNotDoneAgainAndMoreSeedsAdd()
    {
        using Folder folder = Described();
        Assert.That(ProgramRun.Of(Run(folder)).ExitCode, Is.Zero);
        string[] csv = Csv(folder);
        DateTime[] written = Weights();
        ProgramRun again = ProgramRun.Of(Run(folder));
        Assert.That(again.ExitCode, Is.Zero, again.Error);
        Assert.That(again.Output, Does.Contain("16 of them done"));
        Assert.That(Weights(), Is.EqualTo(written));
        Assert.That(Csv(folder), Is.EqualTo(csv));

        // A measure that is asked for later is taken on the weights that are there.
        File.WriteAllText(folder["small.json"], Json.Replace("[\"trace\", \"pacgen-score\"]", "[\"trace\", \"pacgen-score\", "
            + "\"expected-sharpness\"]", StringComparison.Ordinal).Replace("[3, 5]", "[3, 5, 8]", StringComparison.Ordinal));
        ProgramRun more = ProgramRun.Of(Run(folder));
        Assert.That(more.ExitCode, Is.Zero, more.Error);
        Assert.That(more.Output, Does.Contain("24 runs, 16 of them done"));
        Assert.That(Weights()[..written.Length], Is.EqualTo(written));
        Assert.That(Csv(folder)[0], Does.Contain("expected-sharpness"));

        DateTime[] Weights() => [.. Directory.GetFiles(folder["study"], "*.safetensors", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal).Select(File.GetLastWriteTimeUtc)];
    }

    /// <summary>
    /// A run that comes to nothing says why at once; names of measures may have commas between them; what a person may copy is in
    /// quotes where a shell asks for them.
    /// </summary>
    [Test]
    public void ARunThatFailsSaysWhy()
    {
        using Folder folder = new();
        string[] run =
        [
            "study", "run", "--folder", folder["a study"], "--hidden", "8", "--epochs", "1", "--learning-rate", "1e20",
            "--measures", "pacgen-score,trace",
        ];
        string output = ProgramRun.Of(run).Output;
        Assert.That(output, Does.Contain("1 run, 1 at a time").And.Contain("seed 1: failed: The update moved the weights"));
        Assert.That(output, Does.Contain($"pacgen study report --folder '{folder["a study"]}'"));
        Assert.That(ProgramRun.Of(run).Output, Does.Contain("1 run, 1 of them failed"));
        ProgramRun report = ProgramRun.Of("study", "report", "--folder", folder["a study"]);
        Assert.That(report.ExitCode, Is.EqualTo(1));
        Assert.That(report.Error, Does.Contain("1 run of 1 failed. pacgen study show --folder '"));
    }

    /// <summary>
    /// A study in a folder that can only be read, another person's or an archive's: SQLite can't make the files that it shares a
    /// study by. Here one of them is in the way, which stops a user who may write everywhere, too.
    /// </summary>
    [Test]
    public void AStudyIsReadWhereNothingCanBeWritten()
    {
        using Folder folder = new();
        string study = folder["ein Ordner ä%"];
        ProgramRun run = ProgramRun.Of(
            "study", "run", "--folder", study, "--hidden", "8", "--epochs", "1", "--measures", "parameter-norm");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Directory.CreateDirectory(Path.Combine(study, "study.sqlite-shm"));
        ProgramRun show = ProgramRun.Of("study", "show", "--folder", study);
        Assert.That(show.Output, Does.StartWith("study: 1 run, 1 done"), show.Error);
    }

    /// <summary>The paper has no decay of the rate in Figures 3 to 6; without a word a study's rate goes down a cosine.</summary>
    [Test]
    public void TheFiguresRatesStay([Range(3, 6)] int figure)
    {
        using JsonDocument study = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(HouseTests.Root, "studies", $"figure-{figure}.json")));
        Assert.That(study.RootElement.GetProperty("settings").GetProperty("schedule").GetString(), Is.EqualTo("constant"));
    }

    /// <summary>SIGKILL at random moments of training and measuring.</summary>
    [Test]
    public void AStudyThatIsKilledAFewTimesGivesTheSameNumbers([Values("0", "5")] string seconds)
    {
        using Folder folder = Described();
        Assert.That(ProgramRun.Of(Run(folder, "straight")).ExitCode, Is.Zero);
        int seed = Random.Shared.Next();
        Random random = new(seed);
        int within = 0;
        foreach (int run in (int[])[1, 4, 8, 16])
        {
            using Process process = Start([.. Run(folder), "--jobs", "2", "--checkpoint-seconds", seconds]);

            // Decided by what is there, not by the clock: a machine may take a second for all of it, or ten.
            while (!Directory.Exists(Path.Combine(folder["study"], $"run-{run:00000}")) && !process.HasExited)
            {
                Thread.Sleep(1);
            }

            Thread.Sleep(random.Next(run < 16 ? 40 : 400));
            within += process.HasExited ? 0 : 1;
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        Assert.That(within, Is.GreaterThan(0), "a kill found it at work");
        ProgramRun last = ProgramRun.Of(Run(folder));
        Assert.That(last.ExitCode, Is.Zero, last.Error);
        Assert.That(Csv(folder), Is.EqualTo(Csv(folder, "straight")), $"seed {seed}");
    }

    /// <summary>A network goes on from its last checkpoint, and from its beginning where that is damaged.</summary>
    [Test]
    public void AnInterruptedNetworkGoesOn([Values] bool damaged)
    {
        using Folder folder = Described();
        File.WriteAllText(folder["small.json"], Json.Replace("\"epochs\": 4", "\"epochs\": 400", StringComparison.Ordinal)
            .Replace("[20, 50] }", "20 }", StringComparison.Ordinal).Replace("every:2", "every:100", StringComparison.Ordinal)
            .Replace("[0.1, 0.30]", "0.1", StringComparison.Ordinal).Replace("[3, 5]", "[3]", StringComparison.Ordinal));
        string[] args = [.. Run(folder), "--checkpoint-seconds", "0", "--measures", "parameter-count"];
        using Process process = Start(args);
        string checkpoints = Path.Combine(folder["study"], "run-00001", "checkpoint");
        while (!process.HasExited && (!File.Exists(Path.Combine(folder["study"], "run-00001", "epoch-0100.safetensors"))))
        {
            Thread.Sleep(1);
        }

        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        Assert.That(Directory.GetFiles(checkpoints, "*.safetensors"), Is.Not.Empty, "killed at work");
        if (damaged)
        {
            foreach (string file in Directory.GetFiles(checkpoints, "*.safetensors"))
            {
                File.WriteAllText(file, "x");
            }
        }

        ProgramRun rest = ProgramRun.Of(args);
        Assert.That(rest.ExitCode, Is.Zero, rest.Error);
        Assert.That(Directory.Exists(checkpoints), Is.False);
        DateTime first = File.GetLastWriteTimeUtc(Path.Combine(folder["study"], "run-00001", "epoch-0100.safetensors"));
        DateTime end = File.GetLastWriteTimeUtc(Path.Combine(folder["study"], "run-00001", "epoch-0200.safetensors"));
        Assert.That(first, damaged ? Is.GreaterThan(process.ExitTime.ToUniversalTime())
            : Is.LessThanOrEqualTo(process.ExitTime.ToUniversalTime()));
        Assert.That(end, Is.GreaterThan(process.ExitTime.ToUniversalTime()));
        Assert.That(ProgramRun.Of([.. Run(folder, "straight"), "--measures", "parameter-count"]).ExitCode, Is.Zero);
        Assert.That(Csv(folder), Is.EqualTo(Csv(folder, "straight")));
    }

    [Test]
    public void AStoppedStudyGoesOn()
    {
        using Folder folder = Described();
        Assert.That(ProgramRun.Of(Run(folder, "straight")).ExitCode, Is.Zero);
        using StopRequest stop = new();
        Task<ProgramRun> running = Task.Run(() => ProgramRun.Of(stop, Run(folder)));
        SpinWait.SpinUntil(() => running.IsCompleted
            || Directory.Exists(Path.Combine(folder["study"], "run-00003")), TimeSpan.FromSeconds(30));
        stop.Make(130);
        ProgramRun stopped = running.Result;
        Assert.That(stopped.ExitCode, Is.EqualTo(130), stopped.Error);
        Assert.That(stopped.Error, Does.Contain("the same command goes on"));
        Assert.That(ProgramRun.Of(Run(folder)).ExitCode, Is.Zero);
        Assert.That(Csv(folder), Is.EqualTo(Csv(folder, "straight")));
    }

    [TestCase("{", "it is no JSON")]
    [TestCase("[]", "it is no JSON object")]
    [TestCase("""{ "setings": {} }""", "did you mean settings?")]
    [TestCase("""{ "settings": { "learning-rte": 0.1 } }""", "did you mean learning-rate?")]
    [TestCase("""{ "settings": { "learning-rate": -1 } }""", "--learning-rate is '-1'")]
    [TestCase("""{ "settings": { "learning-rate": [0.1, 0.10] } }""", "must have different values")]
    [TestCase("""{ "settings": { "gamma": 1 } }""", "--gamma has an effect only with")]
    [TestCase("""{ "settings": { "least-epochs": 2 } }""", "--least-epochs has an effect only with --stop-loss")]
    [TestCase("""{ "settings": { "seed": 2 } }""", "seeds stand beside the settings")]
    [TestCase("""{ "measures": ["psi"] }""", "there is no measure 'psi'")]
    [TestCase("""{ "moments": ["sometimes"] }""", "'sometimes' is none of them")]
    [TestCase("""{ "seeds": [] }""", "seeds must be")]
    [TestCase("""{ "settings": { "limit": 5000 } }""", "5000 images are asked for")]
    [TestCase("""{ "settings": { "model": "mnist-cnn" } }""", "takes images of 16×16 or more")]
    [TestCase("""{ "settings": { "limit": 20, "batch-size": 64 } }""", "64")]
    public void AWrongDescriptionIsRefused(string json, string message)
    {
        using Folder folder = new();
        File.WriteAllText(folder["small.json"], json);
        ProgramRun run = ProgramRun.Of(Run(folder));
        Assert.That(run.ExitCode, Is.Not.Zero);
        Assert.That(run.Error, Does.Contain(message));
        Assert.That(run.Error, Does.Not.Contain("unexpected"));
    }

    [Test]
    public void OptionsAreAStudyToo()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of(
            "study", "run", "--folder", folder["study"], "--limit", "100", "--test-limit", "50", "--hidden", "8", "8,8",
            "--batch-size", "10", "50", "--epochs", "30", "--stop-loss", "1", "--measures", "trace", "--measure-images", "50");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        using StudyStore store = StudyStore.Read(folder["study"]);
        StudyTable table = StudyTable.Of(store);
        Assert.That(table.Runs.Select(one => (one.Settings["hidden"], one.Settings["batch-size"])), Is.EqualTo(
            new[] { ("8", "10"), ("8", "50"), ("8,8", "10"), ("8,8", "50") }));
        foreach (StudyRow row in table.Moments)
        {
            // It ended at the first epoch whose loss was reached, or at the cap.
            double[] losses = [.. table.AllEpochs.Where(epoch => epoch.Run == row.Run).Select(epoch => epoch.TrainLoss)];
            Assert.That(losses[..^1], Has.All.GreaterThan(1));
            Assert.That(row.TrainLoss <= 1 || row.Epoch == 30);
            Assert.That(row.Epoch, Is.EqualTo(losses.Length));
        }

        Assert.That(table.Moments.Select(row => row.TrainLoss).Min(), Is.LessThan(1));
        ProgramRun other = ProgramRun.Of("study", "run", "--folder", folder["study"], "--limit", "100", "--measure-images", "60");
        Assert.That(other.Error, Does.Contain("was measured on 50 images"));
    }

    private static string[] Small(Folder folder, string name, params string[] more) =>
    [
        "study", "run", "--folder", folder[name], "--limit", "100", "--hidden", "8", "--measures", "parameter-norm",
        "--threads", "1", .. more.Contains("--test-limit") ? (string[])[] : ["--test-limit", "50"],
        .. more.Contains("--epochs") ? (string[])[] : ["--epochs", "2"], .. more,
    ];

    /// <summary>A default that is written out makes no other network, in another command as in one description.</summary>
    [Test]
    public void ADefaultThatIsWrittenOutIsNoOtherSetting()
    {
        using Folder folder = new();
        Assert.That(ProgramRun.Of(Small(folder, "study", "--batch-size", "10", "20")).ExitCode, Is.Zero);
        foreach (string[] said in (string[][])
            [["--learning-rate", "0.1"], ["--optimizer", "sgd"], ["--schedule", "cosine"], ["--weight-decay", "0"]])
        {
            ProgramRun again = ProgramRun.Of(Small(folder, "study", ["--batch-size", "10", "20", .. said]));
            Assert.That(again.ExitCode, Is.Zero, again.Error);
            Assert.That(again.Output, Does.Contain("2 runs, 2 of them done"), string.Join(' ', said));
        }

        ProgramRun more = ProgramRun.Of(Small(folder, "study", "--batch-size", "10", "20", "--learning-rate", "0.1", "0.05"));
        Assert.That(more.Output, Does.Contain("4 runs, 2 of them done"));
        using StudyStore store = StudyStore.Read(folder["study"]);
        Assert.That(store.Runs(), Has.Count.EqualTo(4));
        IReadOnlyList<StudyRun> runs = StudyDescription.Parse(
            """{ "settings": { "hidden": 8 }, "variants": [ {}, { "learning-rate": 0.1 }, { "dropout": [0, 0.5] } ] }""", "x")
            .Runs(new StudySettings());
        Assert.That(runs, Has.Count.EqualTo(2));
    }

    /// <summary>What some runs say and others leave to the default is one hyper-parameter; what goes together stays so.</summary>
    [Test]
    public void SettingsThatAreLeftOutHaveTheirDefaults()
    {
        IReadOnlyList<StudyRun> runs = StudyDescription.Parse(
            """
            {
              "settings": { "hidden": 8, "optimizer": "momentum" },
              "variants": [
                { "learning-rate": [0.01, 0.3] }, { "label-noise": 0.3, "dropout": 0.5 },
                { "perturb": "uniform", "gamma": [0.1, 1] },
                { "bias-correction": true, "perturb": "gaussian", "gamma": 1 }, { "limit": 100 }, { "perturb": "gaussian" }
              ]
            }
            """, "x").Runs(new StudySettings());
        IReadOnlyList<IReadOnlyDictionary<string, string>> whole =
            new StudyDefaults().Complete([.. runs.Select(run => run.Settings)]);
        Assert.That(whole.Select(one => one["learning-rate"]).Distinct(), Is.EqualTo(new[] { "0.01", "0.3" }));
        Assert.That(whole.Select(one => one["label-noise"]).Distinct(), Is.EquivalentTo(new[] { "0", "0.3" }));
        Assert.That(whole.Select(one => one["dropout"]).Distinct(), Is.EquivalentTo(new[] { "0", "0.5" }));

        // γ is nothing without noise, and 0.1 with one where nobody says it; of a limit nobody knows how many there are without.
        Assert.That(
            whole.Select(one => (one.GetValueOrDefault("perturb", ""), one.GetValueOrDefault("gamma", ""))).Distinct(),
            Is.EquivalentTo(new[]
            {
                ("", ""), ("uniform", "0.1"), ("uniform", "1"), ("gaussian", "1"),
                ("gaussian", $"{new AlgorithmOne(1).Neighborhood.Gamma}"),
            }));
        Assert.That(whole.Count(one => one.ContainsKey("limit")), Is.EqualTo(1));
        Assert.That(
            runs.Any(run => run.Settings.ContainsKey("learning-rate") && run.Settings.ContainsKey("label-noise")), Is.False,
            "the runs' own are as they were");
    }

    /// <summary>Networks count once, and studies stay apart though their folders have one name.</summary>
    [Test]
    public void StudiesOfOneNameStayApart()
    {
        using Folder folder = new();
        string one = Path.Combine("a", "st"), two = Path.Combine("b", "st");
        ProgramRun.Of(Small(folder, one, "--batch-size", "10", "20", "30", "50", "--epochs", "6", "--seeds", "2"));
        ProgramRun.Of(
            Small(folder, two, "--batch-size", "10", "20", "30", "50", "--epochs", "6", "--seeds", "2", "--learning-rate",
            "0.3"));
        Directory.CreateDirectory(folder["r"]);
        string[] quick = ["--replicates", "20", "--splits", "2"];
        ProgramRun both = ProgramRun.Of(
            ["study", "report", "--folder", folder[one], folder[two], "--output", folder["r"], .. quick]);
        Assert.That(both.ExitCode, Is.Zero, both.Error);
        Assert.That(Regex.Count(both.Output, "8 networks of 4 settings"), Is.EqualTo(2), both.Output);
        ProgramRun.Of(["study", "report", "--folder", folder[one], Path.Combine(folder["a"], ".", "st"), .. quick])
            .RequireRefusal(2, "twice: its networks would count twice");
    }

    /// <summary>How long networks trained is a hyper-parameter; what they are tested on is none.</summary>
    [Test]
    public void EpochsAreAHyperParameterAndTestImagesAreNot()
    {
        using Folder folder = new();
        string[] sizes = ["--batch-size", "10", "20", "30", "50"];
        ProgramRun.Of(Small(folder, "study", [.. sizes, "--epochs", "6"]));
        ProgramRun.Of(Small(folder, "study", [.. sizes, "--epochs", "9"]));
        string[] quick = ["--replicates", "20", "--splits", "2", "--folder"];
        ProgramRun report = ProgramRun.Of(["study", "report", .. quick, folder["study"]]);
        Assert.That(report.Output, Does.Contain("8 networks of 8 settings"), report.Error);
        string page = File.ReadAllText(Path.Combine(folder["study"], "study.md"));
        Assert.That(page, Does.Contain("what varies: batch-size, epochs").Or.Contain("what varies: epochs, batch-size"));

        ProgramRun.Of(Small(folder, "tests", [.. sizes, "--epochs", "6", "--test-limit", "50", "100"]));
        report = ProgramRun.Of(["study", "report", .. quick, folder["tests"]]);
        Assert.That(report.Output, Does.Contain("digits, 50 test samples").And.Contain("digits, 100 test samples"), report.Error);
        Assert.That(Regex.Count(report.Output, "4 networks of 4 settings"), Is.EqualTo(2));

        // All of them, whether that is said or not.
        ProgramRun.Of(Small(folder, "all", [.. sizes, "--epochs", "6", "--test-limit", "359"]));
        ProgramRun.Of(
            "study", "run", "--folder", folder["all"], "--limit", "100", "--hidden", "8", "--epochs", "6", "--batch-size", "25",
            "--measures", "parameter-norm", "--threads", "1");
        report = ProgramRun.Of(["study", "report", .. quick, folder["all"]]);
        Assert.That(report.Output, Does.Contain("5 networks of 5 settings"), report.Error);
    }

    /// <summary>What shards did is taken over, however the settings are written.</summary>
    [Test]
    public void ShardsAreTakenOverThoughADefaultIsWrittenOut()
    {
        using Folder folder = new();
        string[] plan = Small(folder, "study", "--batch-size", "10", "20");
        Assert.That(ProgramRun.Of(plan).ExitCode, Is.Zero);
        string[] more = [.. plan, "--seeds", "2", "--learning-rate", "0.1"];
        foreach (string shard in new[] { "1/2", "2/2" })
        {
            Assert.That(ProgramRun.Of([.. more, "--shard", shard]).ExitCode, Is.Zero);
        }

        ProgramRun whole = ProgramRun.Of(more);
        Assert.That(whole.Output, Does.Contain("4 runs, 4 of them done"), whole.Error);
    }

    /// <summary>The images that gaps are over are those that there were.</summary>
    [Test]
    public void TheReportKnowsHowManyTestImagesThereWere()
    {
        using Folder folder = new();
        ProgramRun.Of("study", "run", "--folder", folder["study"], "--limit", "100", "--epochs", "1", "--measures", "trace");
        using StudyStore store = StudyStore.Read(folder["study"]);
        StudyRow row = StudyTable.Of(store).Moments.Single();
        Assert.That((row.TestImages, row.ImagesName), Is.EqualTo(((int?)359, "digits")));
        Assert.That(new StoredRun(1, [], 1, StudyRunState.Done) { Images = "csv:a, 1 + 2, b.csv, 30 + 40, 0123…" }.Counts,
            Is.EqualTo(("csv:a, 1 + 2, b.csv", 30, 40)));
        Assert.That(new StoredRun(1, [], 1, StudyRunState.Done) { Images = "images" }.Counts, Is.Null);
    }

    /// <summary>What is asked for and can't come any more is said, and so are runs that came to nothing.</summary>
    [Test]
    public void MomentsThatCantComeAndRunsThatFailedAreTold()
    {
        using Folder folder = new();
        ProgramRun first = ProgramRun.Of(Small(folder, "study", "--learning-rate", "0.1", "1e9"));
        Assert.That(first.ExitCode, Is.Zero, first.Error);
        Assert.That(first.Output, Does.Contain("1 of 2 runs failed and has no numbers of the end"));
        ProgramRun again = ProgramRun.Of(
            Small(folder, "study", "--learning-rate", "0.1", "1e9", "--moments", "epoch:1", "epoch:7", "end"));
        Assert.That(again.Output, Does.Contain("Warning: no run has so many epochs as epoch:7"));
        Assert.That(again.Output, Does.Contain(
            "Warning: 1 run of those that are done has no weights of epoch:1, which was not asked for"));
        Assert.That(
            ProgramRun.Of(Small(folder, "other", "--stop-loss", "1", "--least-epochs", "3")).Output,
            Does.Contain("Warning: least-epochs is 3, but runs have 2 epochs: stop-loss ends none of them"));
    }

    [Test]
    public void TwoProcessesOnOneStudyAreTold()
    {
        using Folder folder = Described();
        using StudyStore store = StudyStore.Open(folder["study"]);
        ProgramRun second = ProgramRun.Of(Run(folder));
        Assert.That(second.ExitCode, Is.EqualTo(1));
        Assert.That(second.Error, Does.Contain("another run works in it"));

        // Who reads is not kept out.
        Assert.That(ProgramRun.Of("study", "export", "--folder", folder["study"]).ExitCode, Is.Zero);
    }

    [Test]
    public void ShowTellsWhatThereIs()
    {
        using Folder folder = Described();
        using (StudyStore store = StudyStore.Open(folder["study"]))
        {
            StudyRun[] planned = [.. StudyDescription.Read(folder["small.json"]).Runs(new StudySettings())];
            IReadOnlyList<StudyRun> runs = store.Add(planned);
            store.Begin(runs[0].Number, "images", "CPU");
            store.Add(
                new StoredEpoch(runs[0].Number, 1, 10, 1.25, 0.5, 1.5, 0.4, 1.3, 0.1),
                [new StoredMoment(runs[0].Number, "end", 1, "weights")]);
            store.End(runs[0].Number, null, 1);
            store.Add([new StoredMeasure(runs[0].Number, "end", "trace", "", 3),
                new StoredMeasure(runs[0].Number, "end", "path-norm", "", double.NaN) { Obstacle = "none" }]);
            store.Begin(runs[1].Number, "images", "CPU");
            store.End(runs[1].Number, "it diverged", 1);
            store.Begin(runs[2].Number, "images", "CPU");
        }

        ProgramRun show = ProgramRun.Of("study", "show", "--folder", folder["study"]);
        Assert.That(show.ExitCode, Is.Zero, show.Error);
        Assert.That(
            show.OutputLines[0], Does.StartWith("study: 16 runs, 1 failed, 1 done, 1 training or interrupted, 13 planned"));
        Assert.That(show.Output, Does.Contain("  hidden 8").And.Contain("run 2 failed: it diverged").And.Contain("40.00"));
        Assert.That(show.OutputLines.Single(line => line.Contains(" path-norm ", StringComparison.Ordinal)), Does.Match(
            "end .* 1 .* path-norm .* 0 .* 1 "));
        using JsonDocument json = JsonDocument.Parse(
            ProgramRun.Of("study", "show", "--folder", folder["study"], "--json").Output);
        Assert.That(json.RootElement.GetProperty("runs").GetArrayLength(), Is.EqualTo(16));
        ProgramRun.Of("study", "show", "--folder", folder["study"], "--csv", folder["runs.csv"]);
        string[] rows = File.ReadAllLines(folder["runs.csv"]);
        Assert.That(rows, Has.Length.EqualTo(17));
        Assert.That(rows[0], Does.StartWith("run,").And.Contain(",state,failure,epoch,"));
        Assert.That(rows[2], Does.Contain(",failed,it diverged,"));
        Assert.That(json.RootElement.GetProperty("moments")[1].GetProperty("measure").GetString(), Is.EqualTo("trace"));
        Assert.That(ProgramRun.Of("study", "show", "--folder", folder["none"]).Error, Does.Contain("There is no study"));
    }

    [Test]
    public void ADamagedFileIsTold()
    {
        using Folder folder = Described();
        Directory.CreateDirectory(folder["study"]);
        File.WriteAllText(Path.Combine(folder["study"], StudyStore.FileName), new string('x', 5000));
        foreach (string[] line in (string[][])[Run(folder), ["study", "export", "--folder", folder["study"]]])
        {
            ProgramRun run = ProgramRun.Of(line);
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(run.Error, Does.Contain("is damaged or no study"));
        }

        Assert.That(ProgramRun.Of("study", "export", "--folder", folder["none"]).Error, Does.Contain("There is no study"));
    }

    [Test]
    public void LostWeightsAreTold()
    {
        using Folder folder = Described();
        Assert.That(ProgramRun.Of(Run(folder)).ExitCode, Is.Zero);
        Directory.Delete(Path.Combine(folder["study"], "run-00002"), recursive: true);
        Assert.That(ProgramRun.Of(Run(folder)).ExitCode, Is.Zero, "nothing is missing in the store");
        File.WriteAllText(folder["small.json"], Json.Replace("\"trace\", ", "\"trace\", \"hessian-lipschitz\", ",
            StringComparison.Ordinal));
        ProgramRun run = ProgramRun.Of(Run(folder));
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain("run-00002"));
    }

    [Test, Platform("Linux", Reason = "mounts a file system")]
    public void AFullDiskLosesNothing()
    {
        using Folder folder = Described();
        string disk = folder["disk"];
        Directory.CreateDirectory(disk);

        // 300 KB take the file and some runs; then there is more room, and the same command goes on.
        string script = """
            mount -t tmpfs -o size=300k none "$1" 2>/dev/null || exit 77
            shift; dotnet "$@"; echo "first $?" >&2
            mount -o remount,size=8m "$DISK"; dotnet "$@" && cp "$DISK"/study/study.sqlite* "$KEPT"
            """;
        string kept = folder["kept"];
        Directory.CreateDirectory(kept);
        string program = typeof(Application).Assembly.Location;
        ProcessStartInfo start = new("unshare", ["-Urm", "bash", "-c", script, "bash", disk, program, "study", "run", "--study",
            folder["small.json"], "--folder", Path.Combine(disk, "study"), "--threads", "1"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DISK"] = disk;
        start.Environment["KEPT"] = kept;
        using Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode == 77 || error.StartsWith("unshare:", StringComparison.Ordinal))
        {
            Assert.Ignore("This process may mount nothing.");
        }

        Assert.That(error, Does.Contain("first 1").And.Contain("can't be written"));
        Assert.That(process.ExitCode, Is.Zero, error);
        Assert.That(ProgramRun.Of(Run(folder, "straight")).ExitCode, Is.Zero);
        Assert.That(Csv(folder, "kept"), Is.EqualTo(Csv(folder, "straight")));
    }

    [Test]
    public void ThePublishedDescriptionsAreStudies()
    {
        string folder = Path.Combine(HouseTests.Root, "studies");
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "study.schema.json")));
        Assert.That(
            schema.RootElement.GetProperty("properties").EnumerateObject().Select(property => property.Name),
            Is.EquivalentTo(StudyDescription.Properties));
        JsonElement values = schema.RootElement.GetProperty("$defs").GetProperty("values");
        foreach (JsonElement one in values.GetProperty("oneOf").EnumerateArray())
        {
            JsonElement value = one.TryGetProperty("items", out JsonElement items) ? items : one;
            Assert.That(
                value.GetProperty("type").EnumerateArray().Select(type => type.GetString()),
                Is.EquivalentTo(new[] { "number", "string", "boolean" }), "as StudyDescription takes them");
        }

        string[] files = [.. Directory.GetFiles(folder, "*.json").Where(file => !file.EndsWith(".schema.json",
            StringComparison.Ordinal))];
        Assert.That(files, Has.Length.EqualTo(5));
        foreach (string file in files)
        {
            IReadOnlyList<StudyRun> runs = StudyDescription.Read(file).Runs(new StudySettings());
            Assert.That(runs.Select(run => run.Seed).Distinct().Count(), Is.GreaterThanOrEqualTo(3), file);
            Assert.That(runs.Count, Is.GreaterThanOrEqualTo(12), file);
        }
    }

    /// <summary>A network at a rate that diverges is named, and is none of the points.</summary>
    [Test]
    public void AFigureShowsTheGapAndTheMeasureAndNamesWhatCollapsed()
    {
        using Folder folder = new();
        File.WriteAllText(folder["small.json"], """
            {
              "settings": { "dataset": "digits", "limit": 200, "test-limit": 100, "hidden": 8, "epochs": 12, "batch-size": 20,
                "learning-rate": [0.1, 0.3, 1e30], "stop-loss": 0.5 },
              "moments": ["every:2", "loss:0.5", "end"], "measures": [], "measure-images": 100
            }
            """);
        string[] line =
            ["figure", "5", "--study", folder["small.json"], "--seeds", "2", "--output", folder[""], "--threads", "1"];
        ProgramRun run = ProgramRun.Of(line);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(folder.Files, Is.EqualTo(new[]
        {
            "figure-5-epochs.csv", "figure-5.csv", "figure-5.md", "figure-5.png", "small.json",
        }));
        string page = File.ReadAllText(folder["figure-5.md"]);
        Assert.That(page, Does.Contain("Collapsed, and not among the points: learning rate 1E+30, seed 1"));
        Assert.That(page, Does.Contain("Kendall's τ = "));

        // The table's τ is that of the CSV's rows.
        using StudyStore store = StudyStore.Read(folder["figure-5-study"]);
        GapFindings findings = new(StudyTable.Of(store), "learning-rate", "pacgen-score", 10);
        Assert.That(findings.Values, Is.EqualTo(new[] { "0.1", "0.3", "1E+30" }));
        Assert.That(findings.Collapsed.Select(one => one.Settings["learning-rate"]), Is.EqualTo(new[] { "1E+30", "1E+30" }));
        GapComparison end = findings.Comparisons.Single(one => one.Moment == "end");
        Assert.That(end.Rows, Has.Count.EqualTo(4));
        int sign = 0;
        foreach ((StudyRow a, StudyRow b) in from a in end.Rows from b in end.Rows where a.Run < b.Run select (a, b))
        {
            sign += Math.Sign(a.LossGap - b.LossGap) * Math.Sign(a.Measures["pacgen-score"] - b.Measures["pacgen-score"]);
        }

        Assert.That(end.Tau, Is.EqualTo(sign / 6.0).Within(1e-12));
        byte[] first = File.ReadAllBytes(folder["figure-5.csv"]);
        Assert.That(ProgramRun.Of(line).ExitCode, Is.Zero, "it is drawn again from what is there");
        Assert.That(File.ReadAllBytes(folder["figure-5.csv"]), Is.EqualTo(first));
    }

    private static Process Start(string[] arguments)
    {
        Process process = Process.Start(new ProcessStartInfo("dotnet", [typeof(Application).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
