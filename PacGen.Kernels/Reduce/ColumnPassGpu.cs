using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// The kernel of a <see cref="ColumnPass"/>. A group sums some rows of some columns, its threads' sums are added as a tree in
/// shared memory, and of the groups of the same columns the last to end adds up what all of them have left in memory, in the
/// order of the rows, and computes the maps: no second launch is waited for.
/// </summary>
/// <remarks>
/// Squares about the mean: a thread takes the squares about the first number that it reads, of at most 64, so that little
/// cancels, and sums of two sets are joined by Σ(x − m)² = Σₐ + Σᵦ + (mᵦ − mₐ)²·nₐnᵦ/(nₐ + nᵦ) (Chan, Golub and LeVeque 1979), in
/// which nothing does. Means are kept as distances from the column's first number, which may be large beside them.
/// </remarks>
internal static class ColumnPassGpu
{
    private const int MostRows = 64;
    private const int FewestRows = 4;
    private const int EnoughUnits = 512;
    private const int Widest = 16;

    /// <summary>The most threads of a group.</summary>
    public const int GroupSize = 256;

    /// <summary>How groups walk the tensor: columns are counted in fours.</summary>
    internal readonly struct Walk
    {
        /// <summary>The places of a column, and the columns.</summary>
        public readonly int Rows, Columns;

        /// <summary>The numbers of a column, and how many of them are in a full unit.</summary>
        public readonly int Numbers, NumbersPerUnit;

        /// <summary>A group's threads: columns, and threads that share a column's rows.</summary>
        public readonly int Width, Lanes;

        /// <summary>How columns and rows are cut into what a group takes.</summary>
        public readonly int ColumnUnits, RowUnits, RowsPerUnit;

        public Walk(int group, int numbers, int atPlace, int columns)
        {
            int rows = (numbers + atPlace - 1) / atPlace;
            Rows = rows;
            Columns = columns;
            Numbers = numbers;
            int widest = Math.Min(group, Widest);
            ColumnUnits = (columns + widest - 1) / widest;
            Width = (columns + ColumnUnits - 1) / ColumnUnits;
            Lanes = Math.Min(group / Width, (rows + 3) / 4);
            int wanted = Math.Max((rows + (MostRows * Lanes) - 1) / (MostRows * Lanes), Math.Max(1, EnoughUnits / ColumnUnits));
            RowsPerUnit = Math.Clamp((rows + wanted - 1) / wanted, Math.Min(rows, FewestRows * Lanes), MostRows * Lanes);
            RowUnits = (rows + RowsPerUnit - 1) / RowsPerUnit;
            NumbersPerUnit = RowsPerUnit * atPlace;
        }
    }
}

/// <summary>The kernel, closed over what it sums and what it computes of the sums.</summary>
internal sealed class ColumnPassGpu<TSource, TMaps> : Launch
    where TSource : struct, IColumnSource
    where TMaps : struct, IColumnMaps
{
    private readonly Action<
        KernelConfig, TSource, TMaps, ArrayView<Quad>, ArrayView<float>, ArrayView<float>, ArrayView<int>,
        ColumnPassGpu.Walk> kernel;
    private readonly KernelConfig grid;
    private readonly TSource source;
    private readonly TMaps maps;
    private readonly ArrayView<Quad> parts;
    private readonly ArrayView<float> first, second;
    private readonly ArrayView<int> counters;
    private readonly ColumnPassGpu.Walk walk;
    private readonly DeviceBuffer partial, counts;

    public ColumnPassGpu(GpuDevice device, Shape shape, TSource source, TMaps maps, Region[] sums)
    {
        (this.source, this.maps) = (source, maps);
        (first, second) = (GpuDevice.View(sums[0]), GpuDevice.View(sums[1]));
        int columns = shape[-1] / Quad.Count, group = device.Groups(1, ColumnPassGpu.GroupSize).GroupDim.X;
        walk = new ColumnPassGpu.Walk(group, (int)(shape.Count / shape[-1]), TSource.RowsAtPlace, columns);
        grid = new KernelConfig(walk.ColumnUnits * walk.RowUnits, group);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<
                TSource, TMaps, ArrayView<Quad>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ColumnPassGpu.Walk>(Kernel));
        partial = device.AllocateUncleared((TSource.HasSecond ? 2L : 1L) * walk.RowUnits * columns * Quad.Count, "parts of sums");
        try
        {
            counts = device.Allocate(walk.ColumnUnits, "counts of sums' parts");
        }
        catch
        {
            partial.Dispose();
            throw;
        }

        parts = Packs.View<Quad>(new Region(partial));
        counters = GpuDevice.View(new Region(counts)).Cast<int>();
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, source, maps, parts, first, second, counters, walk);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            partial.Dispose();
            counts.Dispose();
        }

        base.Dispose(disposing);
    }

    internal static void Kernel(
        TSource source, TMaps maps, ArrayView<Quad> parts, ArrayView<float> first, ArrayView<float> second,
        ArrayView<int> counters, ColumnPassGpu.Walk walk)
    {
        // All that lives across a barrier stands in shared memory or is computed again: a value that a branch with a barrier
        // changes is one that PoCL can't keep. So every group goes through the second part, those that are not last with no rows.
        ArrayView<Quad> sums = SharedMemory.Allocate<Quad>(ColumnPassGpu.GroupSize);
        ArrayView<Quad> seconds = SharedMemory.Allocate<Quad>(ColumnPassGpu.GroupSize);
        ArrayView<int> counts = SharedMemory.Allocate<int>(ColumnPassGpu.GroupSize);
        ArrayView<int> ended = SharedMemory.Allocate<int>(1);
        int thread = Group.IdxX, lane = thread / walk.Width;
        int rowUnit = Grid.IdxX % walk.RowUnits, columnUnit = Grid.IdxX / walk.RowUnits;
        int column = (columnUnit * walk.Width) + (thread % walk.Width), partRows = walk.RowUnits * walk.Columns;
        bool works = lane < walk.Lanes && column < walk.Columns;
        if (works)
        {
            int start = rowUnit * walk.RowsPerUnit, end = IntrinsicMath.Min(start + walk.RowsPerUnit, walk.Rows);
            if (TSource.RowsAtPlace > 1)
            {
                Add(walk, source, start + lane, end, TSource.RowsAtPlace, column, sums, seconds, counts);
            }
            else if (TSource.IsMoments)
            {
                Moments(source, walk, start + lane, end, column, sums, seconds, counts);
            }
            else
            {
                Sums(source, walk, start + lane, end, column, sums, seconds);
            }
        }

        Fold(works, lane, walk, sums, seconds, counts);
        if (works && lane == 0)
        {
            int at = (rowUnit * walk.Columns) + column;
            parts[at] = sums[thread];
            if (TSource.HasSecond)
            {
                parts[partRows + at] = seconds[thread];
            }
        }

        // The barriers order the block's threads, and the fences beside the atomic operation what they have written for the last
        // block; OpenCL's barrier orders local memory alone, so that there each thread needs a fence of its own.
        MemoryFence.DeviceLevel();
        Group.Barrier();
        if (thread == 0)
        {
            MemoryFence.DeviceLevel();
            ended[0] = Atomic.Add(ref counters[columnUnit], 1);
            MemoryFence.DeviceLevel();
        }

        Group.Barrier();
        MemoryFence.DeviceLevel();
        if (works)
        {
            int rows = ended[0] == walk.RowUnits - 1 ? walk.RowUnits : 0;
            Add(walk, new Parts(parts, partRows), lane, rows, walk.NumbersPerUnit, column, sums, seconds, counts);
        }

        Fold(works, lane, walk, sums, seconds, counts);
        bool isLast = ended[0] == walk.RowUnits - 1;
        if (works && lane == 0 && isLast)
        {
            Quad sum = sums[thread];
            if (TSource.IsMoments)
            {
                // The mean's distance from the column's first number, and that number, times the rows.
                Quad count = Quad.Constant(walk.Numbers);
                sum = Quad.MultiplyAdd(count, source.Origin(column), Quad.Multiply(count, sum));
            }

            Store(first, column, sum);
            if (TSource.HasSecond)
            {
                Store(second, column, seconds[thread]);
            }
        }

        Group.Barrier();
        if (ended[0] == walk.RowUnits - 1)
        {
            int from = Quad.Count * columnUnit * walk.Width;
            int to = Quad.Count * IntrinsicMath.Min((columnUnit + 1) * walk.Width, walk.Columns);
            for (int i = from + thread; i < to; i += Group.DimX)
            {
                maps.Run(i);
            }

            if (thread == 0)
            {
                counters[columnUnit] = 0;
            }
        }
    }

    /// <summary>A thread's sums, in two accumulators each: more rows in flight would leave room for fewer threads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sums(
        TSource source, ColumnPassGpu.Walk walk, int row, int end, int column, ArrayView<Quad> sums, ArrayView<Quad> seconds)
    {
        Quad a = default, b = default, c = default, d = default;
        int step = walk.Lanes * walk.Columns, at = (row * walk.Columns) + column;
        for (; row + walk.Lanes < end; row += 2 * walk.Lanes)
        {
            TwoQuads q = source.Load(at, column), r = source.Load(at + step, column);
            source.Store(at, q);
            source.Store(at + step, r);
            a = Quad.Add(a, q.First);
            b = Quad.Add(b, r.First);
            if (TSource.HasSecond)
            {
                c = Quad.Add(c, q.Second);
                d = Quad.Add(d, r.Second);
            }

            at += 2 * step;
        }

        if (row < end)
        {
            TwoQuads q = source.Load(at, column);
            source.Store(at, q);
            a = Quad.Add(a, q.First);
            if (TSource.HasSecond)
            {
                c = Quad.Add(c, q.Second);
            }
        }

        int thread = Group.IdxX;
        sums[thread] = Quad.Add(a, b);
        if (TSource.HasSecond)
        {
            seconds[thread] = Quad.Add(c, d);
        }
    }

    /// <summary>
    /// A thread's mean, as a distance from the column's first number, squares about it, and how many there are.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Moments(
        TSource source, ColumnPassGpu.Walk walk, int row, int end, int column, ArrayView<Quad> means, ArrayView<Quad> squares,
        ArrayView<int> counts)
    {
        int thread = Group.IdxX, step = walk.Lanes * walk.Columns, at = (row * walk.Columns) + column;
        int count = row < end ? ((end - row - 1) / walk.Lanes) + 1 : 0;
        Quad mean = default, square = default;
        if (count > 0)
        {
            Quad minus = Quad.Constant(-1f);
            Quad origin = source.Load(at, column).First, a = default, b = default, e = default, f = default;
            for (; row + (3 * walk.Lanes) < end; row += 4 * walk.Lanes)
            {
                Quad q = source.Load(at, column).First, r = source.Load(at + step, column).First;
                Quad s = source.Load(at + (2 * step), column).First, t = source.Load(at + (3 * step), column).First;
                q = Quad.MultiplyAdd(origin, minus, q);
                r = Quad.MultiplyAdd(origin, minus, r);
                s = Quad.MultiplyAdd(origin, minus, s);
                t = Quad.MultiplyAdd(origin, minus, t);
                a = Quad.Add(a, Quad.Add(q, r));
                b = Quad.Add(b, Quad.Add(s, t));
                e = Quad.MultiplyAdd(r, r, Quad.MultiplyAdd(q, q, e));
                f = Quad.MultiplyAdd(t, t, Quad.MultiplyAdd(s, s, f));
                at += 4 * step;
            }

            for (; row < end; row += walk.Lanes)
            {
                Quad q = Quad.MultiplyAdd(origin, minus, source.Load(at, column).First);
                a = Quad.Add(a, q);
                e = Quad.MultiplyAdd(q, q, e);
                at += step;
            }

            a = Quad.Add(a, b);
            float share = GpuArithmetic.Divide(1f, count);
            Quad distance = Quad.Multiply(Quad.Constant(share), a);
            mean = Quad.Add(Quad.MultiplyAdd(source.Origin(column), minus, origin), distance);

            // Rounding alone could make it negative, where all numbers are equal but for their last bits.
            square = Quad.Combine<Maximum>(
                Quad.Constant(0f), Quad.MultiplyAdd(Quad.Multiply(minus, distance), a, Quad.Add(e, f)));
        }

        means[thread] = mean;
        squares[thread] = square;
        counts[thread] = count;
    }

    /// <summary>A thread's share of the sum of what others have summed, or none; four are on their way at a time.</summary>
    /// <param name="walk">How groups walk.</param>
    /// <param name="parts">What others have summed.</param>
    /// <param name="row">The thread's first row of them.</param>
    /// <param name="end">Behind the last row.</param>
    /// <param name="each">How many numbers a row has summed, but for the last of all.</param>
    /// <param name="column">The column.</param>
    /// <param name="sums">Where the thread's sums go.</param>
    /// <param name="seconds">The second ones.</param>
    /// <param name="counts">How many numbers are in them.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TParts>(
        ColumnPassGpu.Walk walk, TParts parts, int row, int end, int each, int column, ArrayView<Quad> sums,
        ArrayView<Quad> seconds, ArrayView<int> counts)
        where TParts : struct, IColumnParts
    {
        int thread = Group.IdxX, step = walk.Lanes * walk.Columns, at = (row * walk.Columns) + column, count = 0;
        TwoQuads total = default;
        for (; row + (3 * walk.Lanes) < end; row += 4 * walk.Lanes)
        {
            TwoQuads a = parts.Load(at, column), b = parts.Load(at + step, column);
            TwoQuads c = parts.Load(at + (2 * step), column), d = parts.Load(at + (3 * step), column);
            total = Add(walk, total, a, row, each, ref count);
            total = Add(walk, total, b, row + walk.Lanes, each, ref count);
            total = Add(walk, total, c, row + (2 * walk.Lanes), each, ref count);
            total = Add(walk, total, d, row + (3 * walk.Lanes), each, ref count);
            at += 4 * step;
        }

        for (; row < end; row += walk.Lanes)
        {
            total = Add(walk, total, parts.Load(at, column), row, each, ref count);
            at += step;
        }

        sums[thread] = total.First;
        if (TSource.HasSecond)
        {
            seconds[thread] = total.Second;
        }

        if (TSource.IsMoments)
        {
            counts[thread] = count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TwoQuads Add(ColumnPassGpu.Walk walk, TwoQuads total, TwoQuads part, int row, int each, ref int count)
    {
        TwoQuads sum;
        if (TSource.IsMoments)
        {
            int more = IntrinsicMath.Min((row + 1) * each, walk.Numbers) - (row * each);
            sum = Join(total.First, total.Second, count, part.First, part.Second, more);
            count += more;
        }
        else
        {
            Quad second = default;
            if (TSource.HasSecond)
            {
                second = Quad.Add(total.Second, part.Second);
            }

            sum = new TwoQuads(Quad.Add(total.First, part.First), second);
        }

        return sum;
    }

    /// <summary>The sums of a column's threads in those of the first, as a tree; begins and ends with a barrier.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fold(
        bool works, int lane, ColumnPassGpu.Walk walk, ArrayView<Quad> sums, ArrayView<Quad> seconds, ArrayView<int> counts)
    {
        int thread = Group.IdxX;
        for (int n = walk.Lanes; n > 1; n = (n + 1) / 2)
        {
            int half = (n + 1) / 2;
            Group.Barrier();
            if (works && lane + half < n)
            {
                int far = thread + (half * walk.Width);
                if (TSource.IsMoments)
                {
                    int count = counts[thread], more = counts[far];
                    TwoQuads joined = Join(sums[thread], seconds[thread], count, sums[far], seconds[far], more);
                    sums[thread] = joined.First;
                    seconds[thread] = joined.Second;
                    counts[thread] = count + more;
                }
                else
                {
                    sums[thread] = Quad.Add(sums[thread], sums[far]);
                    if (TSource.HasSecond)
                    {
                        seconds[thread] = Quad.Add(seconds[thread], seconds[far]);
                    }
                }
            }
        }

        Group.Barrier();
    }

    /// <summary>Mean and squares about it of two sets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TwoQuads Join(Quad mean, Quad squares, int count, Quad otherMean, Quad otherSquares, int otherCount)
    {
        float share = otherCount > 0 ? GpuArithmetic.Divide(otherCount, count + otherCount) : 0f;
        Quad apart = Quad.MultiplyAdd(mean, Quad.Constant(-1f), otherMean), part = Quad.Multiply(Quad.Constant(share), apart);
        return new TwoQuads(
            Quad.Add(mean, part),
            Quad.Add(Quad.Add(squares, otherSquares), Quad.Multiply(Quad.Multiply(Quad.Constant(count), part), apart)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ArrayView<float> memory, int place, Quad value)
    {
        int start = Quad.Count * place;
        memory[start] = value.X;
        memory[start + 1] = value.Y;
        memory[start + 2] = value.Z;
        memory[start + 3] = value.W;
    }

    /// <summary>What groups left: the first sums of all, then the second ones.</summary>
    [method: MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly struct Parts(ArrayView<Quad> parts, int seconds) : IColumnParts
    {
        private readonly ArrayView<Quad> parts = parts;
        private readonly int seconds = seconds;

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TwoQuads Load(int at, int place)
        {
            Quad first = parts[at], second = default;
            if (TSource.HasSecond)
            {
                second = parts[seconds + at];
            }

            return new TwoQuads(first, second);
        }
    }
}
