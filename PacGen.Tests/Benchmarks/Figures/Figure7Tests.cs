using System.Globalization;
using PacGen.Benchmarks;
using PacGen.Nn;
using PacGen.Tests.Nn;

namespace PacGen.Tests.Benchmarks;

/// <summary>Figure 7 in the smallest: WRN-10-1 on a CIFAR-10 of a few made-up images.</summary>
internal sealed class Figure7Tests
{
    private const string Row = "cifar-10,wrn-10-1,";

    private Folder folder = null!;

    [SetUp]
    public void MakeImages()
    {
        folder = new Folder();
        Directory.CreateDirectory(folder["data"]);
        Directory.CreateDirectory(folder["out"]);
        File.WriteAllBytes(folder["data/data_batch_1.bin"], Cifar.File(48, 1));
        File.WriteAllBytes(folder["data/test_batch.bin"], Cifar.File(20, 1));
    }

    [TearDown]
    public void Remove() => folder.Dispose();

    private string[] Tiny =>
    [
        "figure", "7", "--scale", "small", "--depth", "10", "--batch-size", "16", "--learning-rate", "0.01", "--gamma", "0.1",
        "--epochs", "2", "--seeds", "2",
        "--size", "400", "--data", folder["data"], "--output", folder["out"],
    ];

    [Test]
    public void TheSmallScaleTrainsWhereTheEffectCanShow()
    {
        ProgramRun run = ProgramRun.Of(
            "figure", "7", "--scale", "small", "--batch-size", "16", "--epochs", "1", "--seeds", "1,2", "--size", "400", "--data",
            folder["data"], "--output", folder["out"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(
            File.ReadAllText(folder["out/figure-7.md"]),
            Does.Contain("wrn-10-1, 78,186 parameters").And.Contain("Adam(lr 0.001,").And.Contain("η = 0.01, γ = 1,").And.Contain(
                "a learning rate of its own in place of 0.0001").And.Contain("γ = 1, where the paper has η = 0.01, γ = 10"));
    }

    [Test]
    public void LeavesPictureNumbersAndReport()
    {
        ProgramRun run = ProgramRun.Of(Tiny);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(File.ReadAllBytes(folder["out/figure-7.png"])[1..4], Is.EqualTo("PNG"u8.ToArray()));
        string[] rows = Numbers();
        Assert.That(rows[0], Is.EqualTo(
            "dataset,model,seed,optimizer,eta,gamma,epoch,train_loss,train_accuracy,test_loss,test_accuracy,step_loss,seconds"));
        Assert.That(
            rows.Skip(1).Select(row => string.Join(',', row.Split(',')[2..7])),
            Is.EqualTo(new[] { "1,plain,,,1", "1,plain,,,2", "1,perturbed,0.01,0.1,1", "1,perturbed,0.01,0.1,2", "2,plain,,,1",
                "2,plain,,,2", "2,perturbed,0.01,0.1,1", "2,perturbed,0.01,0.1,2" }));
        Assert.That(rows.Skip(1), Has.All.StartsWith(Row));
        double[] accuracies = [.. rows.Skip(1).SelectMany(row => row.Split(',') is var cells ? new[] { cells[8], cells[10] } : [])
            .Select(cell => double.Parse(cell, CultureInfo.InvariantCulture))];
        Assert.That(accuracies, Has.All.InRange(0, 1));
        Assert.That(
            accuracies.Select(accuracy => accuracy * 48 * 5).Select(counted => Math.Abs(counted - Math.Round(counted))),
            Has.All.LessThan(1e-9), "shares of 48 and 20 images");

        string page = File.ReadAllText(folder["out/figure-7.md"]);
        Assert.That(
            page, Does.Contain("](figure-7.png)").And.Contain("](figure-7.csv)").And.Contain("effect").And.Contain("seed by seed")
            .And.Contain("WRN-10-1 in place of WRN-58-3").And.Contain("48 of the 50,000 training images").And.Contain(
                "γ = 0.1, where the paper has η = 0.01, γ = 10"));
        Assert.That(
            page, Does.Contain("`pacgen figure 7 --size 400 --scale small --seeds 2 --epochs 2 --depth 10").And.Not.Contain(
            folder["out"]).And.Not.Contain(folder["data"]));
        Assert.That(run.Output, Does.Contain("seed 2, perturbed, γ = 0.1: epoch 2/2").And.Contain(
            "epochs of all runs left").And.Contain("all done"));
        Assert.That(Directory.GetDirectories(folder["out/figure-7-runs"]).Select(Path.GetFileName).Order(), Is.EqualTo(new[]
        {
            "cifar-10-wrn-10-1-eta-0.01-gamma-0.1-seed-1", "cifar-10-wrn-10-1-eta-0.01-gamma-0.1-seed-2",
                "cifar-10-wrn-10-1-plain-seed-1", "cifar-10-wrn-10-1-plain-seed-2",
        }));
    }

    /// <summary>
    /// The other two data sets: their own optimizers and settings, their classes, and what the page says differs.
    /// </summary>
    [TestCase("cifar-100", "Adam(lr 0.0001", "η = 0.01, γ = 10", "48 of the 50,000 training images")]
    [TestCase("cifar-100-coarse", "Adam(lr 0.0001", "η = 0.01, γ = 10", "the 20 coarse classes in place of the 100 fine ones")]
    [TestCase("tiny-imagenet", "SGD(lr 0.01", "η = 100, γ = 1", "4 of the 100,000 training images")]
    public void OtherDataSetsHaveTheirOwnSettings(string dataset, string rule, string perturbation, string differs)
    {
        using TemporaryFolder images = new();
        bool tiny = dataset == "tiny-imagenet";
        if (tiny)
        {
            ImageFolderTests.MakeTiny(images, "tiny-imagenet-200");
        }
        else
        {
            images.Write(Cifar.File(48, 2), "train.bin");
            images.Write(Cifar.File(20, 2), "test.bin");
        }

        string[] labels = dataset.EndsWith("coarse", StringComparison.Ordinal) ? ["--labels", "coarse"] : [];
        string[] args =
        [
            "figure", "7", "--dataset", tiny ? dataset : "cifar-100", .. labels, "--depth", "10", "--widen", "1",
            "--batch-size", tiny ? "4" : "16", "--accumulate", "2",
            "--epochs", "1", "--seeds", "1", "--size", "400", "--data", images.Path, "--output", folder["out"],
        ];
        ProgramRun run = ProgramRun.Of(args);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        string page = File.ReadAllText(folder["out/figure-7.md"]);
        Assert.That(page, Does.Contain(rule).And.Contain($"perturbed: {perturbation}, ε = 1E-05").And.Contain(
            differs).And.Contain("each batch passed in 2 parts").And.Contain("of the 10,000 test images"));
        Assert.That(page, Does.Not.Contain("where the paper has"), "η and γ are the paper's");
        Assert.That(run.Output, Does.Contain("seed 1, plain: memory ").And.Contain("perturbed"));
        Assert.That(File.ReadAllLines(folder["out/figure-7.csv"]).Skip(1), Has.Exactly(2).Items.And.All.StartWith(
            dataset + ",wrn-10-1,1,"));
        foreach (string kept in Directory.GetDirectories(folder["out/figure-7-runs"]))
        {
            Assert.That(
                Directory.GetFiles(Path.Combine(kept, "events"), "events.out.tfevents.*"), Has.Length.EqualTo(1),
                "for TensorBoard");
        }
    }

    /// <summary>Rivals, at equal numbers of gradients, two runs at once.</summary>
    [Test]
    public void OtherMethodsAreDrawnBesideAndSeveralRunsAreTrainedAtOnce()
    {
        ProgramRun run = ProgramRun.Of([.. Tiny, "--beside", "sam=0.05,swa=0.5,ema", "--jobs", "2"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        string[][] rows = [.. Numbers().Skip(1).Select(row => row.Split(','))];
        Assert.That(
            rows.Where(row => row[2] == "2").Select(row => $"{row[3]} {row[6]}"),
            Is.EqualTo(new[] { "plain 1", "plain 2", "perturbed 1", "perturbed 2", "sam-0.05 1", "swa-0.5 1", "swa-0.5 2",
                "ema-0.99 1", "ema-0.99 2" }));
        string page = File.ReadAllText(folder["out/figure-7.md"]);
        Assert.That(
            page, Does.Contain("**SAM, ρ 0.05.** Beside plain training").And.Contain("After epoch 1, of as many gradients").And
            .Contain("Perturbed OPT − SWA on the test images: ").And.Contain("two gradients a step have half the epochs"));

        // The same weights come of one run at a time.
        Assert.That(ProgramRun.Of(Tiny).Output, Does.Contain("4 of 4 runs are there"));
        string[] shared = Timeless(Numbers());
        Directory.Delete(folder["out/figure-7-runs"], recursive: true);
        Assert.That(ProgramRun.Of(Tiny).ExitCode, Is.Zero);
        Assert.That(Timeless(Numbers()), Is.EqualTo(shared));
    }

    [Test]
    public void WhatIsDoneIsReadBackAndMoreEpochsAreAdded()
    {
        Assert.That(ProgramRun.Of(Tiny).ExitCode, Is.Zero);
        string[] first = Numbers();
        ProgramRun again = ProgramRun.Of(Tiny);
        Assert.That(again.ExitCode, Is.Zero, again.Error);
        Assert.That(again.Output, Does.Contain("4 of 4 runs are there").And.Not.Contain(": epoch "));
        Assert.That(Numbers(), Is.EqualTo(first), "the clock's numbers too: nothing ran again");

        ProgramRun more = ProgramRun.Of(With("--epochs", "3"));
        Assert.That(more.ExitCode, Is.Zero, more.Error);
        Assert.That(more.Output, Does.Contain("seed 1, plain goes on from step 6, 2 of 3 epochs done").And.Contain(
            "epoch 3/3").And.Not.Contain("epoch 2/3"));
        Assert.That(Numbers(), Has.Length.EqualTo(13).And.SupersetOf(first));

        ProgramRun fewer = ProgramRun.Of(Tiny);
        Assert.That(fewer.ExitCode, Is.Zero, fewer.Error);
        Assert.That(Numbers(), Is.EqualTo(first), "no more than the epochs that are asked for");
    }

    [Test]
    public void AStoppedFigureGoesOnAndGivesTheSameNumbers()
    {
        Assert.That(ProgramRun.Of(Tiny).ExitCode, Is.Zero);
        string[] straight = Timeless(Numbers());
        Directory.Delete(folder["out/figure-7-runs"], recursive: true);

        // Stopped within the second epoch of the second run.
        ProgramRun stopped = Stopped("seed 1, perturbed, γ = 0.1: epoch 1/2");
        Assert.That(stopped.ExitCode, Is.EqualTo(130));
        Assert.That(stopped.Error, Does.Contain("stopped. 1 of 4 runs are complete; the same command goes on"));

        ProgramRun rest = ProgramRun.Of(Tiny);
        Assert.That(rest.ExitCode, Is.Zero, rest.Error);
        Assert.That(rest.Output, Does.Contain("1 of 4 runs are there").And.Contain(
            "seed 1, perturbed, γ = 0.1 goes on from step").And.Not.Contain("seed 1, plain: epoch"));
        Assert.That(Timeless(Numbers()), Is.EqualTo(straight));
    }

    [Test]
    public void ASeedThatIsCompleteIsDrawnBeforeTheRestIsDone()
    {
        Assert.That(Stopped("seed 2, plain: epoch 1/2").ExitCode, Is.EqualTo(130));
        Assert.That(File.Exists(folder["out/figure-7.png"]));
        Assert.That(File.ReadAllText(folder["out/figure-7.md"]), Does.Contain("2 of 4 runs are complete so far").And.Contain(
            "One seed has no spread"));
    }

    [Test]
    public void AnotherSettingInTheSameFolderIsRefused()
    {
        Assert.That(ProgramRun.Of(With("--seeds", "1")).ExitCode, Is.Zero);
        byte[] picture = File.ReadAllBytes(folder["out/figure-7.png"]);
        foreach ((string option, string value, string says) in new[]
        {
            ("--batch-size", "12", "batch size (16 there, 12 now)"),
            ("--learning-rate", "0.02", "optimizer (Adam(lr 0.01"),
            ("--limit", "40", "images (cifar-10, 48 + 20"),
        })
        {
            ProgramRun run = ProgramRun.Of(With(option, value));
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(run.Error, Does.Contain("holds a run with other settings").And.Contain(says).And.Contain(
                "another --runs folder"));
        }

        File.WriteAllBytes(folder["data/test_batch.bin"], Cifar.File(21, 1)[3073..]);
        Assert.That(ProgramRun.Of(With("--seeds", "1")).Error, Does.Contain("images (cifar-10, 48 + 20"), "as many other images");
        Assert.That(File.ReadAllBytes(folder["out/figure-7.png"]), Is.EqualTo(picture));
    }

    [Test]
    public void ADamagedRecordIsNamed()
    {
        Assert.That(ProgramRun.Of(With("--seeds", "1")).ExitCode, Is.Zero);
        string record = folder["out/figure-7-runs/cifar-10-wrn-10-1-plain-seed-1/run.json"], whole = File.ReadAllText(record);
        string[] numbers = Timeless(Numbers());
        foreach (string damaged in new[] { whole[..^20], "null", "[]", whole.Replace(
            "\"epoch\": 1", "\"epoch\": 4", StringComparison.Ordinal), whole.Replace("\"device\"", "\"gadget\"",
            StringComparison.Ordinal) })
        {
            File.WriteAllText(record, damaged);
            ProgramRun run = ProgramRun.Of(With("--seeds", "1"));
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(run.ErrorLines, Has.Length.EqualTo(1), run.Error);
            Assert.That(run.Error, Does.Contain("run.json is damaged").And.Contain("Delete it"));
        }

        // Its advice holds: the record is made again of the checkpoints.
        File.Delete(record);
        ProgramRun again = ProgramRun.Of(With("--seeds", "1"));
        Assert.That(again.ExitCode, Is.Zero, again.Error);
        Assert.That(again.Output, Does.Not.Contain("epoch 1/2"));
        Assert.That(Timeless(Numbers()), Is.EqualTo(numbers));
    }

    [Test]
    public void ARunThatAnotherProcessIsAtIsWaitedForLast()
    {
        string runs = folder["out/figure-7-runs"];
        Directory.CreateDirectory(runs);
        FolderClaim other = FolderClaim.TryTake(runs, "cifar-10-wrn-10-1-plain-seed-1.lock")!;
        Assert.That(FolderClaim.TryTake(runs, "cifar-10-wrn-10-1-plain-seed-1.lock"), Is.Null);
        using StopRequest stop = new();
        ProgramRun run = ProgramRun.UpTo("Waits for what another process is at, 2 epochs", other.Dispose, stop, Tiny);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("seed 1, plain: epoch 2/2"));
        Assert.That(Directory.GetFiles(runs, "*.lock"), Is.Empty);
        Assert.That(Numbers(), Has.Length.EqualTo(9));
    }

    [Test]
    public void ARunThatDivergesIsSaidToHave()
    {
        ProgramRun run = ProgramRun.Of(With("--learning-rate", "1e30"));
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Output, Does.Contain("seed 1, plain: failed: "));
        Assert.That(run.Error, Does.Contain("No seed's runs came to their end").And.Contain("lower the learning rate"));
        Assert.That(File.Exists(folder["out/figure-7.png"]), Is.False);
    }

    [Test]
    public void MissingImagesSayWhatToDo()
    {
        ProgramRun run = ProgramRun.Of(With("--data", folder["out"]));
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1), run.Error);
        Assert.That(run.Error, Does.Contain("CIFAR-10").And.Contain(folder["out"]).And.Contain("data_batch_*.bin"));
    }

    [TestCase("--dataset mnist", "cifar-10, cifar-100, tiny-imagenet, not 'mnist'")]
    [TestCase("--scale medium", "full, small, not 'medium'")]
    [TestCase("--seeds 0", "must be a number of seeds, 1 to 100")]
    [TestCase("--seeds 1,1", "different seeds")]
    [TestCase("--seeds 1,x", "different seeds")]
    [TestCase("--epochs 0", "1 or more")]
    [TestCase("--depth 12", "use 10 or 16")]
    [TestCase("--gamma 1,1", "different numbers in [0, 1E+30]")]
    [TestCase("--eta 0", "(0, ∞)")]
    [TestCase("--batch-size 49", "there are 48 training images")]
    [TestCase("--accumulate 3", "a batch of 16 can be passed in 1, 2, 4, 8, 16 equal parts")]
    [TestCase("--labels coarse", "needs --dataset cifar-100")]
    [TestCase("--beside perturbed=1", "--beside: perturbed is drawn anyway, with each --gamma")]
    [TestCase("--beside sma", "there is no method 'sma'; did you mean")]
    [TestCase("--jobs 0", "1 or more")]
    [TestCase("--perturb uniform", "There is no option --perturb")]
    public void WrongArguments(string options, string says)
    {
        string[] words = options.Split(' ');
        ProgramRun run = ProgramRun.Of(With(words[0], words[1]));
        run.RequireRefusal(2, says);
        Assert.That(Directory.Exists(folder["out/figure-7-runs"]), Is.False);
    }

    /// <summary>The tiny figure with another value of an option, or with one more.</summary>
    private string[] With(string option, string value) => ProgramRun.With(Tiny, option, value);

    private ProgramRun Stopped(string at)
    {
        using StopRequest stop = new();
        return ProgramRun.UpTo(at, () => stop.Make(130), stop, Tiny);
    }

    private string[] Numbers() => File.ReadAllLines(folder["out/figure-7.csv"]);

    private static string[] Timeless(string[] rows) => [.. rows.Select(row => row[..row.LastIndexOf(',')])];
}
