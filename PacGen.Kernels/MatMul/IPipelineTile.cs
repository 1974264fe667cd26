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

/// <summary>Eight warps, two stages.</summary>
internal readonly struct Pipeline128By256 : IPipelineTile
{
    public static int Rows => 128;

    public static int Columns => 256;

    public static int Stages => 2;
}

/// <summary>One warp, four stages: for small outputs.</summary>
internal readonly struct Pipeline64 : IPipelineTile
{
    public static int Rows => 64;

    public static int Columns => 64;

    public static int Stages => 4;
}
