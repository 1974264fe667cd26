using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// The tile of a staged product's output that a group computes, as a type argument: warps of 64 rows, one below the other and
/// side by side.
/// </summary>
internal interface IStagedTile
{
    /// <summary>The warps one below the other.</summary>
    static abstract int Down { get; }

    /// <summary>The warps side by side.</summary>
    static abstract int Across { get; }

    /// <summary>The columns of a warp, in sixteens: 1 to 4.</summary>
    static abstract int Width { get; }

    /// <summary>The stages in shared memory, 2 to 4.</summary>
    static abstract int Stages { get; }

    /// <summary>How many such groups a multiprocessor should hold, from which a thread's registers follow.</summary>
    static abstract int Resident { get; }

    /// <summary>The shared memory, if more than 48 KiB, which is asked for at the launch.</summary>
    static abstract ArrayView<float> Shared();
}

/// <summary>What follows from a staged tile.</summary>
internal static class StagedTile
{
    /// <summary>Static shared memory is at most so many floats.</summary>
    public const int Static = 48 << 8;

    /// <summary>The rows of a tile.</summary>
    public static int Rows<TTile>()
        where TTile : struct, IStagedTile => 64 * TTile.Down;

    /// <summary>The columns of a tile.</summary>
    public static int Columns<TTile>()
        where TTile : struct, IStagedTile => 16 * TTile.Width * TTile.Across;

    /// <summary>The threads of a group.</summary>
    public static int Threads<TTile>()
        where TTile : struct, IStagedTile => 32 * TTile.Down * TTile.Across;

    /// <summary>
    /// How many groups a multiprocessor should hold: in single precision, where registers hold more beside the sums, no more
    /// than eight warps.
    /// </summary>
    public static int Resident<TTile, TSums>()
        where TTile : struct, IStagedTile
        where TSums : struct, IStageSums => Resident(TTile.Resident, TTile.Down * TTile.Across, !TSums.ReadsAcrossTerms);

    /// <inheritdoc cref="Resident{TTile, TSums}"/>
    public static int Resident(int groups, int warps, bool single) => single ? Math.Min(groups, 8 / warps) : groups;

    /// <summary>The floats of a group's stages.</summary>
    public static int Floats<TTile>()
        where TTile : struct, IStagedTile => TTile.Stages * ProductStage.Terms * (Rows<TTile>() + Columns<TTile>());
}

/// <summary>2 × 2 warps of 64 × 64.</summary>
internal readonly struct Staged128 : IStagedTile
{
    public static int Down => 2;

    public static int Across => 2;

    public static int Width => 4;

    public static int Stages => 3;

    public static int Resident => 2;

    public static ArrayView<float> Shared() => SharedMemory.Allocate<float>(3 * ProductStage.Terms * 256);
}

/// <summary>2 × 2 warps of 64 × 48.</summary>
internal readonly struct Staged128By96 : IStagedTile
{
    public static int Down => 2;

    public static int Across => 2;

    public static int Width => 3;

    public static int Stages => 3;

    public static int Resident => 2;

    public static ArrayView<float> Shared() => SharedMemory.Allocate<float>(3 * ProductStage.Terms * 224);
}

/// <summary>2 × 2 warps of 64 × 32.</summary>
internal readonly struct Staged128By64 : IStagedTile
{
    public static int Down => 2;

    public static int Across => 2;

    public static int Width => 2;

    public static int Stages => 4;

    public static int Resident => 3;

    public static ArrayView<float> Shared() => SharedMemory.Allocate<float>(4 * ProductStage.Terms * 192);
}

/// <summary>2 warps of 64 × 48.</summary>
internal readonly struct Staged128By48 : IStagedTile
{
    public static int Down => 2;

    public static int Across => 1;

    public static int Width => 3;

    public static int Stages => 4;

    public static int Resident => 4;

    public static ArrayView<float> Shared() => SharedMemory.Allocate<float>(4 * ProductStage.Terms * 176);
}

/// <summary>2 warps of 64 × 32.</summary>
internal readonly struct Staged128By32 : IStagedTile
{
    public static int Down => 2;

    public static int Across => 1;

    public static int Width => 2;

    public static int Stages => 4;

    public static int Resident => 5;

    public static ArrayView<float> Shared() => SharedMemory.Allocate<float>(4 * ProductStage.Terms * 160);
}

/// <summary>2 warps of 64 × 16.</summary>
internal readonly struct Staged128By16 : IStagedTile
{
    public static int Down => 2;

    public static int Across => 1;

    public static int Width => 1;

    public static int Stages => 4;

    public static int Resident => 6;

    public static ArrayView<float> Shared() => SharedMemory.Allocate<float>(4 * ProductStage.Terms * 144);
}

/// <summary>4 × 2 warps of 64 × 64: three quarters of the bytes of <see cref="Staged128"/> for each product.</summary>
internal readonly struct Staged256By128 : IStagedTile
{
    public static int Down => 4;

    public static int Across => 2;

    public static int Width => 4;

    public static int Stages => 3;

    public static int Resident => 1;

    public static ArrayView<float> Shared() => SharedMemory.GetDynamic<float>();
}

/// <summary>4 warps of 64 × 64, one below the other.</summary>
internal readonly struct Staged256By64 : IStagedTile
{
    public static int Down => 4;

    public static int Across => 1;

    public static int Width => 4;

    public static int Stages => 3;

    public static int Resident => 2;

    public static ArrayView<float> Shared() => SharedMemory.GetDynamic<float>();
}

/// <summary>4 warps of 64 × 48, one below the other.</summary>
internal readonly struct Staged256By48 : IStagedTile
{
    public static int Down => 4;

    public static int Across => 1;

    public static int Width => 3;

    public static int Stages => 3;

    public static int Resident => 2;

    public static ArrayView<float> Shared() => SharedMemory.GetDynamic<float>();
}

/// <summary>2 warps of 64 × 48, side by side.</summary>
internal readonly struct Staged64By96 : IStagedTile
{
    public static int Down => 1;

    public static int Across => 2;

    public static int Width => 3;

    public static int Stages => 4;

    public static int Resident => 4;

    public static ArrayView<float> Shared() => SharedMemory.Allocate<float>(4 * ProductStage.Terms * 160);
}

/// <summary>2 warps of 64 × 32, side by side.</summary>
internal readonly struct Staged64 : IStagedTile
{
    public static int Down => 1;

    public static int Across => 2;

    public static int Width => 2;

    public static int Stages => 4;

    public static int Resident => 6;

    public static ArrayView<float> Shared() => SharedMemory.Allocate<float>(4 * ProductStage.Terms * 128);
}
