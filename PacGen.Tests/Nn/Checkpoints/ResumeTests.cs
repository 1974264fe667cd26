using System.Text.Json.Nodes;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>A run that is stopped and resumed ends in the bits of one that never was.</summary>
internal sealed class ResumeTests
{
    private const int Epochs = 3;

    private static readonly Optimizer[] Optimizers =
    [
        new Sgd(0.1),
        new Sgd(0.02, momentum: 0.9),
        new Adam(1e-3, weightDecay: 1e-4),
        new PerturbedOptimizer(new Sgd(0.1), eta: 100, gamma: 1),
        new PerturbedOptimizer(new Adam(1e-3), eta: 0.01, gamma: 10),
        new PerturbedOptimizer(new AdamW(1e-3), eta: 0.01).WithNoise<PacGen.Core.Perturbation.TruncatedGaussianNoise>(),
    ];

    /// <summary>Files of before say nothing of how samples were normalised: they are gone on with as they were.</summary>
    [Test]
    public void WhatAnOlderFileDoesNotSayIsNoDifference()
    {
        Dictionary<string, string> here = new() { ["model"] = "m", [RunSettings.Normalization] = new string('1', 500) };
        Assert.That(RunSettings.Differences(new Dictionary<string, string> { ["model"] = "m" }, here), Is.Empty);
        string differs = RunSettings.Differences(
            new Dictionary<string, string> { ["model"] = "n", [RunSettings.Normalization] = "none" }, here);
        Assert.That(differs, Does.StartWith("model (n there, m here), normalization (none there, 1111"));
        Assert.That(differs, Has.Length.LessThan(220).And.EndsWith("… here)"));
    }

    // A failure to read may pass; an older checkpoint in its place would have the newer one deleted.
    [Test]
    public void ACheckpointThatCanNotBeReadIsNotTakenForDamaged()
    {
        using TemporaryFolder folder = new();
        using Trainer trainer =
            Create(new Sgd(0.1), new TrainingOptions { Checkpoints = new CheckpointOptions(folder["run"]) { Keep = 2 } });
        trainer.Run();
        CheckpointFolder checkpoints = new(folder["run"]);
        string newest = checkpoints.Checkpoints[0];
        using (new FileStream(newest, FileMode.Open, FileAccess.Read, FileShare.None))
        {
            Assert.That(() => checkpoints.OpenNewest(out _), Throws.TypeOf<CheckpointException>().With.Message.Contains(
                newest).And.Message.Contains("can't be read"));
        }

        using SafetensorsFile again = checkpoints.OpenNewest(out IReadOnlyList<string> damaged);
        Assert.That(damaged, Is.Empty);
    }

    [Test]
    public void ACheckpointThatCanNotBeWrittenIsTheLogsLastLine()
    {
        using TemporaryFolder folder = new();
        using Trainer trainer = Create(
            new Sgd(0.1), new TrainingOptions { LogPath = folder["log"], Checkpoints = new CheckpointOptions(folder["run"]) });
        Assert.That(
            () => trainer.Run(_ =>
            {
                Directory.Delete(folder["run"], recursive: true);
                File.WriteAllText(folder["run"], "in the way");
            }),
            Throws.TypeOf<TrainingException>().With.Message.Contains("can't be written"));
        Assert.That((string?)Lines(folder["log"]).Last()["error"], Does.Contain(folder["run"]));
    }

    [TestCaseSource(nameof(Optimizers))]
    public void GoesOnWithTheSameBitsFromAnyStep(Optimizer optimizer)
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        using TemporaryFolder folder = new();
        string log = folder["log"];
        using Trainer straight = Create(optimizer, new TrainingOptions { LogPath = folder["straight"] });
        straight.Run();
        TrainingOptions options =
            new() { LogPath = log, Checkpoints = new CheckpointOptions(folder["all"]) { EverySteps = 1, Keep = 1000 } };
        using (Trainer trainer = Create(optimizer, options))
        {
            trainer.Run();
            RequireEqual(trainer, straight, "checkpoints change nothing");
        }

        IReadOnlyList<string> all = new CheckpointFolder(folder["all"]).Checkpoints;
        Assert.That(all, Has.Count.EqualTo(straight.Steps + 1));
        byte[] wholeLog = File.ReadAllBytes(log);
        int bestEpoch = straight.Results.MaxBy(result => result.TestAccuracy)!.Epoch;
        int epochSteps = (int)straight.Steps / Epochs;
        int[] steps =
            [0, 1, epochSteps, (int)straight.Steps, .. Enumerable.Range(0, 4).Select(_ => random.Next((int)straight.Steps))];
        foreach (int step in steps.Distinct())
        {
            string what = $"seed {seed}, from step {step}";
            string run = folder[$"run{step}"];
            Directory.CreateDirectory(run);
            File.Copy(all[^(step + 1)], Path.Combine(run, Path.GetFileName(all[^(step + 1)])), overwrite: true);
            File.Copy(folder["all", "epochs.jsonl"], Path.Combine(run, "epochs.jsonl"));
            File.WriteAllBytes(log, wholeLog);
            using Trainer resumed = Create(optimizer, options with { Checkpoints = new CheckpointOptions(run) { Keep = 2 } });
            Resumption from = resumed.Resume(run);
            Assert.That((from.Steps, from.Epochs), Is.EqualTo(((long)step, step / epochSteps)), what);
            resumed.Run();
            RequireEqual(resumed, straight, what);
            Assert.That(Plain(Lines(log)), Is.EqualTo(Plain(Lines(folder["straight"]))), what);
            Assert.That(new CheckpointFolder(run).Checkpoints, Has.Count.LessThanOrEqualTo(2), what);
            if (step < bestEpoch * epochSteps)
            {
                using SafetensorsFile best = SafetensorsFile.Open(new CheckpointFolder(run).Best);
                Assert.That(best.Metadata["epochs"], Is.EqualTo($"{bestEpoch}"), what);
            }
        }
    }

    [Test]
    public void TheKeptSecondMomentGoesOnWithTheSameBits()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new()
        {
            KeepSecondMoment = true, Checkpoints = new CheckpointOptions(folder["run"]) { EverySteps = 5, Keep = 100 },
        };
        using Trainer straight = Create(new Sgd(0.1), options);
        straight.Run();
        using Trainer plain = Create(new Sgd(0.1), new TrainingOptions());
        plain.Run();
        Assert.That(plain.SecondMoment, Is.Null);
        Assert.That(straight.Arena.Save(), Is.EqualTo(plain.Arena.Save()), "keeping h changes no weight");
        Directory.CreateDirectory(folder["cut"]);
        File.Copy(new CheckpointFolder(folder["run"]).PathOf(5), new CheckpointFolder(folder["cut"]).PathOf(5));
        File.Copy(folder["run", "epochs.jsonl"], folder["cut", "epochs.jsonl"]);
        using Trainer resumed = Create(new Sgd(0.1), new TrainingOptions { KeepSecondMoment = true });
        Assert.That(resumed.Resume(folder["cut"]).Steps, Is.EqualTo(5));
        resumed.Run();
        Assert.That(resumed.SecondMoment!.Values, Is.EqualTo(straight.SecondMoment!.Values));
        Assert.That(resumed.SecondMoment.Steps, Is.EqualTo(straight.SecondMoment.Steps).And.EqualTo(straight.Steps));
        using Trainer without = Create(new Sgd(0.1), new TrainingOptions());
        Assert.That(
            () => without.Resume(folder["cut"]),
            Throws.TypeOf<CheckpointException>().With.Message.Contains("second moment (kept there, none here)"));
    }

    /// <summary>As checkpoints were before a rule's states had names: momentum, or Adam's m and v, by number.</summary>
    [TestCase(1, "momentum")]
    [TestCase(2, "m", "v")]
    [TestCase(4, "m", "v")]
    public void StatesByNumberAreLoaded(int optimizer, params string[] names)
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { Checkpoints = new CheckpointOptions(folder["run"]) { EverySteps = 5, Keep = 100 } };
        using Trainer straight = Create(Optimizers[optimizer], options);
        straight.Run();
        using (SafetensorsFile file = SafetensorsFile.Open(new CheckpointFolder(folder["run"]).PathOf(5)))
        {
            NamedTensor[] arrays =
            [
                .. file.Tensors.Values.Select(info => new NamedTensor(
                    names.FirstOrDefault(name => info.Name == $"optimizer/{name}") is { } name
                        ? $"optimizer/state{Array.IndexOf(names, name)}" : info.Name,
                    [.. info.Shape],
                    file.Read(info.Name))),
            ];
            Assert.That(
                arrays.Count(array => array.Name.StartsWith("optimizer/state", StringComparison.Ordinal)),
                Is.EqualTo(names.Length));
            Directory.CreateDirectory(folder["old"]);
            SafetensorsFile.Save(
                new CheckpointFolder(folder["old"]).PathOf(5), arrays,
                file.Metadata.Where(text => text.Key != "sha256").ToDictionary());
        }

        using Trainer resumed = Create(Optimizers[optimizer], new TrainingOptions());
        Assert.That(resumed.Resume(folder["old"]).Steps, Is.EqualTo(5));
        resumed.Run();
        RequireEqual(resumed, straight, "from states by number");
    }

    [Test]
    public void AStoppedRunGoesOnFromItsLastStep()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { Checkpoints = new CheckpointOptions(folder["run"]) };
        long stopped;
        using (Trainer trainer = Create(Optimizers[3], options, batch: 2))
        using (CancellationTokenSource source = new())
        {
            Thread stopper = new(() =>
            {
                SpinWait.SpinUntil(() => trainer.Steps >= 7);
                source.Cancel();
            });
            stopper.Start();
            Assert.That(() => trainer.Run(cancellation: source.Token), Throws.InstanceOf<OperationCanceledException>());
            stopper.Join();
            stopped = trainer.Steps;
            Assert.That(stopped, Is.InRange(7, (Epochs * 325) - 1));
        }

        using Trainer resumed = Create(Optimizers[3], options, batch: 2), straight = Create(
            Optimizers[3], new TrainingOptions(), batch: 2);
        Assert.That(resumed.Resume(folder["run"]).Steps, Is.EqualTo(stopped));
        resumed.Run();
        straight.Run();
        RequireEqual(resumed, straight, $"stopped after step {stopped}");
    }

    /// <summary>
    /// An epoch that is stopped in its evaluation or score keeps its steps, and is judged again: nothing that is half done is
    /// kept.
    /// </summary>
    [Test]
    public void ARunThatIsStoppedBehindAnEpochsStepsJudgesItAgain(
        [Values(TrainingPhase.Evaluating, TrainingPhase.Scoring)] TrainingPhase phase)
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { LogPath = folder["log"], Checkpoints = new CheckpointOptions(folder["run"]) };
        using (Trainer trainer = Create(Optimizers[4], options))
        using (CancellationTokenSource source = new())
        {
            Assert.That(
                () => trainer.Run(progress: new CancelIn(phase, source), cancellation: source.Token),
                Throws.InstanceOf<OperationCanceledException>());
            Assert.That(trainer.Results, Is.Empty);
            Assert.That(trainer.StoppedWhile, Is.EqualTo(phase));
            Assert.That(trainer.Steps, Is.EqualTo(22), "650 images in batches of 30: all steps of the epoch");
        }

        using Trainer resumed = Create(Optimizers[4], options), straight = Create(
            Optimizers[4], new TrainingOptions { LogPath = folder["straight"] });
        Resumption from = resumed.Resume(folder["run"]);
        Assert.That((from.Epochs, from.Steps), Is.EqualTo((0, 22L)));
        resumed.Run();
        straight.Run();
        RequireEqual(resumed, straight, "");
        Assert.That(Plain(Lines(folder["log"])), Is.EqualTo(Plain(Lines(folder["straight"]))));
    }

    [Test]
    public void ADamagedCheckpointIsPassedOver([Values] bool truncated)
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { Checkpoints = new CheckpointOptions(folder["run"]) { Keep = 1 + Epochs } };
        float[] end;
        using (Trainer trainer = Create(Optimizers[4], options))
        {
            trainer.Run();
            end = trainer.Arena.Save();
        }

        IReadOnlyList<string> files = new CheckpointFolder(folder["run"]).Checkpoints;
        Assert.That(files, Has.Count.EqualTo(1 + Epochs));
        byte[] bytes = File.ReadAllBytes(files[0]);
        bytes[^9] ^= 4;
        File.WriteAllBytes(files[0], truncated ? bytes[..^100] : bytes);
        options = options with { Checkpoints = options.Checkpoints with { Keep = 1 } };
        using Trainer resumed = Create(Optimizers[4], options);
        Resumption from = resumed.Resume(folder["run"]);
        Assert.That(from.Path, Is.EqualTo(files[1]));
        Assert.That(from.Damaged, Has.Count.EqualTo(1));
        Assert.That(from.Damaged[0], Does.Contain(files[0]).And.Contain("damaged"));
        resumed.Run();
        Assert.That(resumed.Arena.Save(), Is.EqualTo(end));
        Assert.That(new CheckpointFolder(folder["run"]).Checkpoints, Is.EqualTo(new[] { files[0] }), "the last, whole again");
        File.WriteAllBytes(files[0], bytes);
        using Trainer none = Create(Optimizers[4], options);
        Assert.That(() => none.Resume(folder["run"]), Throws.TypeOf<CheckpointException>().With.Message.Contains(
            "None of the 1 checkpoints"));
    }

    [Test]
    public void WhatDiffersIsNamed()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { Checkpoints = new CheckpointOptions(folder["run"]) };
        using (Trainer trainer = Create(Optimizers[0], options))
        {
            Assert.That(
                () => trainer.Run(cancellation: new CancellationToken(canceled: true)),
                Throws.InstanceOf<OperationCanceledException>());
        }

        Assert.That(() => Refused(Optimizers[2], options), Throws.TypeOf<CheckpointException>().With.Message.Contains(
            "optimizer (SGD(lr 0.1) there, Adam"));
        Assert.That(
            () => Refused(Optimizers[0], options with { Seed = 2 }),
            Throws.TypeOf<CheckpointException>().With.Message.Contains("seed (1 there, 2 here)"));
        Assert.That(() => Refused(Optimizers[0], options, hidden: 20), Throws.TypeOf<CheckpointException>().With.Message.Contains(
            "model (Sequential of 1210 parameters there, Mlp of 1510"));
        using Trainer again = Create(Optimizers[0], options);
        Assert.That(() => again.Run(), Throws.TypeOf<CheckpointException>().With.Message.Contains("already holds checkpoints"));
        Assert.That(
            () => again.Resume(folder["none"]), Throws.TypeOf<CheckpointException>().With.Message.Contains("no checkpoint in"));

        void Refused(Optimizer optimizer, TrainingOptions other, int hidden = 16)
        {
            using Trainer trainer = Create(optimizer, other, hidden);
            trainer.Resume(folder["run"]);
        }
    }

    [Test]
    public void TwoRunsAtOnceAreKeptApart()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { Checkpoints = new CheckpointOptions(folder["run"]) };
        using Trainer first = Create(Optimizers[0], options), second = Create(Optimizers[0], options), third = Create(
            Optimizers[0], options);
        int tried = 0;
        first.Run(result =>
        {
            if (result.Epoch == 1)
            {
                Assert.That(() => second.Resume(folder["run"]), Throws.TypeOf<CheckpointException>().With.Message.Contains(
                    "another run works in it"));
                Assert.That(
                    () => third.Run(), Throws.TypeOf<CheckpointException>().With.Message.Contains("another run works in it"));
                tried++;
            }
        });
        Assert.That(tried, Is.EqualTo(1));

        // Once the other has ended there is nothing left to do; and from reading a checkpoint on, the folder is taken.
        Assert.That(second.Resume(folder["run"]).Epochs, Is.EqualTo(Epochs));
        Assert.That(() => third.Resume(folder["run"]), Throws.TypeOf<CheckpointException>().With.Message.Contains(
            "another run works in it"));
        second.Run();
        Assert.That(second.Arena.Save(), Is.EqualTo(first.Arena.Save()));
    }

    [Test]
    public void MoreEpochsMayFollow()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = new() { Checkpoints = new CheckpointOptions(folder["run"]) };
        using (Trainer trainer = Create(Optimizers[3], options))
        {
            trainer.Run();
        }

        using Trainer more = Create(Optimizers[3], options, epochs: Epochs + 1), straight = Create(
            Optimizers[3], new TrainingOptions(), epochs: Epochs + 1);
        more.Resume(folder["run"]);
        more.Run();
        straight.Run();
        Assert.That(more.Arena.Save(), Is.EqualTo(straight.Arena.Save()));
        Assert.That(more.Results, Has.Count.EqualTo(Epochs + 1));
    }

    /// <summary>
    /// With batch norm, dropout and parts of batches: from the middle of an epoch and from its end, for each policy of running
    /// statistics.
    /// </summary>
    [Test]
    public void BatchNormGoesOnWithTheSameBits(
        [Values] RunningStatistics statistics, [Values(1, 4)] int optimizer, [Values(1, 2)] int parts)
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        using TemporaryFolder folder = new();
        Dataset digits = Datasets.Digits();
        Dataset few = new("few", digits.Train.Take(110), digits.Test.Take(40));
        TrainingOptions options = new() { Epochs = 2, BatchSize = 20, Accumulate = parts, RunningStatistics = statistics,
            Schedule = LearningRateSchedule.Cosine(2) };
        using Trainer straight = New(options);
        straight.Run();
        TrainingOptions kept = options
            with { Checkpoints = new CheckpointOptions(folder["all"]) { EverySteps = 1, Keep = 1000 } };
        using (Trainer trainer = New(kept))
        {
            trainer.Run();
            Same(trainer, "checkpoints change nothing");
        }

        IReadOnlyList<string> all = new CheckpointFolder(folder["all"]).Checkpoints;
        Assert.That(all, Has.Count.EqualTo(13), "six steps an epoch");
        foreach (int step in new[] { 0, 6, 12, random.Next(1, 6), random.Next(7, 12) })
        {
            string run = folder[$"{step}"];
            Directory.CreateDirectory(run);
            File.Copy(all[^(step + 1)], Path.Combine(run, Path.GetFileName(all[^(step + 1)])));
            File.Copy(folder["all", "epochs.jsonl"], Path.Combine(run, "epochs.jsonl"));
            using Trainer resumed = New(kept with { Checkpoints = new CheckpointOptions(run) });
            resumed.Resume(run);
            resumed.Run();
            Same(resumed, $"seed {seed}, from step {step}");
        }

        Trainer New(TrainingOptions with) => new(
            new Sequential(new WideResNet(10, 1, 16, 1), new BatchNorm(16), new Dropout(0.1), new Linear(16, 10)), few,
            Optimizers[optimizer], with);

        void Same(Trainer actual, string what)
        {
            RequireEqual(actual, straight, what);
            Assert.That(actual.Arena.SaveState(), Is.EqualTo(straight.Arena.SaveState()), what);
            Assert.That(actual.Predict(few.Test), Is.EqualTo(straight.Predict(few.Test)), what);
        }
    }

    /// <summary>
    /// A cosine schedule ends with the run: more epochs are another run, and the message says what can be done.
    /// </summary>
    [Test]
    public void ALongerCosineIsRefusedWithAdvice()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options =
            new() { Checkpoints = new CheckpointOptions(folder["run"]), Schedule = LearningRateSchedule.Cosine(Epochs) };
        using (Trainer trainer = Create(Optimizers[0], options))
        {
            trainer.Run();
        }

        using Trainer longer =
            Create(Optimizers[0], options with { Schedule = LearningRateSchedule.Cosine(Epochs + 2) }, epochs: Epochs + 2);
        Assert.That(() => longer.Resume(folder["run"]), Throws.TypeOf<CheckpointException>()
            .With.Message.Contains("schedule (cosine(3, 0) there, cosine(5, 0) here)").And.Message.Contains(
                "as many epochs as it has").And.Message.Contains("constant schedule"));
        using Trainer parted = Create(Optimizers[0], options with { Accumulate = 2 });
        Assert.That(() => parted.Resume(folder["run"]), Throws.TypeOf<CheckpointException>().With.Message.Contains(
            "parts of a batch (1 there, 2 here)"));
    }

    private static Trainer Create(
        Optimizer optimizer, TrainingOptions options, int hidden = 16, int epochs = Epochs, int batch = 30)
    {
        Dataset digits = Datasets.Digits();
        Dataset few = new("few", digits.Train.Take(650), digits.Test.Take(100));
        Sequential model = new(new Flatten(), new Linear(64, hidden), new Relu(), new Dropout(0.2), new Linear(hidden, 10));
        return new Trainer(hidden == 16 ? model : new Mlp(64, hidden, 10), few, optimizer, options with
        {
            Epochs = epochs, BatchSize = batch, ClipNorm = 1, Score = new ScoreOptions { Images = 60, BatchSize = 30, Draws = 1 },
        });
    }

    private static IEnumerable<JsonObject> Lines(string path) =>
        File.ReadAllLines(path).Select(line => JsonNode.Parse(line)!.AsObject());

    /// <summary>Without what a clock decides.</summary>
    private static string[] Plain(IEnumerable<JsonObject> lines) =>
    [
        .. lines.Select(line =>
        {
            line.Remove("run");
            line.Remove("time");
            line.Remove("seconds");
            return line.ToJsonString();
        }),
    ];

    private static void RequireEqual(Trainer actual, Trainer expected, string what)
    {
        Assert.That(actual.Arena.Save(), Is.EqualTo(expected.Arena.Save()), what);
        Assert.That(
            Plain(actual.Results.Select(result => result.ToJson())),
            Is.EqualTo(Plain(expected.Results.Select(result => result.ToJson()))), what);
        Assert.That(
            actual.Results.Select(result => result.StepLoss), Is.EqualTo(expected.Results.Select(result => result.StepLoss)),
            what);
    }

    private sealed class CancelIn(TrainingPhase phase, CancellationTokenSource source) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Phase == phase)
            {
                source.Cancel();
            }
        }
    }
}
