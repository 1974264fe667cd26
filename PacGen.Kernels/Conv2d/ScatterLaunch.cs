using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The gradient of a convolution's images where the images have few channels or the windows overlap their rim much: each
/// window's gradient times the weights gives what the window adds to its part of the image. A task takes one image.
/// </summary>
internal sealed unsafe class ScatterLaunch<T> : CpuLaunch
    where T : struct, IMemoryLane<T>
{
    private const int CacheFloats = 16384;
    private readonly Windows windows;
    private readonly ColumnPanels panels;
    private readonly Region gradient;
    private readonly Region packed;
    private readonly Region output;
    private readonly int channels;
    private readonly int blockRows;
    private readonly nint[] gradientRows;
    private readonly nint[] productRows;

    /// <param name="device">The device.</param>
    /// <param name="windows">The convolution's windows.</param>
    /// <param name="panels">Panels with a column for each number of a window.</param>
    /// <param name="channels">The channels of the gradient.</param>
    /// <param name="gradient">dy.</param>
    /// <param name="packed">The weights in panels, with a term for each channel of the gradient.</param>
    /// <param name="output">dx.</param>
    public ScatterLaunch(
        CpuDevice device, Windows windows, ColumnPanels panels, int channels, Region gradient, Region packed, Region output)
        : base(device)
    {
        (this.windows, this.panels, this.channels, this.gradient, this.packed, this.output) = (
            windows, panels, channels, gradient, packed, output);
        blockRows = Math.Clamp(CacheFloats / (panels.Padded * windows.Columns), 1, windows.Rows);
        gradientRows = new nint[blockRows * windows.Columns];
        productRows = new nint[gradientRows.Length];
        for (int i = 0; i < gradientRows.Length; i++)
        {
            gradientRows[i] = (nint)i * channels;
            productRows[i] = (nint)i * panels.Padded;
        }

        device.ReserveScratch((long)gradientRows.Length * panels.Padded);
    }

    /// <inheritdoc/>
    public override int Tasks => windows.Images;

    /// <summary>
    /// Roughly how long it takes, in vector operations: a row of a window is added in vectors and, what is left, number by
    /// number.
    /// </summary>
    public static double Cost(Windows windows, int channels)
    {
        const int PerRow = 10, PerVector = 4, PerNumber = 3;
        int vectors = new ColumnPanels(windows.KernelHeight * windows.KernelWidth * windows.Channels, T.Count).Vectors;
        int run = windows.KernelWidth * windows.Channels;
        int adding = windows.KernelHeight * (PerRow + (PerVector * (run / T.Count)) + (PerNumber * (run % T.Count)));
        return (double)windows.Images * windows.Rows * windows.Columns * ((vectors * channels) + adding);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        nint size = (nint)windows.Height * windows.Width * windows.Channels;
        float* dx = CpuDevice.Address(output) + (task * size), product = Device.Scratch(worker), weights = CpuDevice.Address(
            packed);
        new Span<float>(dx, (int)size).Clear();
        for (int row = 0; row < windows.Rows; row += blockRows)
        {
            int lines = Math.Min(blockRows, windows.Rows - row), count = lines * windows.Columns;
            float* dy = CpuDevice.Address(gradient) + ((((nint)task * windows.Rows) + row) * windows.Columns * channels);
            fixed (nint* aRows = gradientRows, cRows = productRows)
            {
                Summation sum = new(1, channels);
                for (int panel = 0; panel < panels.Count; panel++)
                {
                    int vectors = panels.VectorsOf(panel), start = panels.Start(panel), width = vectors * T.Count;
                    RowTiles<T>.Multiply(
                        sum, dy, aRows, count, weights + ((nint)start * channels), width, vectors, width, product + start, cRows,
                        false, false);
                }
            }

            Scatter(row, lines, product, dx);
        }
    }

    // Down the columns: windows that overlap follow each other late enough that what one wrote has reached the cache.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scatter(int firstRow, int lines, float* product, float* dx)
    {
        int run = windows.KernelWidth * windows.Channels, line = windows.Width * windows.Channels;
        for (int column = 0; column < windows.Columns; column++)
        {
            int left = ((column * windows.StrideWidth) - windows.Left) * windows.Channels;
            int skip = Math.Max(0, -left), length = Math.Min(run, line - left) - skip;
            for (int row = 0; row < lines; row++)
            {
                int top = ((firstRow + row) * windows.StrideHeight) - windows.Top;
                int first = Math.Max(0, -top), end = Math.Min(windows.KernelHeight, windows.Height - top);
                float* from = product + ((nint)((row * windows.Columns) + column) * panels.Padded) + skip;
                float* to = dx + ((nint)top * line) + left + skip;
                for (int p = first; p < end; p++)
                {
                    Add(from + (p * run), to + ((nint)p * line), length);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* from, float* to, int count)
    {
        int i = 0;
        for (; i <= count - T.Count; i += T.Count)
        {
            T.Store(to + i, T.Load(to + i) + T.Load(from + i));
        }

        for (; i <= count - Float4.Count; i += Float4.Count)
        {
            Float4.Store(to + i, Float4.Load(to + i) + Float4.Load(from + i));
        }

        for (; i < count; i++)
        {
            to[i] += from[i];
        }
    }
}
