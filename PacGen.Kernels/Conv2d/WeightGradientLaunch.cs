using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The gradient of a convolution's weights: a matrix product whose rows are the weights' (KH·KW·C), whose columns are the
/// output channels and whose sum runs over all windows. A task owns some rows and some images, through which it walks a block
/// of windows at a time, with its sums in memory of its own; the last task of some rows adds up the sums of all images, pairwise.
/// Where windows leave the image the sum of each tap is cut to the windows in which the tap is inside; only with few channels,
/// where taps share tiles, the image is copied with zeros around.
/// </summary>
/// <remarks>
/// A task has as many rows as its sums fit into half of a second-level cache, because each task reads all of its images: tasks of
/// 12 to 72 rows that shared no images read them up to 18 times, and took three times as long on a machine whose last cache
/// others used too.
/// </remarks>
internal sealed unsafe class WeightGradientLaunch<T> : CpuLaunch
    where T : struct, IMemoryLane<T>
{
    private const int MostSums = 1 << 16;
    private const int EnoughTasks = 16;
    private const int LeastWindows = 512;
    private const int CacheFloats = 6144;
    private const int ChannelsForTaps = 12;
    private const int MostTileRows = 12;
    private const int LinesBlock = 1024;
    private const int FewRows = 96;
    private const int Line = 16;

    private readonly Windows windows;
    private readonly ColumnPanels panels;
    private readonly Region images;
    private readonly Region gradient;
    private readonly Region output;
    private readonly bool copies;

    // A single panel, or several beside few rows, is read where it lies: what the last vector reads beyond the channels goes into
    // columns that don't count.
    private readonly bool direct;
    private readonly bool nine;
    private readonly bool five;

    // Windows of one place: each number is read for few sums, and the memory is the limit.
    private readonly bool single;

    // A product of matrices; rows of a single cache line the machine follows by itself.
    private readonly bool even;
    private readonly int blockRows;
    private readonly int parts;
    private readonly nint[] table;
    private readonly Segment[][] tasks;
    private readonly nint copySize;
    private readonly nint packSize;
    private readonly int sumRows;
    private readonly nint sumSize;
    private readonly DeviceBuffer sums;
    private readonly int[] finished;

    /// <param name="device">The device.</param>
    /// <param name="windows">The convolution's windows.</param>
    /// <param name="channels">The output channels.</param>
    /// <param name="images">x.</param>
    /// <param name="gradient">dy.</param>
    /// <param name="output">dw.</param>
    public WeightGradientLaunch(CpuDevice device, Windows windows, int channels, Region images, Region gradient, Region output)
        : base(device)
    {
        (this.windows, this.images, this.gradient, this.output) = (windows, images, gradient, output);
        panels = new ColumnPanels(channels, T.Count);
        bool taps = !windows.Inside && windows.Channels >= ChannelsForTaps;
        copies = !windows.Inside && !taps;
        single = windows is { KernelHeight: 1, KernelWidth: 1 };
        even = windows.IsPointwise && EvenRows<T>.Fits(panels);
        direct = panels.Count == 1 || (single && windows.Channels <= FewRows);
        nine = copies && panels.Vectors == 1 && windows.KernelWidth * windows.Channels == NineTaps<T>.Line;
        five = FiveTaps<T>.Fits(windows, panels);
        int block = nine ? LinesBlock : Math.Clamp(CacheFloats / (windows.Channels + (3 * T.Count)), 64, 256);
        blockRows = Math.Clamp(block / windows.Columns, 1, windows.Rows);
        int blocks = (windows.Rows + blockRows - 1) / blockRows;
        blockRows = (windows.Rows + blocks - 1) / blocks;

        int kernel = windows.KernelHeight * windows.KernelWidth, rows = kernel * windows.Channels;
        nint line = (nint)windows.Channels * (copies ? windows.SpanWidth : windows.Width);
        table = new nint[(taps ? windows.Channels : rows) + MostTileRows];
        for (int i = 0; i < table.Length; i++)
        {
            int row = Math.Min(i, table.Length - MostTileRows - 1);
            (int tap, int channel) = Math.DivRem(row, windows.Channels);
            table[i] = ((tap / windows.KernelWidth) * line) + ((tap % windows.KernelWidth) * windows.Channels) + channel;
        }

        // The images in parts, so long as adding these up is nothing beside them, then the rows.
        parts = (int)Math.Clamp(
            (long)windows.Images * windows.Rows * windows.Columns / LeastWindows, 1, Math.Min(windows.Images, EnoughTasks));
        int most = Math.Clamp(MostSums / panels.Padded / MostTileRows * MostTileRows, MostTileRows, rows + MostTileRows);
        int rowTasks = Math.Max((rows + most - 1) / most, EnoughTasks / parts);
        int rowsPerTask = (((rows + rowTasks - 1) / rowTasks) + MostTileRows - 1) / MostTileRows * MostTileRows;
        if (taps && windows.Channels <= rowsPerTask)
        {
            rowsPerTask = (kernel + rowTasks - 1) / rowTasks * windows.Channels;
        }

        if (nine)
        {
            rowsPerTask = (rowsPerTask + NineTaps<T>.Line - 1) / NineTaps<T>.Line * NineTaps<T>.Line;
        }

        tasks = taps ? ByTap(windows, rowsPerTask) : ByRow(rows, rowsPerTask);
        copySize = copies ? line * windows.SpanOf(blockRows) : 0;
        packSize = direct ? 0 : (nint)blockRows * windows.Columns * panels.VectorsOf(0) * T.Count;
        sumRows = tasks.Max(static task => task.Sum(static segment => segment.Rows + MostTileRows));
        sumSize = (nint)sumRows * panels.Padded;
        finished = new int[tasks.Length];
        device.ReserveScratch(Math.Max(1, copySize + packSize));
        sums = device.Allocate(tasks.Length * parts * sumSize);
    }

    /// <inheritdoc/>
    public override int Tasks => tasks.Length * parts;

    /// <inheritdoc/>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        (int part, int group) = Math.DivRem(task, tasks.Length);
        float* copy = Device.Scratch(worker), packed = copy + copySize, own = Sums(group, part);
        float* dy = CpuDevice.Address(gradient);
        new Span<float>(own, (int)sumSize).Clear();
        nint size = (nint)windows.Height * windows.Width * windows.Channels;
        int end = (int)((part + 1L) * windows.Images / parts);
        for (int image = (int)((long)part * windows.Images / parts); image < end; image++)
        {
            float* x = CpuDevice.Address(images) + (image * size);
            for (int firstRow = 0; firstRow < windows.Rows; firstRow += blockRows)
            {
                int lines = Math.Min(blockRows, windows.Rows - firstRow), count = lines * windows.Columns;
                float* from = dy + ((((nint)image * windows.Rows) + firstRow) * windows.Columns * panels.Columns);
                if (copies)
                {
                    windows.CopySpan(x, firstRow, lines, copy);
                }

                if (single && !even)
                {
                    AskAhead(x, from, firstRow, lines);
                }

                for (int panel = 0; panel < panels.Count; panel++)
                {
                    int width = panels.VectorsOf(panel) * T.Count;
                    float* b = from + panels.Start(panel);
                    if (!direct)
                    {
                        PackLaunch<T>.Pack(b, panels.Columns, 1, count, panels.ColumnsOf(panel), width, packed);
                        b = packed;
                    }

                    Add(tasks[group], panels.VectorsOf(panel), x, copy, firstRow, lines, b, own + (
                        (nint)panels.Start(panel) * sumRows));
                }
            }
        }

        if (Interlocked.Increment(ref finished[group]) == parts)
        {
            finished[group] = 0;
            Finish(group);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            sums.Dispose();
        }

        base.Dispose(disposing);
    }

    private float* Sums(int group, int part) => CpuDevice.Address(new Region(sums)) + ((((nint)group * parts) + part) * sumSize);

    /// <summary>Adds up the sums of all images and writes them to dw.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(int group)
    {
        float* total = Sums(group, 0);
        for (int n = parts; n > 1; n = (n + 1) / 2)
        {
            float* other = Sums(group, (n + 1) / 2);
            for (nint i = 0; i < n / 2 * sumSize; i += T.Count)
            {
                T.Store(total + i, T.Load(total + i) + T.Load(other + i));
            }
        }

        for (int panel = 0; panel < panels.Count; panel++)
        {
            int width = panels.VectorsOf(panel) * T.Count, start = panels.Start(panel);
            float* from = total + ((nint)start * sumRows);
            foreach (Segment segment in tasks[group])
            {
                for (int row = 0; row < segment.Rows; row++)
                {
                    float* to = CpuDevice.Address(output) + ((segment.FirstRow + row) * (nint)panels.Columns) + start;
                    RowTiles<T>.Copy(from + (row * width), to, panels.ColumnsOf(panel), false);
                }

                from += (segment.Rows + MostTileRows) * width;
            }
        }
    }

    // For the next block's images and gradients: the machine looks ahead within a page alone.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AskAhead(float* x, float* dy, int firstRow, int lines)
    {
        nint block = (nint)lines * windows.Columns * panels.Columns, line = (nint)windows.Width * windows.Channels;
        for (nint i = 0; i < block; i += Line)
        {
            CpuDevice.Prefetch(dy + block + i);
        }

        for (int row = firstRow + lines; row < firstRow + (2 * lines); row++)
        {
            float* next = x + (((row * windows.StrideHeight) - windows.Top) * line) - (windows.Left * windows.Channels);
            for (int column = 0; column < windows.Columns; column++, next += windows.StrideWidth * windows.Channels)
            {
                for (int channel = 0; channel < windows.Channels; channel += Line)
                {
                    CpuDevice.Prefetch(next + channel);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(Segment[] segments, int vectors, float* x, float* copy, int firstRow, int lines, float* dy, float* sums)
    {
        int width = vectors * T.Count, channels = windows.Channels;
        nint bStep = direct ? panels.Columns : width;
        nint* cRows = stackalloc nint[MostTileRows];
        for (int i = 0; i < MostTileRows; i++)
        {
            cRows[i] = i * width;
        }

        nint line = (nint)channels * (copies ? windows.SpanWidth : windows.Width), step = (nint)windows.StrideWidth * channels;
        fixed (nint* rows = table)
        {
            foreach (Segment segment in segments)
            {
                int top = Math.Max(firstRow, segment.Top), bottom = Math.Min(firstRow + lines, segment.Bottom),
                    inner = segment.Right - segment.Left;
                if (top < bottom && inner > 0)
                {
                    Summation sum =
                        new(bottom - top, inner, step, (windows.StrideHeight * line) - (inner * step), windows.Columns - inner);
                    float* a = copies
                        ? copy
                        : x + (((top * windows.StrideHeight) - windows.Top + segment.TapRow) * line)
                            + (((segment.Left * windows.StrideWidth) - windows.Left + segment.TapColumn) * (nint)channels);
                    float* b = dy + ((((nint)(top - firstRow) * windows.Columns) + segment.Left) * bStep);
                    if (nine)
                    {
                        NineTaps<T>.Add(
                            sum, a + rows[segment.FirstEntry], line, segment.Rows / NineTaps<T>.Line, b, bStep, sums);
                    }

                    int done = nine ? segment.Rows : 0;
                    if (five && segment.Rows == FiveTaps<T>.Line * FiveTaps<T>.Line)
                    {
                        FiveTaps<T>.Add(sum, a, line, b, bStep, sums);
                        done = segment.Rows;
                    }
                    else if (even)
                    {
                        int terms = (bottom - top) * inner;
                        bool asks = channels > Line;
                        EvenSum evenly = new(terms, 1, channels, bStep, true, asks ? terms * step : 0, asks ? step : 0);
                        done = EvenRows<T>.Multiply(
                            evenly, segment.Rows, vectors, a + rows[segment.FirstEntry], b, sums, width);
                    }

                    for (int row = done; row < segment.Rows;)
                    {
                        int height = RowTiles<T>.HeightFor(vectors, segment.Rows - row);
                        RowTiles<T>.Tile(
                            vectors, height, sum, a, rows + segment.FirstEntry + row, b, bStep, sums + (row * width), cRows,
                            true);
                        row += height;
                    }
                }

                sums += (segment.Rows + MostTileRows) * width;
            }
        }
    }

    private Segment[][] ByRow(int rows, int rowsPerTask)
    {
        List<Segment[]> result = [];
        for (int first = 0; first < rows; first += rowsPerTask)
        {
            result.Add(
                [new Segment(first, Math.Min(rowsPerTask, rows - first), first, 0, 0, 0, windows.Rows, 0, windows.Columns)]);
        }

        return [.. result];
    }

    private static Segment[][] ByTap(Windows windows, int rowsPerTask)
    {
        List<Segment[]> result = [];
        List<Segment> current = [];
        int rows = 0;
        for (int tap = 0; tap < windows.KernelHeight * windows.KernelWidth; tap++)
        {
            (int p, int q) = Math.DivRem(tap, windows.KernelWidth);
            (int top, int bottom) = Within(p - windows.Top, windows.StrideHeight, windows.Height, windows.Rows);
            (int left, int right) = Within(q - windows.Left, windows.StrideWidth, windows.Width, windows.Columns);
            int pieces = (windows.Channels + rowsPerTask - 1) / rowsPerTask;
            int part = (windows.Channels + (MostTileRows * pieces) - 1) / (MostTileRows * pieces) * MostTileRows;
            for (int first = 0; first < windows.Channels; first += part)
            {
                int count = Math.Min(part, windows.Channels - first);
                if (rows + count > rowsPerTask)
                {
                    result.Add([.. current]);
                    current.Clear();
                    rows = 0;
                }

                current.Add(new Segment((tap * windows.Channels) + first, count, first, p, q, top, bottom, left, right));
                rows += count;
            }
        }

        result.Add([.. current]);
        return [.. result.Where(static task => task.Length != 0)];
    }

    // The windows i with 0 ≤ i·stride + offset < extent.
    private static (int First, int End) Within(int offset, int stride, int extent, int count)
    {
        int first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
        int end = extent - offset <= 0 ? 0 : Math.Min(count, (extent - offset + stride - 1) / stride);
        return (first, Math.Max(first, end));
    }

    // Rows of dw that are summed over the same windows: their first, how many, where they begin in the table of offsets, the
    // tap that they belong to and the windows in which it is inside the image.
    private readonly record struct Segment(
        int FirstRow, int Rows, int FirstEntry, int TapRow, int TapColumn, int Top, int Bottom, int Left, int Right);
}
