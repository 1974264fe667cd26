using System.Runtime.InteropServices;
using PacGen.Benchmarks.CommandLine;

namespace PacGen.Benchmarks.Reporting;

/// <summary>The machine, for the reports that keep results.</summary>
internal static class Machine
{
    /// <summary>The processor's name where the system tells it, else its architecture.</summary>
    public static string Processor { get; } = Name();

    /// <summary>How many cores this process may use.</summary>
    public static string Cores { get; } = Environment.ProcessorCount == 1 ? "1 core" : $"{Environment.ProcessorCount} cores";

    /// <summary>Processor, system and runtime, for a report's head.</summary>
    public static string Text { get; } =
        Prose.Line($"""
            {Processor}, {Cores}, {RuntimeInformation.OSDescription},
            {RuntimeInformation.FrameworkDescription}
            """);

    /// <summary>Today, for a report's head.</summary>
    public static string Date => $"{DateTime.UtcNow:yyyy-MM-dd}";

    private static string Name()
    {
        const string Known = "/proc/cpuinfo";
        string? line = File.Exists(Known)
            ? File.ReadLines(Known).FirstOrDefault(one => one.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null
            ? RuntimeInformation.ProcessArchitecture.ToString()
            : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
