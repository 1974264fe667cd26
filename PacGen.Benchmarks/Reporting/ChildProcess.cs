using System.Diagnostics;

namespace PacGen.Benchmarks.Reporting;

/// <summary>This program once more, in a process of its own.</summary>
internal static class ChildProcess
{
    /// <summary>Runs it and gives what it wrote.</summary>
    /// <param name="arguments">Its command line.</param>
    /// <param name="environment">Variables that it sees beside this process's.</param>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static string Run(IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> environment)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "pacgen.dll"));
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? text : throw new InvalidOperationException(
            $"pacgen {string.Join(' ', arguments)} ended with exit code {process.ExitCode} in a process of its own.");
    }
}
