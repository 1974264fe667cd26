using System.Diagnostics;
using PacGen.Nn;

namespace PacGen.Tests.Benchmarks;

/// <summary>The program under the MPI that the machine has: processes of <c>mpirun</c>, with the bits of one.</summary>
internal sealed class MpiTests
{
    internal static string Program { get; } = typeof(PacGen.Benchmarks.Application).Assembly.Location;

    private static readonly string[] Mlp =
        ["train", "--epochs", "3", "--batch-size", "64", "--hidden", "16", "--psi-images", "64", "--psi-batch-size", "32",
            "--psi-draws", "1"];

    private static readonly string[] WideResNet =
        ["train", "--model", "wide-resnet", "--depth", "10", "--widen", "1", "--limit", "104", "--epochs", "4",
            "--batch-size", "8", "--psi", "off"];

    private static readonly string[] Perturbed = ["--optimizer", "adam", "--perturb", "uniform"];

    /// <summary>More than 50 steps each, of four parts.</summary>
    [Test]
    public void TrainingHasTheSameBits([Values] bool convolves, [Values] bool perturbed)
    {
        using Folder folder = new();
        string[] line = [.. convolves ? WideResNet : Mlp, .. perturbed ? Perturbed : [], "--parts", "4", "--threads", "1"];
        ProgramRun alone = ProgramRun.Of([.. line, "--save", folder["1"], "--json"]);
        Assert.That(alone.ExitCode, Is.Zero, alone.Error);
        foreach (int ranks in new[] { 2, 4 })
        {
            (int code, string output, string error) = MpiLauncher.Any.Run(
                ranks, [Program, .. line, "--overlap", ranks == 2 ? "off" : "on", "--save", folder[$"{ranks}"], "--json"]);
            Assert.That(code, Is.Zero, error);
            Assert.That(Weights(folder[$"{ranks}"]), Is.EqualTo(Weights(folder["1"])), $"{ranks} processes");
            Assert.That(Results(output), Is.EqualTo(Results(alone.Output)), "one of them prints");
            Assert.That(Words(error), Does.Contain($"on {ranks} processes"));
        }
    }

    /// <summary>MPICH's binary interface differs from Open MPI's.</summary>
    [Test]
    public void EveryLibraryHasTheSameBits([ValueSource(typeof(MpiLauncher), nameof(MpiLauncher.All))] MpiLauncher launcher)
    {
        using Folder folder = new();
        string[] line = [.. Mlp, .. Perturbed, "--parts", "4", "--threads", "1", "--save"];
        Assert.That(ProgramRun.Of([.. line, folder["1"]]).ExitCode, Is.Zero);
        (int code, string output, string error) = launcher.Run(2, [Program, .. line, folder["2"]]);
        Assert.That(code, Is.Zero, error);
        Assert.That(Words(output), Does.Contain("on 2 processes").And.Contain(launcher.IsOpenMpi ? "Open MPI" : "MPICH"));
        Assert.That(Weights(folder["2"]), Is.EqualTo(Weights(folder["1"])));
    }

    [Test]
    public void CertificatesAndScoresAreTheSame()
    {
        using Folder folder = new();
        string[] certify =
            ["certify", "--hidden", "8", "--limit", "400", "--prior-epochs", "2", "--posterior-epochs", "1",
                "--prior-levels", "10", "--draws", "400", "--parts", "4", "--threads", "1", "--output"];
        ProgramRun alone = ProgramRun.Of([.. certify, folder["1"]]);
        Assert.That(alone.ExitCode, Is.Zero, alone.Error);
        (int code, _, string error) = MpiLauncher.Any.Run(2, [Program, .. certify, folder["2"]]);
        Assert.That(code, Is.Zero, error);
        Assert.That(File.ReadAllText(folder["2"]), Is.EqualTo(File.ReadAllText(folder["1"])));

        ProgramRun trained = ProgramRun.Of("train", "--epochs", "1", "--hidden", "8", "--psi", "off", "--save", folder["w"]);
        Assert.That(trained.ExitCode, Is.Zero, trained.Error);
        string[] score = ["score", "--weights", folder["w"], "--psi-images", "128", "--parts", "2", "--threads", "1", "--json"];
        (code, string output, error) = MpiLauncher.Any.Run(2, [Program, .. score]);
        Assert.That(code, Is.Zero, error);
        Assert.That(output, Is.EqualTo(ProgramRun.Of(score).Output));
    }

    /// <summary>
    /// One of four processes is killed: all end, with one sentence that says which and what to do, and the run goes on with two.
    /// </summary>
    [Test]
    public void AKilledProcessEndsAllAndTheRunGoesOn([Values(0, 3)] int killed)
    {
        using Folder folder = new();
        string[] line = ["train", "--epochs", "12", "--batch-size", "64", "--hidden", "16", "--psi", "off", "--parts", "4",
            "--threads", "1", .. Perturbed];
        Assert.That(ProgramRun.Of([.. line, "--save", folder["straight"]]).ExitCode, Is.Zero);
        string run = folder["run"];

        // It waits for more epochs than it gets.
        MpiLauncher patient = MpiLauncher.Any with { SecondsToEnd = 4 };
        using Process launched = patient.Start(4, [Program, .. line, "--checkpoint", run, "--checkpoint-every", "1"]);
        Task<string> said = launched.StandardError.ReadToEndAsync();
        launched.BeginOutputReadLine();
        Stopwatch clock = Stopwatch.StartNew();
        while (new CheckpointFolder(run).Checkpoints.Count < 2 && !launched.HasExited)
        {
            Thread.Sleep(2);
        }

        int victim = Ranks(run).First(one => one.Rank == $"{killed}").Process;
        Process.GetProcessById(victim).Kill();
        Assert.That(launched.WaitForExit(TimeSpan.FromMinutes(3)), "the others end too");
        Assert.That(launched.ExitCode, Is.Not.Zero);
        string[] sentences = [.. said.Result.ReplaceLineEndings("\n").Split('\n').Where(
            one => one.Contains("of 4 (process", StringComparison.Ordinal))];
        string[] expected =
        [
            $"pacgen: Rank {killed} of 4 (process {victim}) died before the end of the run, as by a kill or for want of " +
            "memory, and with it the run. Start the run again: where it kept checkpoints, --resume FOLDER goes on from the " +
            "last, with any number of processes that divides --parts.",
        ];

        // MPICH's launcher kills the others without asking, and says itself who was killed.
        Assert.That(sentences, Is.EqualTo(patient.IsOpenMpi ? expected : []), said.Result);
        Assert.That(Ranks(run), Is.Empty);

        (int code, string output, string error) = MpiLauncher.Any.Run(
            2, [Program, "train", "--resume", run, "--save", folder["resumed"]]);
        Assert.That(code, Is.Zero, error);
        Assert.That(Words(output), Does.Contain("Goes on from").And.Contain("on 2 processes"));
        Assert.That(Weights(folder["resumed"]), Is.EqualTo(Weights(folder["straight"])));

        static (int Process, string Rank)[] Ranks(string argument) =>
        [
            .. from entry in Directory.GetDirectories("/proc")
               let number = Path.GetFileName(entry)
               where number.All(char.IsAsciiDigit)
               let words = Try($"{entry}/cmdline").Split('\0')
               where words.Length > 0 && words[0].EndsWith("dotnet", StringComparison.Ordinal) && words.Contains(argument)
               let rank = Try($"{entry}/environ").Split('\0').FirstOrDefault(
                   word => word.StartsWith("OMPI_COMM_WORLD_RANK=", StringComparison.Ordinal)
                       || word.StartsWith("PMI_RANK=", StringComparison.Ordinal))
               where rank is not null
               select (int.Parse(number, System.Globalization.CultureInfo.InvariantCulture), rank.Split('=')[1]),
        ];

        static string Try(string file)
        {
            try
            {
                return File.ReadAllText(file);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }

    /// <summary>What is wrong on every process alike, before they have joined and after, is shown once.</summary>
    [TestCase("train --epochs 1", "2 processes can't share 1 part: choose a power of two, 2 or more")]
    [TestCase("train --epochs x", "--epochs is 'x', but must be a whole number")]
    [TestCase("train --parts 3", "--parts is 3, but a batch of 64 can be passed in 1, 2, 4, 8, 16, 32, 64 equal parts")]
    [TestCase("figure 1 --output no/where", "--output no/where/figure-1.png: there is no folder")]
    public void AnErrorOfAllIsOneLine(string line, string sentence)
    {
        (int code, _, string error) = MpiLauncher.Any.Run(2, [Program, .. line.Split(' ')]);
        Assert.That(code, Is.Not.Zero);
        Assert.That(
            error.Split('\n').Where(one => one.Contains("pacgen:", StringComparison.Ordinal)),
            Has.Exactly(1).Items.And.All.Contains(sentence), error);
    }

    /// <summary>Started as one of two, without an MPI library: what to install.</summary>
    [TestCase("OMPI_COMM_WORLD", "openmpi-bin")]
    [TestCase("PMI", "mpich")]
    public void WithoutALibraryTheErrorNamesThePackage(string variables, string package)
    {
        ProcessStartInfo start = new("dotnet", [Program, "train", "--parts", "2", "--epochs", "1"])
        {
            RedirectStandardError = true,
            Environment =
            {
                [$"{variables}_RANK"] = "0", [$"{variables}_SIZE"] = "2", ["PACGEN_MPI"] = "none",
            },
        };
        using Process process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.EqualTo(1));
        Assert.That(error, Does.StartWith("pacgen: ").And.Contain($"apt-get install {package}").And.Not.Contain("   at "));
    }

    /// <summary>A text without its line ends, which depend on where it is written.</summary>
    private static string Words(string text) => text.Replace('\n', ' ');

    private static string[] Results(string output) =>
        [.. output.Split('\n').Where(line => line.StartsWith('{')).Select(
            line => line[..line.IndexOf("\"seconds\"", StringComparison.Ordinal)])];

    private static float[] Weights(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return [.. file.Tensors.Keys.Order(StringComparer.Ordinal).SelectMany(file.Read)];
    }
}
