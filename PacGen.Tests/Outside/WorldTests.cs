using System.Diagnostics;

namespace PacGen.Tests.Outside;

/// <summary>A program of a user's on the processes that <c>mpirun</c> starts: <see cref="Program"/>.</summary>
internal sealed class WorldTests
{
    private static readonly string Assembly = typeof(Program).Assembly.Location;

    [Test]
    public void AProgramHasTheSameBitsOnTwoProcesses()
    {
        string[] alone = Alone("overlap");
        Assert.That(alone[0], Is.EqualTo("1 ranks: 9999; 0; True"));
        foreach (string how in new[] { "overlap", "wait" })
        {
            (int code, string output, string error) = MpiLauncher.Any.Run(2, Assembly, how);
            Assert.That(code, Is.Zero, error);
            Assert.That(
                output.Split('\n', StringSplitOptions.RemoveEmptyEntries),
                Is.EqualTo(new[] { "2 ranks: 29997; 0 10; True", alone[1] }), "rank 0 alone prints");
        }
    }

    /// <summary>An exception that nobody catches ends the other process too, which waits for it.</summary>
    [Test]
    public void AnUncaughtExceptionEndsAll()
    {
        using Process launched = MpiLauncher.Any.Start(2, Assembly, "fail");
        Task<string> error = launched.StandardError.ReadToEndAsync();
        launched.BeginOutputReadLine();
        Assert.That(launched.WaitForExit(TimeSpan.FromMinutes(3)), "the other ends too");
        Assert.That(launched.ExitCode, Is.Not.Zero);
        Assert.That(error.Result, Does.Contain("Nobody catches this."));
    }

    /// <summary>
    /// An exception that the program catches, on one process: it may do no more sums where one was left unfinished, and its end
    /// ends the other, which waits for it.
    /// </summary>
    [TestCase("step", true)]
    [TestCase("between", false)]
    public void ACaughtExceptionEndsAllWithTheProgram(string where, bool unfinished)
    {
        using Process launched = MpiLauncher.Any.Start(2, Assembly, "caught", where);
        Task<string> error = launched.StandardError.ReadToEndAsync();
        launched.BeginOutputReadLine();
        Assert.That(launched.WaitForExit(TimeSpan.FromMinutes(3)), "the other ends too");
        Assert.That(launched.ExitCode, Is.EqualTo(3));
        Assert.That(error.Result, Does.Contain("Somebody catches this.").And.Not.Contain("Segmentation"));
        Assert.That(error.Result.Contains("unfinished on rank 1 of 2", StringComparison.Ordinal), Is.EqualTo(unfinished));
    }

    private static string[] Alone(string argument)
    {
        using Process process = Process.Start(
            new ProcessStartInfo("dotnet", [Assembly, argument]) { RedirectStandardOutput = true })!;
        string[] lines = process.StandardOutput.ReadToEnd().ReplaceLineEndings("\n").Split(
            '\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero);
        return lines;
    }
}
