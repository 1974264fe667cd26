using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using PacGen.Nn;
using PacGen.Tests.Nn;

namespace PacGen.Tests.Benchmarks;

/// <summary>
/// Training in a process of its own that is killed (SIGKILL) at random moments and resumed: it ends in the bits of a run that
/// never was.
/// </summary>
internal sealed class KillTests
{
    private const int EverySteps = 25, Epochs = 40;

    private static readonly string[] Settings =
    [
        "train", "--epochs", $"{Epochs}", "--batch-size", "32", "--psi-images", "64", "--psi-batch-size", "32", "--psi-draws",
        "1", "--threads", "1",
    ];

    private static readonly string[] Perturbed = ["--hidden", "32", "--optimizer", "adam", "--perturb", "uniform"];

    [Test]
    public void ARunThatIsKilledAFewTimesEndsInTheSameBits() => KillAndResume(Perturbed, runs: 1, killsOfARun: 6);

    /// <summary>What stands beside Perturbed OPT.</summary>
    [Test, Explicit("eight processes each")]
    [TestCase("--hidden 32 --optimizer momentum --sharpness sam --average swa --schedule constant")]
    [TestCase("--hidden 32 --optimizer adam --sharpness asam --clip-norm 1 --dropout 0.2")]
    [TestCase("--hidden 32 --optimizer adam --perturb gaussian --sigma fixed --two-point --average ema --accumulate 2")]
    [TestCase("--hidden 32 --optimizer ivon --lr 1 --warm-up 1 --average ema --average-decay 0.9 --average-start 3")]
    [TestCase("--model wide-resnet --depth 10 --limit 300 --optimizer adam --sharpness sam --average swa")]
    public void OtherOptimizersEndInTheSameBits(string options) => KillAndResume(options.Split(' '), runs: 1, killsOfARun: 4);

    /// <summary>The acceptance run: <c>dotnet test -c Release --filter "FullyQualifiedName~AHundredKilledRuns"</c>.</summary>
    [Test, Explicit("a hundred processes and more: some minutes")]
    public void AHundredKilledRunsEndInTheSameBits() => KillAndResume(Perturbed, runs: 100, killsOfARun: 1);

    /// <summary>Ctrl-C in the middle of training: a signal's exit code, a sentence, and nothing lost.</summary>
    [Test]
    public void AnInterruptedRunSaysHowToGoOnAndEndsInTheSameBits()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Ignore("Another system sends signals another way.");
        }

        string[] settings = ["train", "--epochs", "400", "--batch-size", "32", "--psi", "off", "--threads", "1", .. Perturbed];
        using Folder folder = new();
        Finish(Start([.. settings, "--save", folder["straight"]]));

        // A shell that runs in the background has its children ignore SIGINT: env restores what a person's shell does.
        string[] interrupted = [.. settings, "--checkpoint", folder["run"], "--checkpoint-every", "25", "--save", folder["w"]];
        using Process process = Start(interrupted, "env", "--default-signal=INT", "dotnet");
        while (new CheckpointFolder(folder["run"]).Checkpoints.Count < 2 && !process.HasExited)
        {
            Thread.Sleep(1);
        }

        Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.EqualTo(130), error);
        Assert.That(error, Does.Match(
            @"\Apacgen: stopping; once more to quit at once\.\n"
            + @"pacgen: stopped after step [1-9]\d*[^\n]*, \d+ of 400 epochs done\. Kept: [^\n]*--resume [^\n]*\n\z"));
        Assert.That(Directory.GetFiles(folder["."], "*.partial", SearchOption.AllDirectories), Is.Empty);
        Finish(Start(["train", "--resume", folder["run"], "--save", folder["w"]]));
        Assert.That(Weights(folder["w"]), Is.EqualTo(Weights(folder["straight"])));
    }

    private static void AwaitFirst(Process process, string checkpoints)
    {
        while (new CheckpointFolder(checkpoints).Checkpoints.Count == 0 && !process.HasExited)
        {
            Thread.Sleep(1);
        }
    }

    private static void KillAndResume(string[] optimizer, int runs, int killsOfARun)
    {
        string[] settings = [.. Settings, .. optimizer];
        int seed = Random.Shared.Next();
        Random random = new(seed);
        using Folder folder = new();
        Finish(Start(
            [.. settings, "--save", folder["straight"], "--log", folder["straight.log"], "--tensorboard",
            folder["straight.events"]]));
        Stopwatch clock = Stopwatch.StartNew();
        Process timed = Start(
            [.. settings, "--checkpoint", folder["timed"], "--checkpoint-every", $"{EverySteps}", "--tensorboard",
            folder["timed.events"]]);
        AwaitFirst(timed, folder["timed"]);
        int starting = (int)clock.ElapsedMilliseconds;
        Finish(timed);
        int whole = (int)clock.ElapsedMilliseconds;
        float[] expected = Weights(folder["straight"]);
        string[] expectedLog = Log(folder["straight.log"]);
        (long, string, float)[] expectedEvents = Events(folder["straight.events"]);
        int killed = 0, before = 0, within = 0;
        long mostLost = 0;
        for (int run = 0; run < runs; run++)
        {
            string checkpoints = folder[$"run{run}"], log = folder[$"run{run}.log"], events = folder[$"run{run}.events"],
                save = folder[$"run{run}.safetensors"], what = $"seed {seed}, run {run}";
            string[] first =
            [
                .. settings, "--checkpoint", checkpoints, "--checkpoint-every", $"{EverySteps}", "--keep", "2", "--save", save,
                "--log", log, "--tensorboard", events,
            ];
            for (int kill = 0; kill < killsOfARun; kill++)
            {
                using Process process = Start(Next());
                if (killsOfARun == 1)
                {
                    Thread.Sleep(random.Next(whole));
                }
                else if (kill == 0)
                {
                    Thread.Sleep(random.Next(starting));
                }
                else
                {
                    // From its first checkpoint on: of several kills those that come earlier only start the process again.
                    AwaitFirst(process, checkpoints);
                    Thread.Sleep(random.Next((whole - starting) / killsOfARun));
                }

                process.Kill(entireProcessTree: true);
                process.WaitForExit();
                killed++;
                before += HasCheckpoint() ? 0 : 1;
                within += HasCheckpoint() && !File.Exists(save) ? 1 : 0;
            }

            // What a kill costs: the event file has each step, and those that the newest checkpoint hasn't are lost.
            if (HasCheckpoint())
            {
                using SafetensorsFile newest = new CheckpointFolder(checkpoints).OpenNewest(out IReadOnlyList<string> damaged);
                Assert.That(damaged, Is.Empty, what);
                long taken = Directory.Exists(events) ? EventReader.ReadFolder(events, killed: true).Max(one => (long?)one.Step)
                    ?? 0 : 0;
                mostLost = Math.Max(mostLost, taken - long.Parse(newest.Metadata["steps"], CultureInfo.InvariantCulture));
            }

            Finish(Start(Next()));
            Assert.That(Weights(save), Is.EqualTo(expected), what);
            Assert.That(Log(log), Is.EqualTo(expectedLog), what);
            Assert.That(Events(events), Is.EqualTo(expectedEvents), what);
            Assert.That(Directory.GetFiles(folder["."], "*.partial", SearchOption.AllDirectories), Is.Empty, what);

            bool HasCheckpoint() => new CheckpointFolder(checkpoints).Checkpoints.Count > 0;

            string[] Next()
            {
                if (HasCheckpoint())
                {
                    return ["train", "--resume", checkpoints, "--save", save, "--log", log, "--tensorboard", events];
                }

                // Killed before there was anything to resume: a new run.
                return first;
            }
        }

        TestContext.Out.WriteLine(
            $"{runs} runs, {killed} kills: {before} before the first checkpoint, {within} between it and the end, " +
                $"{killed - before - within} after; at most {mostLost} steps lost, checkpoints every {EverySteps}");
        Assert.That(mostLost, Is.LessThanOrEqualTo(EverySteps));
        Assert.That(within, Is.GreaterThanOrEqualTo(Math.Max(1, runs / 5)), "kills that found a run at work");
    }

    /// <summary>Starts the program: by <c>dotnet</c>, or by other words.</summary>
    private static Process Start(string[] arguments, params string[] by)
    {
        string program = typeof(PacGen.Benchmarks.Application).Assembly.Location;
        ProcessStartInfo start = new(by.Length > 0 ? by[0] : "dotnet", [.. by.Skip(1), program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        return process;
    }

    private static void Finish(Process process)
    {
        using (process)
        {
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.Zero, error);
        }
    }

    private static float[] Weights(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        file.VerifyChecksum();
        return [.. file.Tensors.Keys.Order(StringComparer.Ordinal).SelectMany(file.Read)];
    }

    /// <summary>The steps, tags and values of an event folder, but for speeds.</summary>
    private static (long Step, string Tag, float Value)[] Events(string folder) =>
    [
        .. from one in EventReader.ReadFolder(folder)
           from scalar in one.Scalars
           where scalar.Tag != "images_per_second"
           select (one.Step, scalar.Tag, scalar.Value),
    ];

    /// <summary>The log without what a clock decides; a killed run's last line may be cut off.</summary>
    private static string[] Log(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        string text = File.ReadAllText(path);
        return
        [
            .. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
            {
                JsonObject entry = JsonNode.Parse(line)!.AsObject();
                entry.Remove("run");
                entry.Remove("time");
                entry.Remove("seconds");
                return entry.ToJsonString();
            }),
        ];
    }
}
