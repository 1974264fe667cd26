using BenchmarkDotNet.Attributes;

namespace PacGen.Benchmarks.Suites;

/// <summary>Fused elementwise passes, in the caches and out of them.</summary>
public class FusedMaps : Suite
{
    /// <summary>Elements.</summary>
    [Params(1 << 14, 1 << 24)]
    public int Count { get; set; }

    private protected override Work Work => OperationWork.FusedMap(Count);
}
