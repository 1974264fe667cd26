using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The sum of rows and the sum of their squared deviations from the mean, column by column, in one pass. Blocks of 32 rows are
/// joined by Chan's formula, M = M₁ + M₂ + (m₁ − m₂)²·n₁n₂/(n₁ + n₂), in their order; their means are kept as differences from
/// the task's first row, so that one far from zero costs no digits. Tasks are cut as those of
/// <see cref="ReduceColumns{T, TReduction}"/>; the last to end joins them, in double precision.
/// </summary>
internal sealed unsafe class MomentsLaunch<T> : CpuLaunch, ISweep
    where T : struct, IMemoryLane<T>
{
    private const int Kept = MomentsTasks.KeptRows;

    private readonly MapCpu map;
    private readonly MapBlock values;
    private readonly float* sum;
    private readonly float* squares;
    private readonly long wideRows;
    private readonly int columns;
    private readonly int fold;
    private readonly int width;
    private readonly int stride;
    private readonly long rowsPerTask;
    private readonly float* partial;
    private readonly DeviceBuffer partialBuffer;
    private int finished;

    /// <param name="device">The device.</param>
    /// <param name="map">The rows; uniform in wide ones.</param>
    /// <param name="tasks">How they are cut.</param>
    /// <param name="sum">Gets the sums.</param>
    /// <param name="squares">Gets the sums of squared deviations.</param>
    public MomentsLaunch(CpuDevice device, MapCpu map, MomentsTasks tasks, Region sum, Region squares)
        : base(device)
    {
        this.map = map;
        this.sum = CpuDevice.Address(sum);
        this.squares = CpuDevice.Address(squares);
        (wideRows, columns, fold, width) = (tasks.Rows, tasks.Columns, tasks.Fold, tasks.Width);
        (stride, rowsPerTask, Tasks) = (tasks.Stride, tasks.RowsPerTask, tasks.Count);
        values = map.Reduced<Addition>();
        device.ReserveScratch(map.ScratchSize + (2L * stride));
        partialBuffer = device.Allocate(tasks.Kept);
        partial = CpuDevice.Address(new Region(partialBuffer));
    }

    /// <inheritdoc/>
    public override int Tasks { get; }

    /// <inheritdoc/>
    public long Elements => wideRows * width;

    /// <inheritdoc/>
    public long ElementsPerTask => rowsPerTask * width;

    /// <inheritdoc/>
    public void RunRange(int task, long start, long end, int worker) => RunTask(task, worker);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        float* scratch = Device.Scratch(worker), blockMean = scratch + map.ScratchSize, blockSquares = blockMean + stride;
        map.Prepare(scratch);
        float* origin = partial + ((nint)task * Kept * stride), mean = origin + stride, all = mean + stride;
        long first = task * rowsPerTask, end = Math.Min(first + rowsPerTask, wideRows);
        map.Evaluate(first * width, (first * width) + columns, origin, scratch);
        for (int copied = columns; copied < width; copied *= 2)
        {
            new ReadOnlySpan<float>(origin, copied).CopyTo(new Span<float>(origin + copied, copied));
        }

        int done = (int)Math.Min(WideRows.Block, end - first);
        values.Moments(first * width, done, width, origin, mean, all, scratch);
        for (long row = first + done; row < end; row += WideRows.Block)
        {
            int rows = (int)Math.Min(WideRows.Block, end - row);
            values.Moments(row * width, rows, width, origin, blockMean, blockSquares, scratch);
            Join(mean, all, blockMean, blockSquares, width, done, rows);
            done += rows;
        }

        // The rows within a wide one, by halves.
        for (int half = width / 2; half >= columns; half /= 2, done *= 2)
        {
            Join(mean, all, mean + half, all + half, half, done, done);
        }

        if (Interlocked.Increment(ref finished) == Tasks)
        {
            finished = 0;
            JoinTasks();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            partialBuffer.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Adds others' means and squares of so many rows to some; runs over the end to a whole vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Join(float* mean, float* squares, float* otherMean, float* otherSquares, int count, int rows, int more)
    {
        T share = T.Constant((float)more / (rows + more)), weight = T.Constant((float)((double)rows * more / (rows + more)));
        for (int i = 0; i < count; i += T.Count)
        {
            T own = T.Load(mean + i), apart = T.Load(otherMean + i) - own;
            T.Store(mean + i, T.Fma(apart, share, own));
            T.Store(squares + i, T.Fma(apart * apart, weight, T.Load(squares + i) + T.Load(otherSquares + i)));
        }
    }

    /// <summary>Joins what tasks left: about the mean of all, which is the same as one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void JoinTasks()
    {
        int tasks = Tasks;
        double count = (double)wideRows * fold;
        for (int column = 0; column < columns; column++)
        {
            double total = 0, deviations = 0;
            for (int task = 0; task < tasks; task++)
            {
                total += Rows(task) * Mean(task, column);
            }

            double mean = total / count;
            for (int task = 0; task < tasks; task++)
            {
                double apart = Mean(task, column) - mean;
                deviations += partial[(((Kept * (nint)task) + 2) * stride) + column] + (Rows(task) * apart * apart);
            }

            (sum[column], squares[column]) = ((float)total, (float)deviations);
        }

        double Mean(int task, int column)
        {
            float* origin = partial + (Kept * (nint)task * stride) + column;
            return (double)origin[0] + origin[stride];
        }

        double Rows(int task) => (double)fold * Math.Min(rowsPerTask, wideRows - (task * rowsPerTask));
    }
}
