namespace PacGen.Tests.Packages;

/// <summary>
/// One program of the packages, published trimmed and as native code, and what the build says of mistakes in it.
/// </summary>
internal sealed class PublishTests
{
    private static readonly string Runtime = System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier;

    private UserFolder user = null!;
    private string expected = null!;

    private static string Executable => OperatingSystem.IsWindows() ? "small.exe" : "small";

    [OneTimeSetUp]
    public void Start()
    {
        user = new UserFolder();
        user.NewConsole("small", "PacGen.Nn");

        // Two figures of each number: native code has vectors of another width, and so its sums have other last bits.
        File.WriteAllText(user["small", "Program.cs"], """
            using PacGen.Nn;

            PerturbedOptimizer optimizer = new(new Adam(1e-3), eta: 0.01, gamma: 1);
            using Trainer trainer = new(new Small(), Datasets.Digits(), optimizer, new TrainingOptions { Epochs = 2 });
            trainer.Run();
            LossAndAccuracy test = trainer.Evaluate(Datasets.Digits().Test);
            Console.WriteLine($"loss {test.Loss:F2}, accuracy {test.Accuracy:F2}, Ψ {trainer.Score().Psi:G2}");
            if (args is ["gpu"])
            {
                Console.WriteLine(PacGen.Kernels.Device.Gpu);
            }

            internal sealed class Small : Module
            {
                private readonly Conv2d convolution = new(1, 4, kernelSize: 3, padding: 1);
                private readonly BatchNorm norm = new(4);
                private readonly Linear head = new(64, 10);

                public override Tensor Forward(Tensor x)
                {
                    x = norm.Forward(convolution.Forward(x)).Relu();
                    x.Tanh();
                    return head.Forward(x.MaxPool2d(2).Flatten());
                }
            }
            """);

        // The analysis that PublishAot brings, and the library's own.
        string output = user.Dotnet("small", "build", "-c", "Release", "-p:PublishAot=true");
        Assert.That(output, Does.Contain("warning IL3050").And.Contain("kernels of GPUs are made at run time"));
        Assert.That(output, Does.Contain("warning PACGEN001").And.Contain("'Tanh' changes nothing"));
        Assert.That(output, Does.Not.Contain("warning PACGEN002").And.Not.Contain("error"));
        expected = user.Dotnet(".", user["small", "bin", "Release", "net10.0", "small.dll"]);
        Assert.That(expected, Does.Contain("accuracy").And.Contain("Ψ"));
    }

    [OneTimeTearDown]
    public void End() => user.Dispose();

    /// <summary>The parts that nobody calls by name, such as layers' fields and fused kernels, are kept.</summary>
    [Test]
    public void ATrimmedProgramHasTheSameNumbers()
    {
        string output = user.Dotnet("small", "publish", "-r", Runtime, "-p:PublishTrimmed=true", "-o", "trimmed");
        Assert.That(OwnWarnings(output), Is.Empty);
        Assert.That(user.Run(".", user["small", "trimmed", Executable]), Is.EqualTo(expected));
    }

    [Test]
    public void AProgramOfNativeCodeHasTheSameNumbers()
    {
        if (!HasLinker())
        {
            Assert.Ignore("This machine has no linker for native code: clang or gcc, or Visual Studio's C++ tools on Windows.");
        }

        string output = user.Dotnet("small", "publish", "-r", Runtime, "-p:PublishAot=true", "-o", "native");
        Assert.That(output, Does.Contain("runs on the CPU alone").And.Contain("IlcInstructionSet"));
        Assert.That(OwnWarnings(output), Is.Empty);
        Assert.That(user.Run(".", user["small", "native", Executable]), Is.EqualTo(expected));
        (int code, _, string error) = user.Try(".", user["small", "native", Executable], "gpu");
        Assert.That(code, Is.Not.Zero);
        Assert.That(error, Does.Contain("publish without PublishAot"));
    }

    /// <summary>Warnings of trimming and native code that are of PacGen's assemblies; ILGPU has its own.</summary>
    private static IEnumerable<string> OwnWarnings(string output) => output.Split('\n').Where(
        line => line.Contains("warning IL", StringComparison.Ordinal) && !line.Contains("ILGPU", StringComparison.Ordinal)
            && !line.Contains("Program.cs", StringComparison.Ordinal));

    private static bool HasLinker()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return OperatingSystem.IsWindows()
            ? File.Exists(Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.ProgramFilesX86), "Microsoft Visual Studio", "Installer",
                "vswhere.exe"))
            : folders.Any(folder => File.Exists(Path.Combine(folder, "clang")) || File.Exists(Path.Combine(folder, "gcc")));
    }
}
