using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>Products of small matrices: each is one worker's, which packs its right factor into memory of its own.</summary>
internal sealed unsafe class BatchMatMulLaunch<T> : CpuLaunch
    where T : struct, IMemoryLane<T>
{
    private const long WorkPerTask = 1 << 17;
    private const int LargestSection = 256;
    private readonly ColumnPanels panels;
    private readonly float* a;
    private readonly float* b;
    private readonly float* c;
    private readonly int count, rows, terms, section, share;
    private readonly nint step, termStep, columnStep;
    private readonly nint[] leftRows, outputRows;

    /// <param name="device">The device.</param>
    /// <param name="count">How many products.</param>
    /// <param name="rows">Rows of each.</param>
    /// <param name="terms">Terms of each sum.</param>
    /// <param name="columns">Columns of each.</param>
    /// <param name="a">The left factors.</param>
    /// <param name="transposeA">Whether they are given as (terms, rows).</param>
    /// <param name="b">The right factors.</param>
    /// <param name="transposeB">Whether they are given as (columns, terms).</param>
    /// <param name="output">The products.</param>
    public BatchMatMulLaunch(
        CpuDevice device, int count, int rows, int terms, int columns, Region a, bool transposeA, Region b, bool transposeB,
        Region output)
        : base(device)
    {
        panels = new ColumnPanels(columns, T.Count);
        this.a = CpuDevice.Address(a);
        this.b = CpuDevice.Address(b);
        c = CpuDevice.Address(output);
        (this.count, this.rows, this.terms) = (count, rows, terms);
        step = transposeA ? rows : 1;
        (termStep, columnStep) = transposeB ? (1, terms) : (columns, 1);
        leftRows = [.. Enumerable.Range(0, rows).Select(row => row * (nint)(transposeA ? 1 : terms))];
        outputRows = [.. Enumerable.Range(0, rows).Select(row => row * (nint)columns)];
        int sections = (terms + LargestSection - 1) / LargestSection;
        section = (terms + sections - 1) / sections;
        share = (int)Math.Clamp(WorkPerTask / Math.Max(1, (long)rows * columns * terms), 1, count);
        device.ReserveScratch((long)panels.Padded * terms);
    }

    /// <inheritdoc/>
    public override int Tasks => (count + share - 1) / share;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        float* packed = Device.Scratch(worker);
        int end = Math.Min((task + 1) * share, count);
        fixed (nint* aRows = leftRows, cRows = outputRows)
        {
            for (int i = task * share; i < end; i++)
            {
                Multiply(
                    a + ((long)i * rows * terms), aRows, b + ((long)i * terms * panels.Columns), packed,
                    c + ((long)i * rows * panels.Columns), cRows);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(float* left, nint* aRows, float* right, float* packed, float* product, nint* cRows)
    {
        for (int panel = 0; panel < panels.Count; panel++)
        {
            int start = panels.Start(panel);
            PackLaunch<T>.Pack(
                right + (start * columnStep), termStep, columnStep, terms, panels.ColumnsOf(panel),
                panels.VectorsOf(panel) * T.Count, packed + ((nint)start * terms));
        }

        for (int k = 0; k < terms; k += section)
        {
            Summation sum = new(1, Math.Min(section, terms - k), step);
            for (int panel = 0; panel < panels.Count; panel++)
            {
                int vectors = panels.VectorsOf(panel), start = panels.Start(panel), width = vectors * T.Count;
                RowTiles<T>.Multiply(
                    sum, left + (k * step), aRows, rows, packed + ((nint)start * terms) + ((nint)k * width), width, vectors,
                    panels.ColumnsOf(panel), product + start, cRows, k > 0, panels.Count == 1);
            }
        }
    }
}
