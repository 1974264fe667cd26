using System.Numerics;
using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// (outer, rows, inner) → (outer, inner): rows are combined in blocks of 32 in registers, the blocks pairwise.
/// </summary>
/// <remarks>
/// Where inner is below 64, several rows count as one wide row, whose parts are combined at the end: so a sum over everything,
/// over the last axes and over the first ones are the same loop over wide rows. Wide rows are cut into columns of 512 to 1023.
/// Where that makes too few units of work, the rows are cut too; the last task to finish combines the parts, pairwise.
/// With a map the elements are computed in registers where its inputs allow it, else a few rows at a time into scratch memory
/// that stays in the nearest cache, and combined in the same order: the bits are those of the map and the reduction one after the
/// other.
/// </remarks>
internal sealed unsafe class ReduceColumns<T, TReduction> : CpuLaunch, ISweep
    where T : struct, IMemoryLane<T>
    where TReduction : struct, IReduction
{
    private const int ColumnsPerUnit = 512;
    private const int Padding = 16;
    private const int EnoughUnits = 32;
    private const int Computed = 4096;

    private readonly float* x;
    private readonly MapCpu? map;
    private readonly float* y;
    private readonly long rows;
    private readonly long inner;
    private readonly int fold;
    private readonly long wideRows;
    private readonly int columnUnits;
    private readonly int rowUnits;
    private readonly long rowsPerUnit;
    private readonly int stride;
    private readonly long units;
    private readonly long share;
    private readonly long reduction;
    private readonly float* partial;
    private readonly DeviceBuffer? partialBuffer;
    private readonly bool isSweep;
    private readonly MapBlock? mapped;
    private int finished;

    public ReduceColumns(CpuDevice device, Region input, MapCpu? map, Region output, long outer, long rows, long inner)
        : base(device)
    {
        x = map is null ? CpuDevice.Address(input) : null;
        this.map = map;
        y = CpuDevice.Address(output);
        this.rows = rows;
        this.inner = inner;
        fold = WideRows.Fold(inner);
        wideRows = rows / fold;
        columnUnits = (int)Math.Max(1, inner / ColumnsPerUnit);
        int widest = fold > 1 ? fold * (int)inner : columnUnits == 1 ? (int)inner : ColumnsPerUnit + (int)(
            inner % ColumnsPerUnit);
        stride = (widest + Padding - 1) / Padding * Padding;
        rowsPerUnit = Math.Max(wideRows, 1);
        if (outer * columnUnits < EnoughUnits)
        {
            rowsPerUnit = WideRows.PerTask(rowsPerUnit, widest);
        }

        rowUnits = (int)Math.Max(1, (wideRows + rowsPerUnit - 1) / rowsPerUnit);
        units = outer * columnUnits * rowUnits;
        share = Math.Clamp(WideRows.FloatsPerTask / (rowsPerUnit * widest), 1, units);
        isSweep = outer == 1 && columnUnits == 1;
        mapped = isSweep && map?.IsUniform(widest) == true ? map.Reduced<TReduction>() : null;
        // A block, the total, and a level for each bit of the number of blocks; folding reads a vector beyond the end.
        int levels = 64 - BitOperations.LeadingZeroCount((ulong)rowsPerUnit / WideRows.Block + 1);
        reduction = ((levels + 2L) * stride) + Padding;
        device.ReserveScratch(
            map is null ? reduction : reduction + Math.Max(Computed, widest) + widest + Padding + map.ScratchSize);
        if (rowUnits > 1)
        {
            partialBuffer = device.Allocate(units * stride);
            partial = CpuDevice.Address(new Region(partialBuffer));
        }
    }

    public override int Tasks => (int)((units + share - 1) / share);

    public long Elements => isSweep ? rows * inner : -1;

    public long ElementsPerTask => share * rowsPerUnit * fold * inner;

    public void RunRange(int task, long start, long end, int worker) => RunTask(task, worker);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        float* scratch = Device.Scratch(worker);
        map?.Prepare(scratch + reduction);
        long end = Math.Min((task + 1) * share, units);
        for (long unit = task * share; unit < end; unit++)
        {
            long group = unit / rowUnits, outer = group / columnUnits;
            int column = (int)(group % columnUnits), part = (int)(unit % rowUnits);
            int width = Width(column);
            float* total = Total(
                (outer * rows * inner) + (column * (long)ColumnsPerUnit), width, part * rowsPerUnit, part == rowUnits - 1,
                scratch);
            int count = Fold(total, width);
            Copy(total, rowUnits > 1 ? partial + (unit * stride) : Destination(outer, column), count);
        }

        if (rowUnits > 1 && Interlocked.Increment(ref finished) == Tasks)
        {
            finished = 0;
            CombineParts();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            partialBuffer?.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Width(int column) =>
        fold > 1 ? fold * (int)inner : column == columnUnits - 1 ? (int)(inner - (column * (long)ColumnsPerUnit))
            : ColumnsPerUnit;

    private float* Destination(long outer, int column) => y + (outer * inner) + (column * (long)ColumnsPerUnit);

    /// <summary>
    /// Combines wide rows into one, in scratch memory; the last unit takes the rows that make no whole wide row too.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float* Total(long source, int width, long start, bool last, float* scratch)
    {
        float* block = scratch, total = scratch + stride, levels = total + stride;
        long end = Math.Min(start + rowsPerUnit, wideRows), wide = fold * inner;
        int blocks = 0;
        for (long row = start; row < end; row += WideRows.Block, blocks++)
        {
            // Level l holds the combination of 2ˡ blocks where bit l of the number of blocks so far is set: binary addition.
            int level = BitOperations.TrailingZeroCount(~blocks);
            float* target = levels + ((long)level * stride);
            Block(source + (row * wide), wide, (int)Math.Min(WideRows.Block, end - row), width, target, scratch + reduction);
            for (int l = 0; l < level; l++)
            {
                Combine(target, levels + ((long)l * stride), width);
            }
        }

        bool any = false;
        for (int level = 0; blocks >> level != 0; level++)
        {
            if ((blocks >> level & 1) == 0)
            {
                continue;
            }

            if (any)
            {
                Combine(total, levels + ((long)level * stride), width);
            }
            else
            {
                total = levels + ((long)level * stride);
                any = true;
            }
        }

        int left = last ? (int)((rows - (wideRows * fold)) * inner) : 0;
        if (left > 0)
        {
            long first = source + (wideRows * wide);
            if (map is null)
            {
                Copy(x + first, block, left);
            }
            else
            {
                map.Evaluate(first, first + left, block, scratch + reduction);
            }

            new Span<float>(block + left, width - left).Fill(TReduction.Identity);
            if (any)
            {
                Combine(total, block, width);
            }
            else
            {
                total = block;
            }
        }

        return total;
    }

    /// <summary>Combines the rows within one wide row by halves and returns the width of what is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Fold(float* total, int width)
    {
        for (int n = fold; n > 1; n /= 2)
        {
            width /= 2;
            Combine(total, total + width, width);
        }

        return width;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CombineParts()
    {
        for (long group = 0; group < units / rowUnits; group++)
        {
            float* parts = partial + (group * rowUnits * stride);
            for (int n = rowUnits; n > 1; n = (n + 1) / 2)
            {
                Combine(parts, parts + ((long)((n + 1) / 2) * stride), (long)(n / 2) * stride);
            }

            int column = (int)(group % columnUnits);
            Copy(parts, Destination(group / columnUnits, column), Width(column) / fold);
        }
    }

    /// <summary>
    /// Combines up to 32 rows, which lie in memory or are computed a few at a time behind what the earlier ones gave.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Block(long source, long rowStride, int rows, int width, float* target, float* scratch)
    {
        if (map is null)
        {
            CombineRows(x + source, rowStride, rows, width, target);
            return;
        }

        if (mapped is not null)
        {
            mapped.Combine(source, rows, width, target, scratch);
            return;
        }

        float* before = scratch + map.ScratchSize, values = before + width;
        int most = Math.Max(1, Computed / width);
        for (int row = 0; row < rows; row += most)
        {
            int count = Math.Min(most, rows - row);
            long first = source + (row * rowStride);
            if (rowStride == width)
            {
                map.Evaluate(first, first + ((long)count * width), values, scratch);
            }
            else
            {
                for (int i = 0; i < count; i++)
                {
                    map.Evaluate(first + (i * rowStride), first + (i * rowStride) + width, values + ((long)i * width), scratch);
                }
            }

            if (row == 0)
            {
                CombineRows(values, width, count, width, target);
            }
            else
            {
                Copy(target, before, width);
                CombineRows(before, width, count + 1, width, target);
            }
        }
    }

    /// <summary>Combines up to 32 rows of at least a vector's width, four vectors at a time; the last vector overlaps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CombineRows(float* source, long rowStride, int rows, int width, float* target)
    {
        int c = 0;
        for (; c + (4 * T.Count) <= width; c += 4 * T.Count)
        {
            Rows4(source + c, rowStride, rows, target + c);
        }

        for (; c < width; c += T.Count)
        {
            c = Math.Min(c, width - T.Count);
            float* row = source + c;
            T a = T.Load(row);
            for (int i = 1; i < rows; i++)
            {
                row += rowStride;
                a = TReduction.Combine(a, T.Load(row));
            }

            T.Store(target + c, a);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rows4(float* row, long rowStride, int rows, float* target)
    {
        T a = T.Load(row), b = T.Load(row + T.Count), c = T.Load(row + (2 * T.Count)), d = T.Load(row + (3 * T.Count));
        for (int i = 1; i < rows; i++)
        {
            row += rowStride;
            a = TReduction.Combine(a, T.Load(row));
            b = TReduction.Combine(b, T.Load(row + T.Count));
            c = TReduction.Combine(c, T.Load(row + (2 * T.Count)));
            d = TReduction.Combine(d, T.Load(row + (3 * T.Count)));
        }

        T.Store(target, a);
        T.Store(target + T.Count, b);
        T.Store(target + (2 * T.Count), c);
        T.Store(target + (3 * T.Count), d);
    }

    /// <summary>into[i] with other[i]; runs over the end to a whole vector, which the padding allows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Combine(float* into, float* other, long count)
    {
        for (long i = 0; i < count; i += T.Count)
        {
            T.Store(into + i, TReduction.Combine(T.Load(into + i), T.Load(other + i)));
        }
    }

    private static void Copy(float* source, float* destination, int count) =>
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(destination, count));
}
