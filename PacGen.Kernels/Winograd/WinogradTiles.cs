using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// The tiles of Winograd's convolution over some images: squares of outputs, with the square of inputs that they need, numbered
/// image after image. Their numbers lie element by element: all tiles' first of n² numbers, then all second ones.
/// </summary>
/// <param name="windows">The windows, 3 × 3 and one place apart.</param>
/// <param name="outputs">The outputs along a side of a tile.</param>
internal readonly unsafe struct WinogradTiles(Windows windows, int outputs)
{
    private readonly int high = (windows.Rows + outputs - 1) / outputs, wide = (windows.Columns + outputs - 1) / outputs;

    /// <summary>The number of all tiles.</summary>
    public int Count => windows.Images * high * wide;

    /// <summary>The first output's image, row and column of a tile.</summary>
    public (int Image, int Row, int Column) Place(int tile)
    {
        (int rest, int column) = Math.DivRem(tile, wide);
        (int image, int row) = Math.DivRem(rest, high);
        return (image, row * outputs, column * outputs);
    }

    /// <summary>Where a square of places of an image lies, row by row; a place outside is a vector of zeros.</summary>
    /// <param name="image">The image's first number.</param>
    /// <param name="height">The image's rows.</param>
    /// <param name="width">The image's columns.</param>
    /// <param name="channels">The numbers at a place.</param>
    /// <param name="row">The square's first row; may be outside.</param>
    /// <param name="column">The square's first column; may be outside.</param>
    /// <param name="side">The places along a side.</param>
    /// <param name="zeros">As many zeros as there are channels, up to a whole vector.</param>
    /// <param name="table">Takes the addresses.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Point(
        float* image, int height, int width, int channels, int row, int column, int side, float* zeros, float** table)
    {
        for (int i = 0; i < side; i++)
        {
            float* line = image + (((nint)(row + i) * width) + column) * channels;
            bool inside = (uint)(row + i) < (uint)height;
            for (int j = 0; j < side; j++)
            {
                *table++ = inside && (uint)(column + j) < (uint)width ? line + ((nint)j * channels) : zeros;
            }
        }
    }

    /// <summary>Asks for what the next tile of a row reads that this one doesn't.</summary>
    /// <param name="table">This tile's addresses.</param>
    /// <param name="side">The places along a side.</param>
    /// <param name="step">From a tile to the next.</param>
    /// <param name="offset">Which numbers at the places.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float** table, int side, int step, nint offset)
    {
        for (int i = 0; i < side; i++, table += side)
        {
            for (int j = side - step; j < side; j++)
            {
                CpuDevice.Prefetch(table[j] + offset);
            }
        }
    }

    /// <summary>
    /// The addresses by columns of a square that is stored by rows, a vector a number: for the second of two passes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Turn(float* square, int rows, int columns, int lane, float** table)
    {
        for (int column = 0; column < columns; column++)
        {
            for (int row = 0; row < rows; row++)
            {
                *table++ = square + (((row * columns) + column) * lane);
            }
        }
    }

    /// <summary>
    /// From an element of all tiles to the next, so that the n² stores of a tile fall into different lines of the nearest cache.
    /// </summary>
    public static nint Apart(nint floats)
    {
        const int Line = 16;
        nint lines = (floats + Line - 1) / Line;
        return (lines | 1) * Line;
    }

    /// <summary>An address rounded up to a cache line.</summary>
    public static float* Aligned(float* address) => (float*)(((nuint)address + 63) & ~(nuint)63);
}
