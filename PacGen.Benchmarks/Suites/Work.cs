using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// A piece of work to be timed, through the public API. The suites, the quick table, a device's tables and the comparison with
/// peers time the same pieces: those of <see cref="OperationWork"/>, <see cref="ParameterWork"/> and <see cref="StepWork"/>.
/// </summary>
/// <param name="Name">What it is.</param>
/// <param name="Flops">The additions and multiplications of a run, or 0 where memory is what takes the time.</param>
/// <param name="Bytes">The bytes that a run must read and write, or 0 where arithmetic is what takes the time.</param>
/// <param name="Memory">The bytes that it needs on the device, as far as they are known beforehand.</param>
/// <param name="Make">Takes and fills its memory on a device, and compiles its graph.</param>
internal sealed record Work(
    string Name, double Flops, double Bytes, double Memory, Func<Device, Precision, PreparedWork> Make)
{
    /// <summary>What its products multiply.</summary>
    public Precision Precision { get; init; }

    /// <summary>Makes it ready on a device.</summary>
    public PreparedWork Prepare(Device device) => Make(device, Precision);

    /// <summary>Prepares it and times it.</summary>
    /// <param name="device">Where.</param>
    /// <param name="seconds">How long it is repeated.</param>
    public BenchRow Measure(Device device, double seconds)
    {
        using PreparedWork prepared = Prepare(device);
        return new BenchRow(this, prepared.Best(seconds), "");
    }
}
