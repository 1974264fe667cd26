using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>The program on a CUDA device, as a user runs it: an emulated one (docs/gpu-emulation.md).</summary>
internal sealed class CudaProgramTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "pacgen.dll");

    /// <summary>The emulator, in the output folder of the project around this one.</summary>
    private static readonly string Emulator = Path.Combine(
        AppContext.BaseDirectory.Replace(
            $"{Path.DirectorySeparatorChar}Outside{Path.DirectorySeparatorChar}", $"{Path.DirectorySeparatorChar}",
            StringComparison.Ordinal),
        "PacGen.Tests.dll");

    private static readonly string[] Perturbed = ["--optimizer", "adam", "--perturb", "uniform", "--psi", "off", "--json"];

    private readonly string folder = Directory.CreateTempSubdirectory("pacgen-cuda-").FullName;

    [OneTimeSetUp]
    public void NeedTheEmulator()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            Assert.Ignore("The emulated CUDA device is for Linux on x64.");
        }

        Assert.That(Emulator, Does.Exist, "Build PacGen.Tests first.");
    }

    [OneTimeTearDown]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [Test]
    public async Task TheDeviceIsListedAndMeasured()
    {
        string page = InFolder("bench.md");
        Task<string> devices = Run("devices");
        Task<string> bench = Run(
            "bench", "--device", "cuda", "--filter", "mlp, batch 32, training step", "--seconds", "0.01", "--output", page);
        Assert.That(await devices, Does.Match(@"cuda\W+Emulated CUDA device"));

        // Its times mean nothing, and nobody is to take them for a GPU's.
        Assert.That(await bench, Does.StartWith("Emulated CUDA device"));
        Assert.That(await File.ReadAllTextAsync(page), Does.Contain("Emulated CUDA device"));
    }

    /// <summary>Killed in the middle of training, then interrupted, and finished by a third process.</summary>
    [Test]
    public async Task ARunThatIsKilledAndInterruptedEndsInTheSameBits()
    {
        string[] settings =
            ["train", "--epochs", "30", "--limit", "64", "--batch-size", "16", "--hidden", "16", .. Perturbed];
        string[] onCuda = [.. settings, "--device", "cuda"];
        string straight = InFolder("straight"), saved = InFolder("saved"), run = InFolder("run");
        Task<string> expected = Run([.. onCuda, "--save", straight]);
        using (Process killed = Start([.. onCuda, "--checkpoint", run, "--checkpoint-every", "1", "--save", saved]))
        {
            await AwaitCheckpoint(killed, run, await AwaitCheckpoint(killed, run, null));
            killed.Kill();
            Assert.That((await End(killed)).Code, Is.EqualTo(128 + 9));
        }

        Assert.That(saved, Does.Not.Exist);
        string[] resume = ["train", "--resume", run, "--save", saved, "--json"];
        string before = new CheckpointFolder(run).Checkpoints[0];
        using (Process interrupted = Start(resume))
        {
            await AwaitCheckpoint(interrupted, run, before);
            Process.Start("kill", ["-INT", $"{interrupted.Id}"]).WaitForExit();
            (int code, _, string error) = await End(interrupted);
            Assert.That(code, Is.EqualTo(130), error);
            Assert.That(error, Does.Contain("pacgen: stopped after step ").And.Contains("--resume"));
        }

        string last = await Run(resume);
        Assert.That(Losses(last)[^1], Is.EqualTo(Losses(await expected)[^1]));
        Assert.That(Weights(saved), Is.EqualTo(Weights(straight)));
        string onCpu = await Run([.. settings, "--device", "cpu"]);
        Assert.That(Numbers(await expected), Is.EqualTo(Numbers(onCpu)).Within(1e-5));
    }

    [Test]
    public async Task EachWayToMultiplyTrains()
    {
        string data = InFolder("few.npz");
        WriteImages(data);
        string[] settings =
            [
                "train", "--dataset", $"npz:{data}", "--model", "mnist-cnn", "--batch-size", "16", "--epochs", "2", .. Perturbed,
            ];
        Task<string> onCpu = Run([.. settings, "--device", "cpu"]), single = Train(),
            fastest = Train("--convolutions", "fastest"), tf32 = Train("--products", "tf32"),
            pairs = Train("--precision", "bf16");
        double[] expected = Numbers(await onCpu);
        Assert.That(Numbers(await single), Is.EqualTo(expected).Within(1e-5));
        Assert.That(Numbers(await fastest), Is.EqualTo(expected).Within(1e-5));
        Assert.That(Numbers(await tf32), Is.EqualTo(expected).Within(1e-3).And.Not.EqualTo(Numbers(await single)));
        Assert.That(Numbers(await pairs), Is.EqualTo(expected).Within(1e-2).And.Not.EqualTo(Numbers(await single)));
        string noCache = InFolder("no-cache");
        Assert.That(
            Numbers(await Finish(Start(
                [.. settings, "--device", "cuda", "--precision", "bf16"], ("PACGEN_GPU_BF16_MEMORY", "0"),
                ("XDG_CACHE_HOME", noCache), ("PACGEN_GPU_KERNELS", "0")))),
            Is.EqualTo(Numbers(await pairs)));
        Assert.That(noCache, Does.Not.Exist, "kernels are kept though nothing is to be");

        Task<string> Train(params string[] way) => Run([.. settings, "--device", "cuda", .. way]);
    }

    [Test]
    public async Task ScoresAndCertificatesAreTheCpus()
    {
        string weights = InFolder("weights");
        await Run(
            ["train", "--epochs", "3", "--limit", "128", "--hidden", "16", "--device", "cpu", "--save", weights, .. Perturbed]);
        string[] score = ["score", "--weights", weights, "--psi-images", "64", "--psi-draws", "3", "--json", "--device"];
        string[] certify =
            [
                "certify", "--limit", "128", "--hidden", "8", "--prior-epochs", "1", "--posterior-epochs", "1", "--draws", "2",
                "--json", "--device",
            ];
        Task<string> scored = Run([.. score, "cuda"]), certified = Run([.. certify, "cuda"]);
        Assert.That(Psi(await scored), Is.EqualTo(Psi(await Run([.. score, "cpu"]))).Within(0.01).Percent);
        Assert.That(Bound(await certified), Is.EqualTo(Bound(await Run([.. certify, "cpu"]))).Within(1e-6));

        static double Psi(string output) => (double)JsonNode.Parse(output)!["psi"]!;

        static double Bound(string output) => (double)JsonNode.Parse(output)!["crossEntropy"]!["certificate"]!;
    }

    /// <summary>Compiled kernels lie in the user's cache folder; one that is damaged there is compiled again.</summary>
    [Test]
    public async Task TheNextProcessFindsItsKernelsCompiled()
    {
        string cache = InFolder("own-cache"), kernels = Path.Combine(cache, "pacgen", "kernels");
        string[] train = ["train", "--epochs", "2", "--limit", "64", "--hidden", "8", "--device", "cuda", .. Perturbed];
        (string first, string said) = await Trained();
        Assert.That(said, Does.Contain("Compiling kernels for Emulated CUDA device (CUDA); later runs find them compiled."));
        string[] files = Directory.GetFiles(kernels);
        Assert.That(files, Has.Length.GreaterThan(10));
        (string found, said) = await Trained();
        Assert.That(said, Does.Not.Contain("Compiling"));
        Assert.That(Losses(found), Is.EqualTo(Losses(first)));
        byte[] whole = File.ReadAllBytes(files[0]);
        File.WriteAllBytes(files[0], whole[..(whole.Length / 2)]);
        Dictionary<string, DateTime> times = files.ToDictionary(file => file, File.GetLastWriteTimeUtc);
        Assert.That(Losses((await Trained()).Output), Is.EqualTo(Losses(first)));
        Assert.That(Directory.GetFiles(kernels), Is.EquivalentTo(files));
        Assert.That(new FileInfo(files[0]).Length, Is.EqualTo(whole.Length).Within(10).Percent);
        Assert.That(files.Where(file => File.GetLastWriteTimeUtc(file) != times[file]), Is.EqualTo(files[..1]));

        async Task<(string Output, string Error)> Trained()
        {
            using Process process = Start(train, ("XDG_CACHE_HOME", cache));
            (int code, string output, string error) = await End(process);
            Assert.That(code, Is.Zero, error);
            return (output, error);
        }
    }

    /// <summary>Starts the program where there is an emulated device.</summary>
    private Process Start(string[] arguments, params (string Name, string Value)[] variables)
    {
        // A shell that runs in the background has its children ignore SIGINT: env restores what a person's shell does.
        ProcessStartInfo start = new("env", ["--default-signal=INT", "dotnet", Program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["DOTNET_STARTUP_HOOKS"] = Emulator, ["PACGEN_TEST_CUDA"] = "emulated,init", ["PACGEN_DEVICE"] = null,

                // A cache of this class's own: what one program compiled the next ones find.
                ["XDG_CACHE_HOME"] = InFolder("cache"), ["PACGEN_GPU_KERNELS"] = null,

                // ILGPU's compiler keeps the collector busy: with a heap a core it takes a third less time.
                ["DOTNET_gcServer"] = "1",
            },
        };
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static async Task<(int Code, string Output, string Error)> End(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    /// <summary>What a process prints that ends well.</summary>
    private static async Task<string> Finish(Process process)
    {
        using (process)
        {
            (int code, string output, string error) = await End(process);
            Assert.That(code, Is.Zero, error);
            return output;
        }
    }

    private Task<string> Run(params string[] arguments) => Finish(Start(arguments));

    /// <summary>Waits until a run has a newer checkpoint than one of before.</summary>
    private static async Task<string> AwaitCheckpoint(Process process, string run, string? before)
    {
        CheckpointFolder checkpoints = new(run);
        while (true)
        {
            if (checkpoints.Checkpoints is [var newest, ..] && newest != before)
            {
                return newest;
            }

            Assert.That(process.HasExited, Is.False, "It ended before.");
            await Task.Delay(2);
        }
    }

    private static (double Train, double Test)[] Losses(string output) =>
    [
        .. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).Select(
            epoch => ((double)epoch["trainLoss"]!, (double)epoch["testLoss"]!)),
    ];

    private static double[] Numbers(string output) => [.. Losses(output).SelectMany(pair => new[] { pair.Train, pair.Test })];

    private static float[] Weights(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return [.. file.Tensors.Keys.Order(StringComparer.Ordinal).SelectMany(file.Read)];
    }

    /// <summary>Images of 16×16 of four classes, each with a bright quarter; 32 to train and 16 to test.</summary>
    private static void WriteImages(string path)
    {
        Random random = new(1);
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach ((string part, int count) in new[] { ("train", 32), ("test", 16) })
        {
            byte[] labels = [.. Enumerable.Range(0, count).Select(i => (byte)(i % 4))];
            byte[] images =
            [
                .. from label in labels
                   from row in Enumerable.Range(0, 16)
                   from column in Enumerable.Range(0, 16)
                   select (byte)(random.Next(100) + ((row / 8 * 2) + (column / 8) == label ? 150 : 0)),
            ];
            WriteArray(archive, $"x_{part}.npy", $"{count}, 16, 16", images);
            WriteArray(archive, $"y_{part}.npy", $"{count},", labels);
        }
    }

    /// <summary>An array of bytes as NumPy saves it, version 1.0.</summary>
    private static void WriteArray(ZipArchive archive, string name, string shape, byte[] values)
    {
        byte[] header = Encoding.ASCII.GetBytes($"{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape}), }}\n");
        using Stream stream = archive.CreateEntry(name).Open();
        stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header, .. values]);
    }

    private string InFolder(string name) => Path.Combine(folder, name);
}
