using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The gradient of a convolution's weights by Winograd, Gᵀ[Σ (Bᵀ d B) ⊙ (A y Aᵀ)]G over all tiles of images d and gradients y:
/// some tiles at a time are transformed into memory that all launches of the device share, then one matrix product for each of a
/// tile's n² numbers adds them to sums that lie there too. The order of the sums depends on the shapes alone.
/// </summary>
internal sealed unsafe class WinogradWeightGradient<T, TTile> : Launch
    where T : struct, IMemoryLane<T>
    where TTile : struct, IWinogradTile
{
    private const int MostSide = 6, Taps = 3;
    private readonly CpuDevice device;
    private readonly Windows windows;
    private readonly WinogradTiles tiles;
    private readonly ColumnPanels panels;
    private readonly Region images;
    private readonly Region gradient;
    private readonly Region output;
    private readonly int padded;
    private readonly int chunk;
    private readonly nint imageStep;
    private readonly nint gradientStep;
    private readonly nint sumStep;
    private readonly TransformTiles transform;
    private readonly MultiplyTiles multiply;
    private readonly TransformSums finish;

    // The tiles that the launches work on.
    private int first;
    private int count;

    /// <param name="device">The device.</param>
    /// <param name="windows">The windows, 3 × 3 and one place apart.</param>
    /// <param name="channels">The output channels.</param>
    /// <param name="images">x.</param>
    /// <param name="gradient">dy.</param>
    /// <param name="output">dw.</param>
    public WinogradWeightGradient(CpuDevice device, Windows windows, int channels, Region images, Region gradient, Region output)
    {
        (this.device, this.windows, this.images, this.gradient, this.output) = (device, windows, images, gradient, output);
        tiles = new WinogradTiles(windows, TTile.Outputs);
        panels = new ColumnPanels(channels, T.Count);
        padded = (windows.Channels + T.Count - 1) / T.Count * T.Count;
        int numbers = TTile.Inputs * TTile.Inputs;
        chunk = WinogradChoice.TilesPerChunk(tiles.Count, TTile.Inputs, padded + panels.Padded);
        imageStep = WinogradTiles.Apart((nint)chunk * padded);
        gradientStep = WinogradTiles.Apart((nint)chunk * panels.Padded);
        sumStep = WinogradTiles.Apart((nint)windows.Channels * panels.Padded);
        device.ReserveShared(numbers * (imageStep + gradientStep + sumStep));
        device.ReserveScratch(Math.Max(padded, panels.Padded) + 16);
        (transform, multiply, finish) = (new(this), new(this), new(this));
    }

    private float* Images => device.Shared;

    private float* Gradients => Images + (TTile.Inputs * TTile.Inputs * imageStep);

    private float* Sums => Gradients + (TTile.Inputs * TTile.Inputs * gradientStep);

    /// <inheritdoc/>
    public override void Run()
    {
        using (device.Exclusively())
        {
            for (first = 0; first < tiles.Count; first += chunk)
            {
                count = Math.Min(chunk, tiles.Count - first);
                transform.Run();
                multiply.Run();
            }

            finish.Run();
        }
    }

    private sealed class TransformTiles(WinogradWeightGradient<T, TTile> owner) : CpuLaunch(owner.device)
    {
        private const int TilesPerTask = 16;

        public override int Tasks => (owner.count + TilesPerTask - 1) / TilesPerTask;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            int begin = task * TilesPerTask, end = Math.Min(begin + TilesPerTask, owner.count);
            float* zeros = Device.Scratch(worker);
            new Span<float>(zeros, Math.Max(owner.padded, owner.panels.Padded)).Clear();
            owner.Transform(begin, end, zeros);
        }
    }

    private sealed class MultiplyTiles : CpuLaunch
    {
        private const int LargestSection = 192, MostRows = 96;
        private readonly WinogradWeightGradient<T, TTile> owner;
        private readonly int rowsPerTask;
        private readonly int blocks;
        private readonly nint[] imageRows;
        private readonly nint[] sumRows;

        public MultiplyTiles(WinogradWeightGradient<T, TTile> owner)
            : base(owner.device)
        {
            this.owner = owner;
            int rows = owner.windows.Channels;
            blocks = (rows + MostRows - 1) / MostRows;
            rowsPerTask = (((rows + blocks - 1) / blocks) + 23) / 24 * 24;
            blocks = (rows + rowsPerTask - 1) / rowsPerTask;
            imageRows = new nint[rowsPerTask];
            sumRows = new nint[rowsPerTask];
            for (int i = 0; i < rowsPerTask; i++)
            {
                imageRows[i] = i;
                sumRows[i] = (nint)i * owner.panels.Padded;
            }
        }

        public override int Tasks => TTile.Inputs * TTile.Inputs * blocks;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            (int number, int block) = Math.DivRem(task, blocks);
            int row = block * rowsPerTask, rows = Math.Min(rowsPerTask, owner.windows.Channels - row), step = owner.panels.Padded;
            float* a = owner.Images + (number * owner.imageStep) + row, b = owner.Gradients + (number * owner.gradientStep);
            float* c = owner.Sums + (number * owner.sumStep) + ((nint)row * step);
            int sections = (owner.count + LargestSection - 1) / LargestSection;
            int section = (owner.count + sections - 1) / sections;
            fixed (nint* aRows = imageRows, cRows = sumRows)
            {
                for (int term = 0; term < owner.count; term += section)
                {
                    Summation sum = new(1, Math.Min(section, owner.count - term), owner.padded);
                    for (int panel = 0; panel < owner.panels.Count; panel++)
                    {
                        int vectors = owner.panels.VectorsOf(panel), start = owner.panels.Start(panel);
                        RowTiles<T>.Multiply(
                            sum, a + ((nint)term * owner.padded), aRows, rows, b + ((nint)term * step) + start, step, vectors,
                            vectors * T.Count, c + start, cRows, owner.first + term > 0, false);
                    }
                }
            }
        }
    }

    private sealed class TransformSums(WinogradWeightGradient<T, TTile> owner) : CpuLaunch(owner.device)
    {
        private const int RowsPerTask = 4;

        public override int Tasks => (owner.windows.Channels + RowsPerTask - 1) / RowsPerTask;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker) =>
            owner.Finish(task * RowsPerTask, Math.Min((task + 1) * RowsPerTask, owner.windows.Channels));
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Transform(int begin, int end, float* zeros)
    {
        int n = TTile.Inputs, m = TTile.Outputs, columns = panels.Columns;
        float** from = stackalloc float*[MostSide * MostSide], turned = stackalloc float*[MostSide * MostSide],
            turnedGradient = stackalloc float*[MostSide * MostSide];
        float* betweenRoom = stackalloc float[(MostSide * MostSide * 16) + 16];
        float* between = WinogradTiles.Aligned(betweenRoom);
        WinogradTiles.Turn(between, n, n, T.Count, turned);
        WinogradTiles.Turn(between, m, n, T.Count, turnedGradient);
        nint imageSize = (nint)windows.Height * windows.Width * windows.Channels, gradientSize = (
            nint)windows.Rows * windows.Columns * columns;
        for (int tile = begin; tile < end; tile++)
        {
            (int image, int row, int column) = tiles.Place(first + tile);
            float* to = Images + ((nint)tile * padded);
            WinogradTiles.Point(
                CpuDevice.Address(images) + (image * imageSize), windows.Height, windows.Width, windows.Channels,
                row - windows.Top, column - windows.Left, n, zeros, from);
            for (int channel = 0; channel < padded; channel += T.Count)
            {
                for (int i = 0; i < n; i++)
                {
                    TTile.Images<T>(from + (i * n), channel, between + (i * n * T.Count), T.Count);
                }

                WinogradTiles.Prefetch(from, n, m, channel + ((nint)m * windows.Channels));
                for (int j = 0; j < n; j++)
                {
                    TTile.Images<T>(turned + (j * n), 0, to + channel + (j * imageStep), n * imageStep);
                }
            }

            to = Gradients + ((nint)tile * panels.Padded);
            WinogradTiles.Point(
                CpuDevice.Address(gradient) + (image * gradientSize), windows.Rows, windows.Columns, columns, row, column, m,
                zeros, from);
            for (int channel = 0; channel < panels.Padded; channel += T.Count)
            {
                for (int i = 0; i < m; i++)
                {
                    TTile.Gradients<T>(from + (i * m), channel, between + (i * n * T.Count), T.Count);
                }

                WinogradTiles.Prefetch(from, m, m, channel + ((nint)m * columns));
                for (int j = 0; j < n; j++)
                {
                    TTile.Gradients<T>(turnedGradient + (j * m), 0, to + channel + (j * gradientStep), n * gradientStep);
                }
            }
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(int begin, int end)
    {
        int n = TTile.Inputs, columns = panels.Columns;
        float** from = stackalloc float*[MostSide * MostSide], turned = stackalloc float*[MostSide * Taps];
        float* betweenRoom = stackalloc float[(MostSide * Taps * 16) + 16];
        float* between = WinogradTiles.Aligned(betweenRoom);
        float* partRoom = stackalloc float[(Taps * 16) + 16];
        float* part = WinogradTiles.Aligned(partRoom);
        WinogradTiles.Turn(between, n, Taps, T.Count, turned);
        for (int i = 0; i < n * n; i++)
        {
            from[i] = Sums + (i * sumStep);
        }

        nint tap = (nint)windows.Channels * columns;
        for (int row = begin; row < end; row++)
        {
            float* to = CpuDevice.Address(output) + ((nint)row * columns);
            for (int o = 0; o < columns; o += T.Count)
            {
                for (int i = 0; i < n; i++)
                {
                    TTile.WeightGradients<T>(
                        from + (i * n), ((nint)row * panels.Padded) + o, between + (i * Taps * T.Count), T.Count);
                }

                for (int j = 0; j < Taps; j++)
                {
                    if (o + T.Count <= columns)
                    {
                        TTile.WeightGradients<T>(turned + (j * n), 0, to + o + (j * tap), Taps * tap);
                        continue;
                    }

                    TTile.WeightGradients<T>(turned + (j * n), 0, part, T.Count);
                    for (int i = 0; i < Taps; i++)
                    {
                        RowTiles<T>.Copy(part + (i * T.Count), to + o + (((i * Taps) + j) * tap), columns - o, false);
                    }
                }
            }
        }
    }
}
