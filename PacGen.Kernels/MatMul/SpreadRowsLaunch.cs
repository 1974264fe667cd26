using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// Copies a matrix so that its rows begin further apart: rows a multiple of 4 KiB apart fall into the same few lines of the
/// nearest cache and drive each other, and the right factor's panel, out of it.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="rows">Rows.</param>
/// <param name="columns">Columns.</param>
/// <param name="stride">From a row to the next in the copy, in elements.</param>
/// <param name="source">The matrix.</param>
/// <param name="destination">The copy.</param>
internal sealed unsafe class SpreadRowsLaunch(
    CpuDevice device, int rows, int columns, int stride, Region source, Region destination) : CpuLaunch(device)
{
    private const int RowsPerTask = 32;

    /// <inheritdoc/>
    public override int Tasks => (rows + RowsPerTask - 1) / RowsPerTask;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        float* from = CpuDevice.Address(source), to = CpuDevice.Address(destination);
        for (long row = (long)task * RowsPerTask; row < Math.Min(rows, (task + 1L) * RowsPerTask); row++)
        {
            new ReadOnlySpan<float>(from + (row * columns), columns).CopyTo(new Span<float>(to + (row * stride), columns));
        }
    }
}
