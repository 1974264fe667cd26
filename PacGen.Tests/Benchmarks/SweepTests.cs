using System.Diagnostics;
using System.Text.RegularExpressions;
using PacGen.Benchmarks.Runs;

namespace PacGen.Tests.Benchmarks;

/// <summary>Processes that share a folder of runs, whatever becomes of them.</summary>
internal sealed partial class SweepTests
{
    private static readonly string[] Hyper =
        ["experiment", "hyper", "--limit", "1000", "--hidden", "32", "--epochs", "40", "--batch-size", "16", "--etas", "10,100",
            "--gammas", "0.1,1", "--seeds", "2", "--threads", "1", "--device", "cpu", "--output"];

    /// <summary>Three processes, of which one is killed and started again a few times.</summary>
    [Test]
    public void EachRunIsDoneOnceThoughProcessesAreKilled()
    {
        using Folder folder = new();
        Array.ForEach(["alone", "0", "1", "2"], name => Directory.CreateDirectory(folder[name]));
        Assert.That(ProgramRun.Of([.. Hyper, folder["alone"]]).ExitCode, Is.Zero);
        string runs = folder["runs"];
        List<Task<string>> said = [];
        Process[] processes = [.. Enumerable.Range(0, 3).Select(Start)];
        for (int kill = 0; kill < 4 && !processes[0].HasExited; kill++)
        {
            // Once it has begun a run.
            Stopwatch clock = Stopwatch.StartNew();
            while (clock.ElapsedMilliseconds < 20_000 && !processes[0].HasExited && !HasClaim(processes[0].Id))
            {
                Thread.Sleep(5);
            }

            processes[0].Kill();
            processes[0].WaitForExit();
            processes[0].Dispose();
            processes[0] = Start(0);
        }

        foreach (Process process in processes)
        {
            using (process)
            {
                Assert.That(process.WaitForExit(TimeSpan.FromMinutes(5)), "it waits for ever");
                Assert.That(process.ExitCode, Is.Zero);
            }
        }

        for (int i = 0; i < 3; i++)
        {
            foreach (string file in (string[])["hyper.csv", "hyper-epochs.csv"])
            {
                Assert.That(
                    File.ReadAllText(Path.Combine(folder[$"{i}"], file)),
                    Is.EqualTo(File.ReadAllText(Path.Combine(folder["alone"], file))), $"process {i}, {file}");
            }
        }

        string[] done = [.. said.SelectMany(task => Done().Matches(task.Result)).Select(match => match.Groups[1].Value)];
        Assert.That(done, Is.Unique);
        Assert.That(done, Has.Length.InRange(14 - 4, 14), "a process that was killed between a run's end and its line");
        Assert.That(Directory.GetFiles(runs), Is.Empty, "no claim is left");

        Process Start(int i)
        {
            Process process = Process.Start(new ProcessStartInfo(
                "dotnet", [MpiTests.Program, .. Hyper, folder[$"{i}"], "--runs", runs])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.BeginErrorReadLine();
            said.Add(process.StandardOutput.ReadToEndAsync());
            return process;
        }

        bool HasClaim(int process) => Directory.Exists(runs) && Directory.GetFiles(runs, "*.owner-*").Any(file =>
        {
            try
            {
                return File.ReadAllText(file).Contains($" {process}@", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return false;
            }
        });
    }

    /// <summary>Shards do their own runs and end; the command without one takes the rest, and writes.</summary>
    [Test]
    public void ShardsDoTheirOwnRuns()
    {
        using Folder folder = new();
        Directory.CreateDirectory(folder["out"]);
        string[] line =
            ["experiment", "hyper", "--limit", "200", "--hidden", "8", "--epochs", "2", "--batch-size", "32", "--etas", "10",
                "--gammas", "0.1,1", "--seeds", "1", "--output", folder["out"]];
        ProgramRun first = ProgramRun.Of([.. line, "--shard", "1/2"]);
        Assert.That(first.ExitCode, Is.Zero, first.Error);
        Assert.That(first.Output, Does.Contain("Shard 1/2 has 2 of them").And.Contain("shard 1/2 is done"));
        Assert.That(Directory.GetDirectories(folder["out/hyper-runs"]), Has.Length.EqualTo(2));
        Assert.That(File.Exists(folder["out/hyper.csv"]), Is.False);
        ProgramRun.Of([.. line, "--shard", "3/2"]).RequireRefusal(2, "--shard is '3/2'");
        ProgramRun all = ProgramRun.Of([.. line, "--shard", "1/1"]);
        Assert.That(all.ExitCode, Is.Zero, all.Error);
        Assert.That(all.Output, Does.Contain("2 of 3 runs are there"));
        Assert.That(File.Exists(folder["out/hyper.csv"]));
    }

    /// <summary>A process may be killed behind its run's end, before its claim goes: the next one removes that.</summary>
    [Test]
    public void AClaimThatIsLeftOfACompleteRunGoes()
    {
        using Folder folder = new();
        Directory.CreateDirectory(folder["out"]);
        string[] line =
            ["experiment", "hyper", "--limit", "200", "--hidden", "8", "--epochs", "1", "--batch-size", "32", "--etas", "10",
                "--gammas", "0.1", "--seeds", "1", "--output", folder["out"]];
        Assert.That(ProgramRun.Of(line).ExitCode, Is.Zero);
        foreach (string run in Directory.GetDirectories(folder["out/hyper-runs"]))
        {
            File.WriteAllText($"{run}.lock", "");
        }

        ProgramRun again = ProgramRun.Of(line);
        Assert.That(again.ExitCode, Is.Zero, again.Error);
        Assert.That(Directory.GetDirectories(folder["out/hyper-runs"]), Is.Not.Empty);
        Assert.That(Directory.GetFiles(folder["out/hyper-runs"]), Is.Empty);
    }

    [TestCase("SLURM_ARRAY_TASK_ID=5;SLURM_ARRAY_TASK_MIN=3;SLURM_ARRAY_TASK_MAX=9;SLURM_ARRAY_TASK_STEP=2", "2/4")]
    [TestCase("SGE_TASK_ID=2;SGE_TASK_FIRST=1;SGE_TASK_LAST=8;SGE_TASK_STEPSIZE=1", "2/8")]
    [TestCase("SGE_TASK_ID=undefined;SGE_TASK_FIRST=undefined;SGE_TASK_LAST=undefined", null)]
    [TestCase("SLURM_ARRAY_TASK_ID=1;SLURM_ARRAY_TASK_MIN=1;SLURM_ARRAY_TASK_MAX=1", null)]
    public void ASchedulersArraySaysTheShard(string environment, string? expected)
    {
        string[][] variables = [.. environment.Split(';').Select(one => one.Split('='))];
        Array.ForEach(variables, one => Environment.SetEnvironmentVariable(one[0], one[1]));
        try
        {
            System.CommandLine.Option<Shard?> option = Shard.Option();
            System.CommandLine.RootCommand command = new() { option };
            Assert.That(Shard.Of(command.Parse([]), option)?.ToString(), Is.EqualTo(expected));
            Assert.That(Shard.Of(command.Parse(["--shard", "3/4"]), option)?.ToString(), Is.EqualTo("3/4"));
        }
        finally
        {
            Array.ForEach(variables, one => Environment.SetEnvironmentVariable(one[0], null));
        }
    }

    /// <summary>An owner on another machine, whose clock may say anything, lives as long as it counts.</summary>
    [Test]
    public void AnOwnerElsewhereLivesAsLongAsItCounts()
    {
        using Folder folder = new();
        string owner = folder["run.owner-3"];
        TimeSpan dead = TimeSpan.FromMilliseconds(300);
        for (int count = 0; count < 4; count++)
        {
            File.WriteAllText(owner, $"elsewhere/boot/pid 17@1 {count:D12}");
            File.SetLastWriteTimeUtc(owner, count % 2 == 0 ? new DateTime(2100, 1, 1) : new DateTime(1990, 1, 1));
            Assert.That(RunClaim.TryTake(folder["."], "run", dead), Is.Null, "it counts");
            Thread.Sleep(200);
        }

        Thread.Sleep(200);
        using (RunClaim? claim = RunClaim.TryTake(folder["."], "run", dead))
        {
            Assert.That(claim, Is.Not.Null, "it stands still");
            Assert.That(folder.Files, Is.EquivalentTo(new[] { "run.lock", "run.owner-4" }));
            Assert.That(RunClaim.TryTake(folder["."], "run", dead), Is.Null);
        }

        Assert.That(folder.Files, Is.EqualTo(new[] { "run.lock" }), "given up");
    }

    /// <summary>
    /// A process of this machine that is gone is dead at once; one that lives has its claim even where locks do nothing.
    /// </summary>
    [Test]
    public void AnOwnerHereIsDeadAtOnce()
    {
        using Folder folder = new();
        string text;
        using (RunClaim own = RunClaim.TryTake(folder["."], "run")!)
        {
            text = File.ReadAllText(folder["run.owner-1"]);
        }

        File.WriteAllText(folder["run.owner-1"], text);
        Assert.That(RunClaim.TryTake(folder["."], "run"), Is.Null, "this process lives");
        string[] words = text.Split(' ');
        File.WriteAllText(folder["run.owner-1"], $"{words[0]} {words[1]}1 {words[2]}");
        using RunClaim? claim = RunClaim.TryTake(folder["."], "run");
        Assert.That(claim, Is.Not.Null, "a process of that number, but started at another time");
    }

    /// <summary>
    /// Owners later a listing of NFS may still show the first, which is dead: number two is taken, or free again.
    /// </summary>
    [TestCase(2)]
    [TestCase(3)]
    public void AListingMayLag(int owner)
    {
        using Folder folder = new();
        string file = folder[$"run.owner-{owner}"];
        File.WriteAllText(file, "elsewhere/boot/pid 17@1 000000000001");
        Assert.That(RunClaim.TryTake(folder["."], "run", listed: [1]), Is.Null);
        Assert.That(folder.Files, Is.EquivalentTo(new[] { $"run.owner-{owner}", "run.lock" }), "nothing is left of the attempt");
        File.Delete(file);
        using RunClaim? claim = RunClaim.TryTake(folder["."], "run", listed: [1]);
        Assert.That(claim, Is.Not.Null, "nobody has it");
    }

    /// <summary>A study in shards, gathered: the numbers of one process.</summary>
    [Test]
    public void AStudyInShardsIsTheStudy()
    {
        using Folder folder = new();
        Assert.That(Run("alone").ExitCode, Is.Zero);
        Assert.That(Run("parts", "--shard", "1/2").ExitCode, Is.Zero);
        Assert.That(Run("parts", "--shard", "2/2").ExitCode, Is.Zero);
        ProgramRun all = Run("parts", "--shard", "1/1");
        Assert.That(all.ExitCode, Is.Zero, all.Error);
        Assert.That(all.Output, Does.Contain("shard-1-of-2: 2 runs taken over").And.Contain("shard-2-of-2: 1 runs taken over"));
        Assert.That(Table("parts"), Is.EqualTo(Table("alone")));
        ProgramRun.Of("study", "run", "--folder", folder["alone"]).RequireRefusal(2, "holds a study of 3 runs, and no setting");

        ProgramRun Run(string name, params string[] more) => ProgramRun.Of(
            [
                "study", "run", "--folder", folder[name], "--dataset", "digits", "--model", "mlp", "--hidden", "4",
                "--limit", "60", "--epochs", "1", "--batch-size", "16", "--learning-rate", "0.01", "0.02", "0.04",
                "--measures", "trace", "--threads", "1", .. more,
            ]);

        string[] Table(string name)
        {
            ProgramRun export = ProgramRun.Of("study", "export", "--folder", folder[name]);
            Assert.That(export.ExitCode, Is.Zero, export.Error);
            return [.. ((string[])["study.csv", "study-epochs.csv", "study-measures.csv"]).Select(
                file => File.ReadAllText(Path.Combine(folder[name], file)))];
        }
    }

    /// <summary>The line that a run's end gives.</summary>
    [GeneratedRegex(@"^ *\d+ of \d+: (.*?): accuracy", RegexOptions.Multiline)]
    private static partial Regex Done();
}
