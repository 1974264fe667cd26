using System.Globalization;

namespace PacGen.Benchmarks.Reporting;

/// <summary>How much memory this process has in use, and had at most; on Linux.</summary>
internal static class ProcessMemory
{
    private const string Status = "/proc/self/status", Reset = "/proc/self/clear_refs";

    /// <summary>Whether the system tells it.</summary>
    public static bool IsKnown => OperatingSystem.IsLinux() && File.Exists(Status);

    /// <summary>The bytes in use.</summary>
    public static long Now => Read("VmRSS:");

    /// <summary>The most since <see cref="ResetPeak"/>.</summary>
    public static long Peak => Read("VmHWM:");

    /// <summary>Begins a new peak.</summary>
    public static void ResetPeak() => File.WriteAllText(Reset, "5");

    private static long Read(string line) => 1024 * long.Parse(
        File.ReadLines(Status).First(one => one.StartsWith(line, StringComparison.Ordinal))[line.Length..]
            .Replace("kB", "", StringComparison.Ordinal),
        NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
}
