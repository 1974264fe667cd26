using System.Diagnostics;

namespace PacGen.Tests.Benchmarks;

/// <summary>Runs whose files lie on a file system with room for two pages, which a process of their own mounts.</summary>
internal sealed class FullDiskTests
{
    private const int Page = 4096, NotMounted = 77;

    /// <summary>
    /// The events fill the disk within the first epoch. The log can't take the reason, and the weights find no place: all of it
    /// is reported.
    /// </summary>
    [Test, Platform("Linux", Reason = "mounts a file system")]
    public void AllThatCanNotBeWrittenIsTold()
    {
        using Folder folder = new();
        string[] settings = ["train", "--psi", "off", "--batch-size", "16", "--threads", "1"];
        Assert.That(ProgramRun.Of([.. settings, "--epochs", "1", "--log", folder["first"]]).ExitCode, Is.Zero);
        int line = File.ReadLines(folder["first"]).First().Length;

        // The log has room for the settings, and for no line about the failure. The events of 90 steps take 9 KB.
        (int code, string error) = OnSmallDisk(
            folder["disk"], Page - line - 60,
            [.. settings, "--epochs", "3", "--log", "log", "--tensorboard", "tb", "--save", "w"]);
        Assert.That(code, Is.EqualTo(1), error);
        Assert.That(error, Does.Contain("TensorBoard's events can't be written").And.Contain(
            "The log log can't be written").And.Contain("No space left"));
        Assert.That(error, Does.Contain("--save w can't be written").And.Contain("could not be kept anywhere else"));
    }

    private static (int Code, string Error) OnSmallDisk(string disk, int logged, string[] arguments)
    {
        Directory.CreateDirectory(disk);
        string script = $$"""
            mount -t tmpfs -o size={{2 * Page}} none "$1" 2>/dev/null || exit {{NotMounted}}
            cd "$1"; export TMPDIR="$1"
            printf '{}\n%{{logged - 3}}s' '' > log
            shift; exec dotnet "$@"
            """;
        ProcessStartInfo start = new(
            "unshare",
            ["-Urm", "bash", "-c", script, "bash", disk, typeof(PacGen.Benchmarks.Application).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        using Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode == NotMounted || error.StartsWith("unshare:", StringComparison.Ordinal))
        {
            Assert.Ignore("This process may mount nothing.");
        }

        return (process.ExitCode, error);
    }
}
