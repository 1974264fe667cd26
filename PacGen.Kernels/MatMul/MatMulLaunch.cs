using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// A matrix product from a packed right factor: each task computes a block of the output, in sections of the sum whose panel
/// stays in the nearest cache.
/// </summary>
internal sealed unsafe class MatMulLaunch<T> : CpuLaunch
    where T : struct, IMemoryLane<T>
{
    private const int LargestSection = 256;
    private readonly ColumnPanels panels;
    private readonly Region left;
    private readonly Region packed;
    private readonly Region output;
    private readonly int rows;
    private readonly int terms;
    private readonly nint step;
    private readonly nint[] leftRows;
    private readonly nint[] outputRows;
    private readonly int section;
    private readonly int rowsPerTask;
    private readonly int panelsPerTask;
    private readonly int blocks;

    // The right factor's steps where each task packs what it needs of it; a term's is 0 where it is packed already.
    private readonly nint termStep;
    private readonly nint columnStep;

    private MatMulLaunch(
        CpuDevice device, ColumnPanels panels, Region left, nint rowStep, nint step, Region packed, Region output, int rows,
        int terms, nint termStep = 0, nint columnStep = 0)
        : base(device)
    {
        (this.termStep, this.columnStep) = (termStep, columnStep);
        (this.panels, this.left, this.packed, this.output, this.rows, this.terms) = (panels, left, packed, output, rows, terms);
        this.step = step;
        leftRows = Table(rows, rowStep);
        outputRows = Table(rows, panels.Columns);
        int sections = (terms + LargestSection - 1) / LargestSection;
        section = (terms + sections - 1) / sections;
        (rowsPerTask, panelsPerTask) = termStep == 0 ? Blocks(rows, panels, terms) : FewRows(rows, panels, terms);
        if (termStep != 0)
        {
            device.ReserveScratch((long)section * 3 * T.Count);
        }

        blocks = (panels.Count + panelsPerTask - 1) / panelsPerTask;
    }

    /// <inheritdoc/>
    public override int Tasks => blocks * ((rows + rowsPerTask - 1) / rowsPerTask);

    /// <summary>The launch of A·B, with A of (rows, terms) or transposed, B of (terms, columns) or transposed.</summary>
    public static Launch Bind(
        CpuDevice device, int rows, int terms, int columns, Region a, bool transposeA, Region b, bool transposeB, Region output)
    {
        ColumnPanels panels = new(columns, T.Count);
        nint termStep = transposeB ? 1 : columns, columnStep = transposeB ? terms : 1;
        if (MatMulPacking.IsDoneByTasks(rows))
        {
            return new MatMulLaunch<T>(
                device, panels, a, transposeA ? 1 : terms, transposeA ? rows : 1, b, output, rows, terms, termStep, columnStep);
        }

        int stride = MatMulPacking.LeftStride(rows, terms, columns, transposeA);
        long size = (long)panels.Padded * terms;
        Region shared = device.ReserveShared(size + ((long)rows * stride)), packed = shared.Slice(0, size);
        PackLaunch<T> pack = new(device, panels, b, [0], terms, termStep, columnStep, packed);
        if (stride == 0)
        {
            return new ExclusiveLaunch(device, pack, new MatMulLaunch<T>(
                device, panels, a, transposeA ? 1 : terms, transposeA ? rows : 1, packed, output, rows, terms));
        }

        Region left = shared.Slice(size, (long)rows * stride);
        return new ExclusiveLaunch(
            device, pack,
            transposeA ? new TransposeLaunch(device, terms, rows, a, left)
                : new SpreadRowsLaunch(device, rows, terms, stride, a, left),
            new MatMulLaunch<T>(device, panels, left, stride, 1, packed, output, rows, terms));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        (int rowBlock, int columnBlock) = Math.DivRem(task, blocks);

        // The last panels may be narrow: one of them comes first, so that half of the blocks are half of the work.
        columnBlock = (columnBlock + blocks - 1) % blocks;
        int firstRow = rowBlock * rowsPerTask, count = Math.Min(rowsPerTask, rows - firstRow);
        int firstPanel = columnBlock * panelsPerTask, endPanel = Math.Min(firstPanel + panelsPerTask, panels.Count);
        float* a = CpuDevice.Address(left), b = CpuDevice.Address(packed), c = CpuDevice.Address(output);
        if (rows == 1 && columnStep == 1 && step == 1)
        {
            int start = panels.Start(firstPanel), columns = Math.Min(
                panels.WidthBetween(firstPanel, endPanel), panels.Columns - start);
            for (int k = 0; k < terms; k += section)
            {
                SingleRow<T>.Multiply(
                    Math.Min(section, terms - k), a + k, b + (k * termStep) + start, termStep, columns, c + start, k > 0);
            }

            return;
        }

        float* scratch = termStep == 0 ? null : Device.Scratch(worker);
        fixed (nint* aRows = &leftRows[firstRow], cRows = &outputRows[firstRow])
        {
            for (int k = 0; k < terms; k += section)
            {
                Summation sum = new(1, Math.Min(section, terms - k), step);
                for (int panel = firstPanel; panel < endPanel; panel++)
                {
                    int vectors = panels.VectorsOf(panel), start = panels.Start(panel), width = vectors * T.Count;
                    float* at = scratch;
                    if (termStep == 0)
                    {
                        at = b + ((nint)start * terms) + ((nint)k * width);
                    }
                    else
                    {
                        PackLaunch<T>.Pack(
                            b + (k * termStep) + (start * columnStep), termStep, columnStep, sum.Inner, panels.ColumnsOf(panel),
                            width, at);
                    }

                    RowTiles<T>.Multiply(
                        sum, a + (k * step), aRows, count, at, width, vectors, panels.ColumnsOf(panel), c + start, cRows, k > 0,
                        panels.Count == 1);
                }
            }
        }
    }

    private static nint[] Table(int count, nint step)
    {
        nint[] table = new nint[count];
        for (int i = 0; i < count; i++)
        {
            table[i] = i * step;
        }

        return table;
    }

    // Whole panels beside all rows or halves of them, for each task packs its panels anew.
    private static (int Rows, int Panels) FewRows(int rows, ColumnPanels panels, int terms)
    {
        long smallestTask = rows == 1 ? 1 << 17 : 1 << 16;
        const int EnoughTasks = 12, LeastRows = 48;
        int blockRows = rows, blockPanels = 1;
        while (blockRows >= 2 * LeastRows && panels.Count * ((rows + blockRows - 1) / blockRows) < EnoughTasks)
        {
            blockRows = (blockRows + 23) / 24 * 12;
        }

        while (blockPanels < panels.Count && (long)blockRows * terms * blockPanels * panels.Padded / panels.Count < smallestTask)
        {
            blockPanels++;
        }

        return (blockRows, blockPanels);
    }

    // Blocks small enough for many cores and large enough to pay for their start.
    private static (int Rows, int Panels) Blocks(int rows, ColumnPanels panels, int terms)
    {
        const long SmallestTask = 1 << 17;
        int blockRows = Math.Min(rows, 96), blockPanels = Math.Min(panels.Count, 12);
        while (true)
        {
            long work = (long)blockRows * terms * blockPanels * panels.Padded / panels.Count;
            long tasks = (long)((rows + blockRows - 1) / blockRows) * ((panels.Count + blockPanels - 1) / blockPanels);
            if (work < 2 * SmallestTask || tasks >= 16 || (blockRows <= 12 && blockPanels == 1))
            {
                return (blockRows, blockPanels);
            }

            if (blockRows > 48 || blockPanels == 1)
            {
                blockRows = Math.Max(12, (blockRows + 23) / 24 * 12);
            }
            else
            {
                blockPanels = (blockPanels + 1) / 2;
            }
        }
    }
}
