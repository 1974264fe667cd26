namespace PacGen.Kernels;

/// <summary>
/// The tile of a pipelined product's output that a group computes, as a type argument; a warp has 64 × 64 of it.
/// </summary>
internal interface IPipelineTile
{
    /// <summary>Its rows.</summary>
    static abstract int Rows { get; }

    /// <summary>Its columns.</summary>
    static abstract int Columns { get; }

    /// <summary>The stages in shared memory.</summary>
    static abstract int Stages { get; }
}

/// <summary>Four warps, three stages.</summary>
internal readonly struct Pipeline128 : IPipelineTile
{
    public static int Rows => 128;

    public static int Columns => 128;

    public static int Stages => 3;
}
