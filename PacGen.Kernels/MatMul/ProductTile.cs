namespace PacGen.Kernels;

/// <summary>
/// The tile of a product's output that a group of GPU threads computes, as a type argument. Each thread has 8 × 8 numbers, so
/// that a group has Rows · Columns / 64 threads.
/// </summary>
internal interface IProductTile
{
    /// <summary>Its rows: 32, 64 or 128.</summary>
    static abstract int Rows { get; }

    /// <summary>Its columns: 32, 64 or 128.</summary>
    static abstract int Columns { get; }
}

/// <summary>What all tiles share.</summary>
internal static class ProductTile
{
    /// <summary>The terms that are in shared memory at a time, twice.</summary>
    public const int Terms = 8;

    /// <summary>
    /// From a term's line in shared memory to the next: the odd quad keeps a warp's stores across lines in different banks.
    /// </summary>
    public static int Stride(int extent) => extent + 4;
}

/// <summary>256 threads: for products that fill a GPU with such tiles.</summary>
internal readonly struct Tile128 : IProductTile
{
    public static int Rows => 128;

    public static int Columns => 128;
}

/// <summary>64 threads: for smaller products.</summary>
internal readonly struct Tile64 : IProductTile
{
    public static int Rows => 64;

    public static int Columns => 64;
}

/// <summary>64 threads, for few columns, such as the channels of a convolution.</summary>
internal readonly struct Tile128By32 : IProductTile
{
    public static int Rows => 128;

    public static int Columns => 32;
}

/// <summary>16 threads, as many as the simulator has.</summary>
internal readonly struct Tile32 : IProductTile
{
    public static int Rows => 32;

    public static int Columns => 32;
}
