using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// A kernel over the rows of a matrix (N, C) whose lanes hold rows: as many rows as a vector has places are transposed into
/// scratch memory, so that nothing is summed across a vector, no column count needs a remainder loop, and every width gives
/// the same bits.
/// </summary>
/// <typeparam name="T">The lane.</typeparam>
internal abstract unsafe class RowTileLaunch<T> : CpuLaunch
    where T : struct, IMemoryLane<T>
{
    private const int FloatsPerTask = 8192;
    private readonly int share;

    protected RowTileLaunch(CpuDevice device, float* x, long rows, int columns)
        : base(device)
    {
        X = x;
        Count = rows;
        Columns = columns;
        share = Math.Max(1, FloatsPerTask / Math.Min(FloatsPerTask, columns) / 16) * 16;
        device.ReserveScratch((long)T.Count * columns);
    }

    public sealed override int Tasks => (int)((Count + share - 1) / share);

    /// <summary>The matrix.</summary>
    protected float* X { get; }

    /// <summary>The number of rows.</summary>
    protected long Count { get; }

    /// <summary>The number of columns.</summary>
    protected int Columns { get; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override void RunTask(int task, int worker)
    {
        float* tile = Device.Scratch(worker);
        long end = Math.Min((task + 1L) * share, Count);
        for (long row = (long)task * share; row < end; row += T.Count)
        {
            int rows = (int)Math.Min(T.Count, end - row);
            Tile.Transpose<T>(X + (row * Columns), Columns, tile, T.Count, rows, Columns);
            Run(tile, row, rows);
        }
    }

    /// <summary>Computes some rows.</summary>
    /// <param name="tile">The rows' values, column by column, each a lane; may be overwritten. Places beyond the rows hold
    /// anything.</param>
    /// <param name="row">The first row.</param>
    /// <param name="rows">How many rows, at most a lane's places.</param>
    protected abstract void Run(float* tile, long row, int rows);

    /// <summary>The lanes of a tile back as rows of a matrix like X.</summary>
    protected void StoreRows(float* tile, float* y, long row, int rows) =>
        Tile.Transpose<T>(tile, T.Count, y + (row * Columns), Columns, Columns, rows);

    /// <summary>A value of each row as a lane.</summary>
    protected static T LoadPerRow(float* source, long row, int rows)
    {
        if (rows == T.Count)
        {
            return T.Load(source + row);
        }

        float* places = stackalloc float[T.Count];
        new Span<float>(places, T.Count).Clear();
        new ReadOnlySpan<float>(source + row, rows).CopyTo(new Span<float>(places, rows));
        return T.Load(places);
    }

    /// <summary>A lane as a value of each row.</summary>
    protected static void StorePerRow(float* destination, long row, int rows, T value)
    {
        if (rows == T.Count)
        {
            T.Store(destination + row, value);
            return;
        }

        float* places = stackalloc float[T.Count];
        T.Store(places, value);
        new ReadOnlySpan<float>(places, rows).CopyTo(new Span<float>(destination + row, rows));
    }
}
