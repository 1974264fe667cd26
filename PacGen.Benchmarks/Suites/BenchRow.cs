namespace PacGen.Benchmarks.Suites;

/// <summary>A piece of work as a device did it.</summary>
/// <param name="Work">What it is.</param>
/// <param name="Milliseconds">The best time of a run, or null where it was left out or failed.</param>
/// <param name="Flops">Additions and multiplications of a run, or 0 where memory is what takes the time.</param>
/// <param name="Bytes">Bytes that a run must read and write, or 0 where arithmetic is what takes the time.</param>
/// <param name="Note">Why there is no time; empty where there is.</param>
internal sealed record BenchRow(string Work, double? Milliseconds, double Flops, double Bytes, string Note)
{
    /// <summary>10⁹ operations or bytes a second; null without a time.</summary>
    public double? Rate => (Flops > 0 ? Flops : Bytes) / Milliseconds / 1e6;
}
