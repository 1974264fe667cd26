using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PacGen.Kernels;

/// <summary>
/// The tiles of Winograd's convolution over some images: squares of outputs, with the square of inputs that they need, numbered
/// image after image. Their numbers lie element by element: all tiles' first of n² numbers, then all second ones.
/// </summary>
/// <param name="windows">The windows, 3 × 3.</param>
/// <param name="outputs">The outputs along a side of a tile.</param>
internal readonly unsafe struct WinogradTiles(Windows windows, int outputs)
{
    /// <summary>The room that a table of addresses needs.</summary>
    public const int Addresses = (6 * 6) + 2;

    private readonly int high = (windows.Rows + outputs - 1) / outputs, wide = (windows.Columns + outputs - 1) / outputs;

    /// <summary>The number of all tiles.</summary>
    public int Count => windows.Images * high * wide;

    /// <summary>An image's rows and columns of tiles.</summary>
    public Radix Radix => new(high, wide);

    /// <summary>The first output's image, row and column of a tile.</summary>
    public (int Image, int Row, int Column) Place(int tile)
    {
        (int rest, int column) = Math.DivRem(tile, wide);
        (int image, int row) = Math.DivRem(rest, high);
        return (image, row * outputs, column * outputs);
    }

    /// <summary>The first output's image, row and column of the tile after one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (int Image, int Row, int Column) Next(int image, int row, int column)
    {
        column += outputs;
        if (column < wide * outputs)
        {
            return (image, row, column);
        }

        row += outputs;
        return row < high * outputs ? (image, row, 0) : (image + 1, 0, 0);
    }

    /// <summary>Where a square of places of an image lies, row by row; a place outside is a vector of zeros.</summary>
    /// <param name="image">The image's first number.</param>
    /// <param name="height">The image's rows.</param>
    /// <param name="width">The image's columns.</param>
    /// <param name="channels">The numbers at a place.</param>
    /// <param name="row">The square's first row; may be outside.</param>
    /// <param name="column">The square's first column; may be outside.</param>
    /// <param name="stride">From a place to the next.</param>
    /// <param name="side">The places along a side.</param>
    /// <param name="zeros">As many zeros as there are channels, up to a whole vector.</param>
    /// <param name="table">Takes the addresses, and has room for <see cref="Addresses"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Point(
        float* image, int height, int width, int channels, int row, int column, int stride, int side, float* zeros,
        float** table)
    {
        // Eight addresses at a time: those beyond a row's are overwritten by the next row's.
        Vector256<long> first = Vector256.Create(0L, 1, 2, 3), second = Vector256.Create(4L, 5, 6, 7), none = Vector256.Create(
            (long)zeros), step = Vector256.Create(channels * (long)sizeof(float)), apart = Vector256.Create((long)stride);
        first *= apart;
        second *= apart;
        Vector256<long> left = Vector256.Create(-1L - column), right = Vector256.Create((long)width - column);
        Vector256<long> inFirst = Vector256.GreaterThan(first, left) & Vector256.LessThan(first, right);
        Vector256<long> inSecond = Vector256.GreaterThan(second, left) & Vector256.LessThan(second, right);
        first *= step;
        second *= step;
        for (int i = 0; i < side; i++, row += stride, table += side)
        {
            Vector256<long> a = none, b = none;
            if ((uint)row < (uint)height)
            {
                Vector256<long> line = Vector256.Create((long)(image + ((((nint)row * width) + column) * channels)));
                a = Vector256.ConditionalSelect(inFirst, line + first, none);
                b = Vector256.ConditionalSelect(inSecond, line + second, none);
            }

            a.Store((long*)table);
            b.Store((long*)table + Vector256<long>.Count);
        }
    }

    /// <summary>Asks for a vector at each of a square of places.</summary>
    /// <param name="from">The vector at the first place.</param>
    /// <param name="side">The places along a side.</param>
    /// <param name="step">From a place to the next of its row.</param>
    /// <param name="line">From a row of places to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* from, int side, nint step, nint line)
    {
        for (int i = 0; i < side; i++, from += line)
        {
            float* place = from;
            for (int j = 0; j < side; j++, place += step)
            {
                CpuDevice.Prefetch(place);
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
