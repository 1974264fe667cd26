using System.Globalization;

namespace PacGen.Benchmarks.Suites;

/// <summary>A piece of work as a device did it.</summary>
/// <param name="Work">What it is.</param>
/// <param name="Milliseconds">The best time of a run, or null where it was left out or failed.</param>
/// <param name="Note">Why there is no time; empty where there is.</param>
internal sealed record BenchRow(Work Work, double? Milliseconds, string Note)
{
    /// <summary>What stands where there is no number.</summary>
    public const string NoValue = "–";

    /// <summary>10⁹ operations or bytes a second; null without a time, or where neither is counted.</summary>
    public double? Rate => Work.Flops + Work.Bytes == 0 ? null : (Work.Flops > 0 ? Work.Flops : Work.Bytes) / Milliseconds / 1e6;

    /// <summary>The time in milliseconds, or why there is none.</summary>
    public string Time => Milliseconds is { } time ? TimeOf(time) : Note;

    /// <summary>The rate with its unit.</summary>
    public string RateText => (Rate, Work.Flops > 0) switch
    {
        (null, _) => NoValue,
        ( >= 1000 and { } fast, true) => $"{fast / 1000:F2} TFLOP/s",
        ({ } rate, var arithmetic) => $"{rate:F1} {(arithmetic ? "GFLOP/s" : "GB/s")}",
    };

    /// <summary>A time in milliseconds.</summary>
    public static string TimeOf(double milliseconds) =>
        milliseconds.ToString(milliseconds < 1 ? "F4" : "F2", CultureInfo.InvariantCulture);

    /// <summary>The rate as a share of the most that there could be.</summary>
    public string ShareOf(double? ceiling) => (Rate / ceiling)?.ToString("P0", CultureInfo.InvariantCulture) ?? NoValue;
}
