using System.Diagnostics;

namespace PacGen.Tests;

/// <summary>The samples, run as a person runs them: <c>dotnet run samples/NAME.cs</c>.</summary>
internal sealed class SampleTests
{
    private static IEnumerable<string> Samples() =>
        Directory.GetFiles(Path.Combine(HouseTests.Root, "samples"), "*.cs").Select(file => Path.GetFileName(file));

    [TestCaseSource(nameof(Samples))]
    public void Runs(string sample)
    {
        string[] lines = File.ReadAllLines(Path.Combine(HouseTests.Root, "samples", sample));
        Assert.That(lines, Has.Length.LessThan(60), "a sample is short");
        string output = DotnetRun(HouseTests.Root, Path.Combine("samples", sample));
        Assert.That(output, Does.Contain("test loss"));
    }

    /// <summary>
    /// A script builds the projects that it refers to in Debug, wherever it lies. Unoptimised, kernels take 20 to 70 times as
    /// long; so the libraries are optimised in every configuration.
    /// </summary>
    [Test]
    public void AScriptElsewhereGetsOptimisedLibraries()
    {
        using Benchmarks.Folder folder = new();
        File.WriteAllText(folder["script.cs"], $$"""
            #:project {{Path.Combine(HouseTests.Root, "PacGen.Nn", "PacGen.Nn.csproj")}}
            #:property PublishAot=false
            using System.Diagnostics;
            using System.Reflection;
            foreach (Type type in (Type[])[typeof(PacGen.Core.Bounds.Catoni), typeof(PacGen.Kernels.Shape), typeof(PacGen.Nn.Trainer)])
            {
                bool optimised = type.Assembly.GetCustomAttribute<DebuggableAttribute>() is not { IsJITOptimizerDisabled: true };
                Console.WriteLine($"{type.Assembly.GetName().Name} {(optimised ? "optimised" : "unoptimised")}");
            }
            """);
        Assert.That(
            DotnetRun(folder[""], "script.cs").Split('\n', StringSplitOptions.RemoveEmptyEntries),
            Is.EqualTo(new[] { "PacGen.Core optimised", "PacGen.Kernels optimised", "PacGen.Nn optimised" }));
    }

    private static string DotnetRun(string folder, string script)
    {
        ProcessStartInfo start = new("dotnet", ["run", script])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The test host's own build settings are not the script's.
        start.Environment.Remove("MSBuildSDKsPath");
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, output + error.Result);
        return output;
    }
}
