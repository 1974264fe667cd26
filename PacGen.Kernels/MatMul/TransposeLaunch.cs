using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// Writes a matrix's transpose, a small square at a time, so that each line of both is still in the cache when it comes again.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="rows">The matrix's rows.</param>
/// <param name="columns">The matrix's columns.</param>
/// <param name="source">The matrix.</param>
/// <param name="destination">Its transpose.</param>
internal sealed unsafe class TransposeLaunch(CpuDevice device, int rows, int columns, Region source, Region destination)
    : CpuLaunch(device)
{
    private const int RowsPerTask = 64;
    private const int Square = 8;

    /// <inheritdoc/>
    public override int Tasks => (rows + RowsPerTask - 1) / RowsPerTask;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        float* from = CpuDevice.Address(source), to = CpuDevice.Address(destination);
        int end = Math.Min(rows, (task + 1) * RowsPerTask);
        for (int row = task * RowsPerTask; row < end; row += Square)
        {
            int endRow = Math.Min(end, row + Square);
            for (int column = 0; column < columns; column += Square)
            {
                int endColumn = Math.Min(columns, column + Square);
                if (SquareTranspose.IsSupported && endRow - row == Square && endColumn - column == Square)
                {
                    CopySquare(from + ((nint)row * columns) + column, to + ((nint)column * rows) + row);
                    continue;
                }

                for (int j = column; j < endColumn; j++)
                {
                    float* line = to + ((nint)j * rows);
                    float* at = from + ((nint)row * columns) + j;
                    for (int i = row; i < endRow; i++, at += columns)
                    {
                        line[i] = *at;
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CopySquare(float* from, float* to)
    {
        for (int i = 0; i < Square; i += SquareTranspose.Side)
        {
            for (int j = 0; j < Square; j += SquareTranspose.Side)
            {
                SquareTranspose.Copy(from + ((nint)i * columns) + j, columns, to + ((nint)j * rows) + i, rows);
            }
        }
    }
}
