using System.Diagnostics;

namespace PacGen.Tests;

/// <summary>The samples, run as a person runs them: <c>dotnet run samples/NAME.cs</c>.</summary>
internal sealed class SampleTests
{
    private static IEnumerable<string> Samples() => Directory.GetFiles(Path.Combine(HouseTests.Root, "samples"), "*.cs").Select(file => Path.GetFileName(file));

    [TestCaseSource(nameof(Samples))]
    public void Runs(string sample)
    {
        string[] lines = File.ReadAllLines(Path.Combine(HouseTests.Root, "samples", sample));
        Assert.That(lines, Has.Length.LessThan(60), "a sample is short");
        ProcessStartInfo start = new("dotnet", ["run", "-c", "Release", Path.Combine("samples", sample)])
        {
            WorkingDirectory = HouseTests.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The test host's own build settings are not the sample's.
        start.Environment.Remove("MSBuildSDKsPath");
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, output + error.Result);
        Assert.That(output, Does.Contain("test loss"));
    }
}
