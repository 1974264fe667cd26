using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The products of all windows of some images with packed weights. A task takes a few images, or a few rows of windows of one;
/// where windows leave the image it first copies that part with zeros around. The windows themselves are never copied: the
/// micro-kernel reads each line of a window where it lies.
/// </summary>
internal sealed unsafe class WindowsLaunch<T> : CpuLaunch
    where T : struct, IMemoryLane<T>
{
    // Where each number of an image is read once the memory is the limit, and the machine looks ahead within a page alone;
    // rows of a single cache line it follows by itself.
    private const int RowsAhead = 48;
    private readonly Windows windows;
    private readonly ColumnPanels panels;
    private readonly Region images;
    private readonly Region packed;
    private readonly Region output;
    private readonly bool dense;

    // A product of matrices, whose rows lie evenly.
    private readonly bool even;
    private readonly bool five;
    private readonly nint line;
    private readonly nint outputStart;
    private readonly nint outputRow;
    private readonly nint outputImage;
    private readonly int imagesPerTask;
    private readonly int rowsPerTask;
    private readonly int slices;
    private readonly int ahead;
    private readonly nint[] imageRows;
    private readonly nint[] outputRows;
    private readonly (int Term, nint Offset, Summation Sum)[] sections;

    /// <param name="device">The device.</param>
    /// <param name="windows">The windows.</param>
    /// <param name="panels">The panels of the weights.</param>
    /// <param name="images">The images.</param>
    /// <param name="packed">The weights in panels.</param>
    /// <param name="output">The output.</param>
    /// <param name="outputStart">Where the first window's sums go.</param>
    /// <param name="outputRow">From a row of windows to the next in the output.</param>
    /// <param name="outputColumn">From a window to the next in its row in the output.</param>
    /// <param name="outputImage">From an image to the next in the output.</param>
    public WindowsLaunch(
        CpuDevice device, Windows windows, ColumnPanels panels, Region images, Region packed, Region output,
        nint outputStart, nint outputRow, nint outputColumn, nint outputImage)
        : base(device)
    {
        (this.windows, this.panels, this.images, this.packed, this.output) = (windows, panels, images, packed, output);
        (this.outputStart, this.outputRow, this.outputImage) = (outputStart, outputRow, outputImage);
        dense = panels.Count == 1 && outputColumn == panels.Columns && outputRow == windows.Columns * outputColumn
            && outputImage == windows.Rows * outputRow;

        // As many windows as pay for a task's start and for reading the weights.
        int perImage = windows.Rows * windows.Columns, terms = windows.KernelHeight * windows.KernelWidth * windows.Channels;
        int most = Math.Max(256, (1 << 16) / Math.Max(1, terms * panels.Vectors));
        imagesPerTask = Math.Clamp(most / perImage, 1, Math.Max(1, windows.Images / 16));
        rowsPerTask = imagesPerTask > 1 ? windows.Rows : Math.Clamp(most / windows.Columns, 1, windows.Rows);
        slices = (windows.Rows + rowsPerTask - 1) / rowsPerTask;
        rowsPerTask = (windows.Rows + slices - 1) / slices;
        slices = (windows.Rows + rowsPerTask - 1) / rowsPerTask;

        line = (nint)windows.Channels * (windows.Inside ? windows.Width : windows.SpanWidth);
        nint image = line * (windows.Inside ? windows.Height : windows.SpanOf(rowsPerTask));
        imageRows = new nint[imagesPerTask * rowsPerTask * windows.Columns];
        outputRows = new nint[imageRows.Length];
        for (int i = 0, at = 0; i < imagesPerTask; i++)
        {
            for (int row = 0; row < rowsPerTask; row++)
            {
                for (int column = 0; column < windows.Columns; column++, at++)
                {
                    imageRows[at] = (i * image) + (row * windows.StrideHeight * line) + (
                        (nint)column * windows.StrideWidth * windows.Channels);
                    outputRows[at] = (i * outputImage) + (row * outputRow) + (column * outputColumn);
                }
            }
        }

        sections = Sections(windows, line);
        ahead = windows is { KernelHeight: 1, KernelWidth: 1, Channels: > 16 } ? RowsAhead : 0;
        even = sections.Length == 1 && windows.IsPointwise && EvenRows<T>.Fits(panels)
            && panels.Padded == panels.Columns && outputColumn == panels.Columns && outputRow == windows.Columns * outputColumn
            && outputImage == windows.Rows * outputRow;
        five = FiveTaps<T>.Fits(windows, panels) && dense && windows.StrideWidth == 1
            && windows.Columns % FiveTaps<T>.Together == 0 && windows.Columns * panels.Columns >= T.Count;
        if (!windows.Inside)
        {
            device.ReserveScratch(imagesPerTask * image);
        }
    }

    /// <inheritdoc/>
    public override int Tasks => slices * ((windows.Images + imagesPerTask - 1) / imagesPerTask);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        (int group, int slice) = Math.DivRem(task, slices);
        int firstImage = group * imagesPerTask, count = Math.Min(imagesPerTask, windows.Images - firstImage);
        int firstRow = slice * rowsPerTask, rows = Math.Min(rowsPerTask, windows.Rows - firstRow);
        nint size = (nint)windows.Height * windows.Width * windows.Channels;
        float* a = CpuDevice.Address(images) + (firstImage * size);
        if (windows.Inside)
        {
            a += ((((firstRow * windows.StrideHeight) - windows.Top) * (nint)windows.Width) - windows.Left) * windows.Channels;
        }
        else
        {
            float* copy = Device.Scratch(worker);
            nint span = (nint)windows.SpanOf(rowsPerTask) * windows.SpanWidth * windows.Channels;
            for (int i = 0; i < count; i++)
            {
                windows.CopySpan(a + (i * size), firstRow, rows, copy + (i * span));
            }

            a = copy;
        }

        float* b = CpuDevice.Address(packed);
        float* c = CpuDevice.Address(output) + outputStart + (firstImage * outputImage) + (firstRow * outputRow);
        int terms = windows.KernelHeight * windows.KernelWidth * windows.Channels;
        int all = count * rows * windows.Columns;
        fixed (nint* aRows = imageRows, cRows = outputRows)
        {
            foreach ((int term, nint offset, Summation sum) in sections)
            {
                for (int panel = 0; panel < panels.Count; panel++)
                {
                    int vectors = panels.VectorsOf(panel), start = panels.Start(panel), width = vectors * T.Count;
                    float* at = b + ((nint)start * terms) + ((nint)term * width);
                    int done = 0;
                    if (five)
                    {
                        // The last row is for what writes no filling behind it, and is longer than that.
                        done = ((count * rows) - 1) * windows.Columns;
                        FiveTaps<T>.Multiply(
                            a, aRows, line, (count * rows) - 1, windows.Columns, at, c, cRows, panels.Columns);
                    }
                    else if (even)
                    {
                        bool asks = panel == 0 && ahead != 0;
                        EvenSum evenly = new(
                            terms, terms, 1, width, false, asks ? ahead * terms : 0, asks ? RowTiles<T>.Height(vectors) : 0);
                        done = EvenRows<T>.Multiply(evenly, all, vectors, a, at, c + start, panels.Columns);
                    }

                    RowTiles<T>.Multiply(
                        sum, a + offset, aRows + done, all - done, at, width, vectors, panels.ColumnsOf(panel), c + start,
                        cRows + done, term > 0, dense, panel == 0 ? ahead : 0);
                }
            }
        }
    }

    // Whole lines of windows together as long as their panel stays in the nearest cache, else parts of a line.
    private static (int Term, nint Offset, Summation Sum)[] Sections(Windows windows, nint line)
    {
        const int Largest = 256;
        int run = windows.KernelWidth * windows.Channels, lines = windows.KernelHeight;
        if (run == 0 || lines == 0)
        {
            return [(0, 0, new Summation(0, 0))];
        }

        List<(int, nint, Summation)> sections = [];
        if (run <= Largest)
        {
            int count = (lines * run + Largest - 1) / Largest;
            int together = Math.Min((lines + count - 1) / count, Math.Max(1, Largest / run));
            for (int first = 0; first < lines; first += together)
            {
                sections.Add((first * run, first * line, new Summation(Math.Min(together, lines - first), run, 1, line - run)));
            }

            return [.. sections];
        }

        int parts = (run + Largest - 1) / Largest, part = (run + parts - 1) / parts;
        for (int row = 0; row < lines; row++)
        {
            for (int first = 0; first < run; first += part)
            {
                sections.Add(((row * run) + first, (row * line) + first, new Summation(1, Math.Min(part, run - first))));
            }
        }

        return [.. sections];
    }
}
