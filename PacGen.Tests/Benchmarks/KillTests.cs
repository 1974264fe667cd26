using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using PacGen.Nn.Checkpoints;

namespace PacGen.Tests.Benchmarks;

/// <summary>Training in a process of its own that is killed (SIGKILL) at random moments and resumed: it ends in the bits of a run that never was.</summary>
internal sealed class KillTests
{
    private const int EverySteps = 25, StepsOfAnEpoch = 45, Epochs = 40;

    private static readonly string[] Settings =
    [
        "train", "--epochs", $"{Epochs}", "--batch-size", "32", "--hidden", "32", "--optimizer", "adam", "--perturb", "uniform", "--psi-images", "64",
        "--psi-batch-size", "32", "--psi-draws", "1", "--threads", "1",
    ];

    [Test]
    public void ARunThatIsKilledAFewTimesEndsInTheSameBits() => KillAndResume(runs: 1, killsOfARun: 6);

    /// <summary>The acceptance run: <c>dotnet test -c Release --filter "FullyQualifiedName~AHundredKilledRuns"</c>.</summary>
    [Test, Explicit("a hundred processes and more: some minutes")]
    public void AHundredKilledRunsEndInTheSameBits() => KillAndResume(runs: 100, killsOfARun: 1);

    private static void AwaitFirst(Process process, string checkpoints)
    {
        while (new CheckpointFolder(checkpoints).Checkpoints.Count == 0 && !process.HasExited)
        {
            Thread.Sleep(1);
        }
    }

    private static void KillAndResume(int runs, int killsOfARun)
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        using Folder folder = new();
        Finish(Start([.. Settings, "--save", folder["straight"], "--log", folder["straight.log"]]));
        Process timed = Start([.. Settings, "--checkpoint", folder["timed"], "--checkpoint-every", $"{EverySteps}"]);
        AwaitFirst(timed, folder["timed"]);
        Stopwatch clock = Stopwatch.StartNew();
        Finish(timed);
        int whole = (int)clock.ElapsedMilliseconds;
        float[] expected = Weights(folder["straight"]);
        string[] expectedLog = Log(folder["straight.log"]);
        int killed = 0, killedInTraining = 0;
        long lost = 0, mostLost = 0;
        for (int run = 0; run < runs; run++)
        {
            string checkpoints = folder[$"run{run}"], log = folder[$"run{run}.log"], save = folder[$"run{run}.weights"], what = $"seed {seed}, run {run}";
            string[] first = [.. Settings, "--checkpoint", checkpoints, "--checkpoint-every", $"{EverySteps}", "--keep", "2", "--save", save, "--log", log];
            for (int kill = 0; kill < killsOfARun; kill++)
            {
                // From the first checkpoint on: what is killed before has nothing to go on from.
                using Process process = Start(Next());
                AwaitFirst(process, checkpoints);
                Thread.Sleep(random.Next(whole / killsOfARun));
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
                killed++;
                IReadOnlyList<string> left = new CheckpointFolder(checkpoints).Checkpoints;
                killedInTraining += left.Count > 0 && !File.Exists(save) ? 1 : 0;
            }

            // What a kill costs: steps of epochs that the log has and the newest checkpoint hasn't are steps that were lost.
            if (new CheckpointFolder(checkpoints).Checkpoints.Count > 0)
            {
                using SafetensorsFile newest = new CheckpointFolder(checkpoints).OpenNewest(out IReadOnlyList<string> damaged);
                Assert.That(damaged, Is.Empty, what);
                long logged = Log(log).Count(line => line.Contains("\"epoch\"", StringComparison.Ordinal)) * (long)StepsOfAnEpoch;
                lost = Math.Max(0, logged - long.Parse(newest.Metadata["steps"], CultureInfo.InvariantCulture));
                mostLost = Math.Max(mostLost, lost);
            }

            Finish(Start(Next()));
            Assert.That(Weights(save), Is.EqualTo(expected), what);
            Assert.That(Log(log), Is.EqualTo(expectedLog), what);
            Assert.That(Directory.GetFiles(checkpoints, "*.partial"), Is.Empty, what);

            string[] Next()
            {
                if (new CheckpointFolder(checkpoints).Checkpoints.Count > 0)
                {
                    return ["train", "--resume", checkpoints];
                }

                // Killed before there was anything to resume: a new run, which would append to the old one's log.
                File.Delete(log);
                return first;
            }
        }

        TestContext.Out.WriteLine($"{runs} runs, {killed} kills, {killedInTraining} of them after the first checkpoint and before the end; largest loss seen in the log {mostLost} steps, checkpoints every {EverySteps}");
        Assert.That(mostLost, Is.LessThanOrEqualTo(EverySteps));
    }

    private static Process Start(string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [typeof(PacGen.Benchmarks.Application).Assembly.Location, .. arguments])
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
                entry.Remove("time");
                entry.Remove("seconds");
                return entry.ToJsonString();
            }),
        ];
    }
}
