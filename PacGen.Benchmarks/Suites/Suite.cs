using BenchmarkDotNet.Attributes;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>A suite of BenchmarkDotNet: a piece of work on the CPU, at the sizes that its parameters name.</summary>
public abstract class Suite
{
    private PreparedWork prepared = null!;

    /// <summary>What is timed.</summary>
    private protected abstract Work Work { get; }

    /// <summary>Takes and fills its memory.</summary>
    [GlobalSetup]
    public void Setup() => prepared = Work.Prepare(Device.Cpu);

    /// <summary>Frees it.</summary>
    [GlobalCleanup]
    public void Cleanup() => prepared.Dispose();

    /// <summary>Does the work once.</summary>
    [Benchmark]
    public void Run() => prepared.Run();
}
