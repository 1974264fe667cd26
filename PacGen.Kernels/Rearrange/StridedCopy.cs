using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Copies a box of elements on the CPU: rows that are contiguous on both sides as rows, an axis that is contiguous on the side
/// that is read and another on the side that is written by tiles in registers, anything else element by element.
/// </summary>
internal sealed unsafe class StridedCopy<T> : CpuLaunch
    where T : struct, IMemoryLane<T>
{
    private const long FloatsPerTask = 32768;
    private const int Side = 64;
    private readonly float* x;
    private readonly float* y;
    private readonly (long Extent, long From, long To)[] outer;
    private readonly (long Extent, long From, long To) row;
    private readonly (long Extent, long From, long To) turned;
    private readonly long rowPieces, rowPiece, turnedPieces, units, share;

    /// <param name="device">The device.</param>
    /// <param name="box">The elements.</param>
    /// <param name="x">The tensor that is read.</param>
    /// <param name="y">The tensor that is written.</param>
    public StridedCopy(CpuDevice device, StridedBox box, float* x, float* y)
        : base(device)
    {
        this.x = x + box.FromStart;
        this.y = y + box.ToStart;
        List<(long Extent, long From, long To)> axes = [];
        for (int axis = 0; axis < box.Extents.Length; axis++)
        {
            axes.Add((box.Extents[axis], box.From[axis], box.To[axis]));
        }

        row = axes[^1];
        axes.RemoveAt(axes.Count - 1);
        turned = (1, 0, 0);
        int contiguous = axes.FindLastIndex(axis => axis.From == 1);
        if (row is { From: not 1, To: 1 } && contiguous >= 0)
        {
            turned = axes[contiguous];
            axes.RemoveAt(contiguous);
        }

        outer = [.. axes];
        bool turns = turned.Extent > 1;
        rowPiece = turns ? Side : FloatsPerTask;
        rowPieces = (row.Extent + rowPiece - 1) / rowPiece;
        turnedPieces = (turned.Extent + Side - 1) / Side;
        units = outer.Aggregate(turnedPieces * rowPieces, (product, axis) => product * axis.Extent);
        share = Math.Clamp(FloatsPerTask / (Math.Min(rowPiece, row.Extent) * Math.Min(Side, turned.Extent)), 1, units);
    }

    /// <inheritdoc/>
    public override int Tasks => checked((int)((units + share - 1) / share));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        long end = Math.Min((task + 1) * share, units);
        for (long unit = task * share; unit < end; unit++)
        {
            long first = unit % rowPieces * rowPiece, rest = unit / rowPieces, from = first * row.From, to = first * row.To;
            long count = Math.Min(rowPiece, row.Extent - first), column = rest % turnedPieces * Side;
            rest /= turnedPieces;
            for (int axis = outer.Length - 1; axis >= 0; axis--)
            {
                (long extent, long fromStep, long toStep) = outer[axis];
                long next = rest / extent, index = rest - (next * extent);
                from += index * fromStep;
                to += index * toStep;
                rest = next;
            }

            if (turned.Extent > 1)
            {
                Tile.Transpose<T>(
                    x + from + column, row.From, y + to + (column * turned.To), turned.To, (int)count,
                    (int)Math.Min(Side, turned.Extent - column));
            }
            else
            {
                Copy(x + from, y + to, count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Copy(float* from, float* to, long count)
    {
        if (row is { From: 1, To: 1 })
        {
            new ReadOnlySpan<float>(from, (int)count).CopyTo(new Span<float>(to, (int)count));
            return;
        }

        for (long i = 0; i < count; i++)
        {
            to[i * row.To] = from[i * row.From];
        }
    }
}

/// <summary>Zeros a tensor on the CPU.</summary>
internal sealed unsafe class ClearLaunch(CpuDevice device, float* y, long count) : CpuLaunch(device)
{
    private const long FloatsPerTask = 65536;

    /// <inheritdoc/>
    public override int Tasks => checked((int)((count + FloatsPerTask - 1) / FloatsPerTask));

    /// <inheritdoc/>
    public override void RunTask(int task, int worker)
    {
        long first = task * FloatsPerTask;
        new Span<float>(y + first, (int)Math.Min(FloatsPerTask, count - first)).Clear();
    }
}
