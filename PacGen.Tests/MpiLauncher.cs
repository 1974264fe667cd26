using System.Diagnostics;

namespace PacGen.Tests;

/// <summary>A program that starts the processes of an MPI program.</summary>
internal sealed record MpiLauncher(string Path, bool IsOpenMpi)
{
    /// <summary>All that the machine has; one that stands for none, where it has none.</summary>
    public static IReadOnlyList<MpiLauncher> All { get; } = Find();

    public static MpiLauncher Any => All[0];

    /// <summary>
    /// How long Open MPI leaves the others, after one has died, before it kills them: on a loaded machine a second may be too
    /// short to say so.
    /// </summary>
    public int SecondsToEnd { get; init; } = 1;

    /// <summary>Starts a .NET program on some ranks; skips the test where there is no launcher.</summary>
    /// <param name="ranks">How many.</param>
    /// <param name="arguments">The program's assembly, and what it is told.</param>
    public Process Start(int ranks, params string[] arguments)
    {
        if (Path.Length == 0)
        {
            Assert.Ignore("There is no mpirun: apt-get install openmpi-bin.");
        }

        string[] own = IsOpenMpi ? ["--oversubscribe", "--bind-to", "none"] : [];
        return Process.Start(new ProcessStartInfo(Path, ["-np", $"{ranks}", .. own, "dotnet", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["TERM"] = "dumb", // it gives them a terminal that is none
                ["OMPI_ALLOW_RUN_AS_ROOT"] = "1",
                ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1",
                ["OMPI_MCA_odls_base_sigkill_timeout"] = $"{SecondsToEnd}",
            },
        })!;
    }

    /// <summary>The same, to its end.</summary>
    public (int Code, string Output, string Error) Run(int ranks, params string[] arguments)
    {
        using Process process = Start(ranks, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Result.ReplaceLineEndings("\n"), error.ReplaceLineEndings("\n"));
    }

    public override string ToString() => Path.Length == 0 ? "none" : IsOpenMpi ? "Open MPI" : "MPICH";

    private static List<MpiLauncher> Find()
    {
        List<MpiLauncher> found = [];
        string[] folders = Environment.GetEnvironmentVariable("PATH")?.Split(System.IO.Path.PathSeparator) ?? [];
        foreach (string name in new[] { "mpirun.openmpi", "mpirun.mpich", "mpirun" })
        {
            string? path = folders.Select(folder => System.IO.Path.Combine(folder, name)).FirstOrDefault(File.Exists);
            if (path is null || (name == "mpirun" && found.Count > 0))
            {
                continue;
            }

            using Process asked = Process.Start(
                new ProcessStartInfo(path, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string version = asked.StandardOutput.ReadToEnd();
            asked.WaitForExit();
            found.Add(new MpiLauncher(path, version.Contains("Open MPI", StringComparison.Ordinal)
                || version.Contains("OpenRTE", StringComparison.Ordinal)));
        }

        return found.Count > 0 ? found : [new MpiLauncher("", false)];
    }
}
