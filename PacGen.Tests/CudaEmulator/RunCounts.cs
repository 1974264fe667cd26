namespace PacGen.Tests.CudaEmulator;

/// <summary>What runs of kernels took, summed.</summary>
internal sealed class RunCounts
{
    /// <summary>Instructions issued, a warp each.</summary>
    public long Issued { get; set; }

    /// <summary>The same by operation, without modifiers: `fma`, `ld.shared`, `mma`.</summary>
    public SortedDictionary<string, long> ByKind { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Passes that shared memory takes: one for each access of a warp, and one more for each conflict of banks.
    /// </summary>
    public long SharedWavefronts { get; set; }

    /// <summary>Sectors of 32 bytes that loads of global memory touch, a warp's instruction each.</summary>
    public long LoadSectors { get; set; }

    public long StoreSectors { get; set; }
}
