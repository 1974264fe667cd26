using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels;

/// <summary>
/// The gradient of a convolution's weights: a matrix product whose rows are the weights' (KH·KW·C), whose columns are the
/// output channels and whose sum runs over all windows. A task owns some rows and columns and walks through all images, a
/// block of windows at a time, with its sums in scratch memory. Where windows leave the image the sum of each tap is cut
/// to the windows in which the tap is inside; only with few channels, where taps share tiles, the image is copied with
/// zeros around.
/// </summary>
internal sealed unsafe class WeightGradientLaunch<T> : CpuLaunch
    where T : struct, IMemoryLane<T>
{
    private const int MostRowsPerTask = 72;
    private const int CacheFloats = 6144;
    private const int ChannelsForTaps = 12;
    private const int MostTileRows = 12;

    private readonly Windows windows;
    private readonly ColumnPanels panels;
    private readonly Region images;
    private readonly Region gradient;
    private readonly Region output;
    private readonly bool copies;

    // A single panel is read where it lies: what the last vector reads beyond the channels goes into columns that don't count.
    private readonly bool direct;
    private readonly int blockRows;
    private readonly int panelsPerTask;
    private readonly int panelGroups;
    private readonly nint[] table;
    private readonly Segment[][] tasks;
    private readonly nint copySize;
    private readonly nint packSize;
    private readonly int sumRows;

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
        direct = panels.Count == 1;
        int block = Math.Clamp(CacheFloats / (windows.Channels + (3 * T.Count)), 64, 256);
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

        int rowsPerTask = direct ? Math.Clamp((rows + 191) / 192 * 12, 12, MostRowsPerTask) : MostRowsPerTask;
        tasks = taps ? ByTap(windows, rowsPerTask) : ByRow(rows, rowsPerTask);
        panelsPerTask = panels.Count;
        while (panelsPerTask > 1 && tasks.Length * ((panels.Count + panelsPerTask - 1) / panelsPerTask) < 16)
        {
            panelsPerTask = (panelsPerTask + 1) / 2;
        }

        panelGroups = (panels.Count + panelsPerTask - 1) / panelsPerTask;
        copySize = copies ? line * windows.SpanOf(blockRows) : 0;
        int widest = Math.Min(panels.Padded, panelsPerTask * 3 * T.Count);
        packSize = direct ? 0 : (nint)blockRows * windows.Columns * widest;
        sumRows = tasks.Max(static task => task.Sum(static segment => segment.Rows + MostTileRows));
        device.ReserveScratch(copySize + packSize + (sumRows * widest));
    }

    /// <inheritdoc/>
    public override int Tasks => tasks.Length * panelGroups;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void RunTask(int task, int worker)
    {
        (int group, int columns) = Math.DivRem(task, panelGroups);
        int firstPanel = columns * panelsPerTask, endPanel = Math.Min(firstPanel + panelsPerTask, panels.Count);
        int firstColumn = panels.Start(firstPanel);
        float* copy = Device.Scratch(worker), packed = copy + copySize, sums = packed + packSize;
        float* dy = CpuDevice.Address(gradient);
        new Span<float>(sums, sumRows * panels.WidthBetween(firstPanel, endPanel)).Clear();
        nint size = (nint)windows.Height * windows.Width * windows.Channels;
        for (int image = 0; image < windows.Images; image++)
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

                for (int panel = firstPanel; panel < endPanel; panel++)
                {
                    int width = panels.VectorsOf(panel) * T.Count, offset = panels.Start(panel) - firstColumn;
                    float* b = from + panels.Start(panel);
                    if (!direct)
                    {
                        PackLaunch<T>.Pack(b, panels.Columns, 1, count, panels.ColumnsOf(panel), width, packed);
                        b = packed;
                    }

                    Add(tasks[group], panels.VectorsOf(panel), x, copy, firstRow, lines, b, sums + ((nint)offset * sumRows));
                }
            }
        }

        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            int width = panels.VectorsOf(panel) * T.Count, start = panels.Start(panel);
            float* from = sums + ((nint)(start - firstColumn) * sumRows);
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

    private void Add(Segment[] segments, int vectors, float* x, float* copy, int firstRow, int lines, float* dy, float* sums)
    {
        int width = vectors * T.Count, height = RowTiles<T>.Height(vectors), channels = windows.Channels;
        nint bStep = direct ? panels.Columns : width;
        nint* cRows = stackalloc nint[MostTileRows];
        for (int i = 0; i < MostTileRows; i++)
        {
            cRows[i] = i * width;
        }

        nint line = (nint)channels * (copies ? windows.SpanWidth : windows.Width), step = (nint)windows.StrideW * channels;
        fixed (nint* rows = table)
        {
            foreach (Segment segment in segments)
            {
                int top = Math.Max(firstRow, segment.Top), bottom = Math.Min(firstRow + lines, segment.Bottom), inner = segment.Right - segment.Left;
                if (top < bottom && inner > 0)
                {
                    Summation sum = new(bottom - top, inner, step, (windows.StrideH * line) - (inner * step), windows.Columns - inner);
                    float* a = copies
                        ? copy
                        : x + (((top * windows.StrideH) - windows.Top + segment.TapRow) * line)
                            + (((segment.Left * windows.StrideW) - windows.Left + segment.TapColumn) * (nint)channels);
                    float* b = dy + ((((nint)(top - firstRow) * windows.Columns) + segment.Left) * bStep);
                    for (int row = 0; row < segment.Rows; row += height)
                    {
                        RowTiles<T>.Tile(vectors, height, sum, a, rows + segment.FirstEntry + row, b, bStep, sums + (row * width), cRows, true);
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
            result.Add([new Segment(first, Math.Min(rowsPerTask, rows - first), first, 0, 0, 0, windows.Rows, 0, windows.Columns)]);
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
            (int top, int bottom) = Within(p - windows.Top, windows.StrideH, windows.Height, windows.Rows);
            (int left, int right) = Within(q - windows.Left, windows.StrideW, windows.Width, windows.Columns);
            int parts = (windows.Channels + rowsPerTask - 1) / rowsPerTask, part = (windows.Channels + (12 * parts) - 1) / (12 * parts) * 12;
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
