namespace PacGen.Tests.CudaEmulator;

/// <summary>How a kernel is run.</summary>
internal sealed record RunOptions
{
    /// <summary>Orders warps and blocks; 0 takes them in turn. A right kernel gives the same bits with every seed.</summary>
    public int Seed { get; init; }

    /// <summary>Whether accesses of shared memory without a barrier between them are faults, as racecheck has it.</summary>
    public bool ChecksRaces { get; init; } = true;

    /// <summary>
    /// Whether accesses of global memory by different blocks, of which one writes, are faults where no fence and no atomic
    /// operation lies between them.
    /// </summary>
    public bool ChecksGlobalRaces { get; init; }

    /// <summary>Where instructions, bank conflicts and sectors are counted, if anywhere.</summary>
    public RunCounts? Counts { get; init; }
}
