using BenchmarkDotNet.Attributes;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>Fused elementwise passes, in the caches and out of them.</summary>
public class FusedMaps
{
    private Work work = null!;

    /// <summary>Elements.</summary>
    [Params(1 << 14, 1 << 24)]
    public int Count { get; set; }

    /// <summary>Makes the inputs.</summary>
    [GlobalSetup]
    public void Setup() => work = Work.FusedMap(Device.Cpu, Count);

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup() => work.Dispose();

    /// <summary>max(xy + z, 0).</summary>
    [Benchmark]
    public void MultiplyAddRelu() => work.Run();
}
