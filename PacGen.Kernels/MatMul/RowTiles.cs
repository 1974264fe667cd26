using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>Runs any number of rows through the micro-kernels, for one panel of columns.</summary>
internal static unsafe class RowTiles<T>
    where T : struct, IMemoryLane<T>
{
    private const int MostRows = 12, Line = 16;

    /// <summary>The rows of a full tile beside a panel of so many vectors.</summary>
    public static int Height(int vectors) => vectors switch
    {
        1 => 12,
        2 => T.Count == 16 ? 12 : 6,
        _ => T.Count == 16 ? 8 : 4,
    };

    /// <summary>The rows of the tile that wastes least on what is left of them.</summary>
    public static int HeightFor(int vectors, int left)
    {
        int height = Height(vectors), low = vectors == 1 ? 8 : T.Count == 16 ? height / 2 : FourRows<T>.Rows;
        return left <= low ? low : height;
    }

    /// <summary>One full tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Tile(
        int vectors, int height, in Summation sum, float* a, nint* aRows, float* b, nint bStep, float* c, nint* cRows,
        bool accumulate)
    {
        if (T.Count == 16 && vectors != 1)
        {
            switch (height)
            {
                case 12:
                    MicroKernel<T>.Tile12x2(sum, a, aRows, b, bStep, c, cRows, accumulate);
                    return;
                case 8:
                    MicroKernel<T>.Tile8x3(sum, a, aRows, b, bStep, c, cRows, accumulate);
                    return;
                default:
                    break;
            }
        }

        switch (vectors)
        {
            case 1 when height == 12:
                MicroKernel<T>.Tile12x1(sum, a, aRows, b, bStep, c, cRows, accumulate);
                break;
            case 1:
                MicroKernel<T>.Tile8x1(sum, a, aRows, b, bStep, c, cRows, accumulate);
                break;
            case 2 when height == FourRows<T>.Rows:
                FourRows<T>.Tile(sum, a, aRows, b, bStep, c, cRows, accumulate);
                break;
            case 2:
                MicroKernel<T>.Tile6x2(sum, a, aRows, b, bStep, c, cRows, accumulate);
                break;
            default:
                MicroKernel<T>.Tile4x3(sum, a, aRows, b, bStep, c, cRows, accumulate);
                break;
        }
    }

    /// <summary>
    /// c[r, j] = Σ a[r, k] b[k, j], or += where <paramref name="accumulate"/>, for all rows r and the panel's columns j.
    /// </summary>
    /// <param name="sum">The terms.</param>
    /// <param name="a">The rows' memory.</param>
    /// <param name="aRows">Where each row begins in it.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="b">The panel.</param>
    /// <param name="bStep">From a term to the next in the panel.</param>
    /// <param name="vectors">The panel's vectors.</param>
    /// <param name="columns">The panel's columns that count.</param>
    /// <param name="c">The output's memory.</param>
    /// <param name="cRows">Where each row's first column of the panel begins in it.</param>
    /// <param name="accumulate">Whether to add to the output.</param>
    /// <param name="dense">
    /// Whether the output's rows stand one behind the other with nothing between. A tile may then write filling over the
    /// next rows, which are written later.
    /// </param>
    /// <param name="ahead">How many rows ahead of a tile to ask for; 0 for none.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        in Summation sum, float* a, nint* aRows, int rows, float* b, nint bStep, int vectors, int columns, float* c, nint* cRows,
        bool accumulate, bool dense, int ahead = 0)
    {
        int width = vectors * T.Count, height = Height(vectors);
        int direct = width == columns ? rows : dense && !accumulate ? rows - ((width - 1) / columns) : 0;
        int row = 0;
        for (; row + height <= direct; row += height)
        {
            for (int i = row + ahead; ahead != 0 && i < Math.Min(row + ahead + height, rows); i++)
            {
                float* next = a + aRows[i];
                for (int k = 0; k < sum.Inner; k += Line)
                {
                    CpuDevice.Prefetch(next + k);
                }
            }

            Tile(vectors, height, sum, a, aRows + row, b, bStep, c, cRows + row, accumulate);
        }

        if (row == rows)
        {
            return;
        }

        nint* aTile = stackalloc nint[MostRows];
        nint* cTile = stackalloc nint[MostRows];
        float* tile = stackalloc float[24 * 16];
        while (row < rows)
        {
            int left = rows - row;
            int tall = HeightFor(vectors, left);
            for (int i = 0; i < tall; i++)
            {
                aTile[i] = aRows[row + Math.Min(i, left - 1)];
                cTile[i] = i * width;
            }

            Tile(vectors, tall, sum, a, aTile, b, bStep, tile, cTile, false);
            for (int i = 0; i < Math.Min(tall, left); i++)
            {
                Copy(tile + (i * width), c + cRows[row + i], columns, accumulate);
            }

            row += tall;
        }
    }

    /// <summary>Copies or adds a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, float* destination, int columns, bool accumulate)
    {
        int j = 0;
        if (accumulate)
        {
            for (; j + T.Count <= columns; j += T.Count)
            {
                T.Store(destination + j, T.Load(source + j) + T.Load(destination + j));
            }

            for (; j < columns; j++)
            {
                destination[j] += source[j];
            }

            return;
        }

        for (; j + T.Count <= columns; j += T.Count)
        {
            T.Store(destination + j, T.Load(source + j));
        }

        for (; j < columns; j++)
        {
            destination[j] = source[j];
        }
    }
}
