using System.Numerics;
using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The gradient of a convolution's weights by Winograd, Gᵀ[Σ (Bᵀ d B) ⊙ (A y Aᵀ)]G over all tiles of images d and gradients y:
/// some tiles at a time are transformed, then one matrix product for each of a tile's n² numbers adds them to sums. The order of
/// the sums depends on the shapes alone.
/// </summary>
/// <remarks>
/// Where there are tiles enough, and sums few enough, each of several parts of the tiles is one worker's, with sums of its own:
/// what a core has transformed it multiplies itself, and no worker waits for another. Else workers share out each step.
/// </remarks>
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
    private readonly int parts;
    private readonly int tilesOfPart;
    private readonly int chunk;
    private readonly nint imageStep;
    private readonly nint gradientStep;
    private readonly nint sumStep;
    private readonly SumPart sum;
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
        sumStep = WinogradTiles.Apart((nint)windows.Channels * panels.Padded);
        parts = WinogradChoice.GradientParts(tiles.Count, numbers * (long)sumStep);
        tilesOfPart = (tiles.Count + parts - 1) / parts;
        chunk = WinogradChoice.TilesPerChunk(tilesOfPart, TTile.Inputs, padded + panels.Padded);
        imageStep = WinogradTiles.Apart((nint)chunk * padded);
        gradientStep = WinogradTiles.Apart((nint)chunk * panels.Padded);
        Zeros = (Math.Max(padded, panels.Padded) + 31) / 16 * 16;
        nint transformed = numbers * (imageStep + gradientStep);
        device.ReserveShared((parts * numbers * sumStep) + (parts > 1 ? 0 : transformed));
        device.ReserveScratch(Zeros + (parts > 1 ? transformed : 0));
        (sum, transform, multiply, finish) = (new(this), new(this), new(this), new(this));
    }

    private float* Sums => device.Shared;

    private nint SumsOfPart => TTile.Inputs * TTile.Inputs * sumStep;

    private float* SharedImages => Sums + SumsOfPart;

    private int Zeros { get; }

    /// <inheritdoc/>
    public override void Run()
    {
        using (device.Exclusively())
        {
            if (parts > 1)
            {
                sum.Run();
                finish.Run();
                return;
            }

            for (first = 0; first < tiles.Count; first += chunk)
            {
                count = Math.Min(chunk, tiles.Count - first);
                transform.Run();
                multiply.Run();
            }

            finish.Run();
        }
    }

    private sealed class SumPart(WinogradWeightGradient<T, TTile> owner) : CpuLaunch(owner.device)
    {
        public override int Tasks => owner.parts;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            float* zeros = Device.Scratch(worker), images = zeros + owner.Zeros;
            new Span<float>(zeros, owner.Zeros).Clear();
            float* sums = owner.Sums + (task * owner.SumsOfPart);
            int begin = task * owner.tilesOfPart, end = Math.Min(begin + owner.tilesOfPart, owner.tiles.Count);
            for (int tile = begin; tile < end; tile += owner.chunk)
            {
                int count = Math.Min(owner.chunk, end - tile);
                owner.Transform(tile, 0, count, zeros, images);
                for (int one = 0; one < owner.multiply.Tasks; one++)
                {
                    owner.multiply.Multiply(one, images, sums, count, tile > begin);
                }
            }
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
            new Span<float>(zeros, owner.Zeros).Clear();
            owner.Transform(owner.first, begin, end, zeros, owner.SharedImages);
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

        public override void RunTask(int task, int worker) =>
            Multiply(task, owner.SharedImages, owner.Sums, owner.count, owner.first > 0);

        /// <summary>One product of the transformed tiles.</summary>
        /// <param name="task">Which of <see cref="Tasks"/>.</param>
        /// <param name="images">The transformed images, behind them the transformed gradients.</param>
        /// <param name="sums">Takes the sums.</param>
        /// <param name="count">How many tiles there are.</param>
        /// <param name="adds">Whether they are added to the sums.</param>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Multiply(int task, float* images, float* sums, int count, bool adds)
        {
            (int number, int block) = Math.DivRem(task, blocks);
            int row = block * rowsPerTask, rows = Math.Min(rowsPerTask, owner.windows.Channels - row), step = owner.panels.Padded;
            float* a = images + (number * owner.imageStep) + row, b = owner.Gradients(images) + (number * owner.gradientStep);
            float* c = sums + (number * owner.sumStep) + ((nint)row * step);
            if (SixteenTerms<T>.Fits(owner.panels, rows))
            {
                for (int i = 0; i < rows; i += SixteenTerms<T>.Terms)
                {
                    SixteenTerms<T>.AddOuterProducts(count, a + i, owner.padded, b, c + ((nint)i * step), adds);
                }

                return;
            }

            int sections = (count + LargestSection - 1) / LargestSection;
            int section = (count + sections - 1) / sections;
            fixed (nint* aRows = imageRows, cRows = sumRows)
            {
                for (int term = 0; term < count; term += section)
                {
                    Summation sum = new(1, Math.Min(section, count - term), owner.padded);
                    for (int panel = 0; panel < owner.panels.Count; panel++)
                    {
                        int vectors = owner.panels.VectorsOf(panel), start = owner.panels.Start(panel);
                        RowTiles<T>.Multiply(
                            sum, a + ((nint)term * owner.padded), aRows, rows, b + ((nint)term * step) + start, step, vectors,
                            vectors * T.Count, c + start, cRows, adds || term > 0, false);
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

    private static void Add(Span<float> sums, ReadOnlySpan<float> others)
    {
        int i = 0;
        for (; i <= sums.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (new Vector<float>(sums[i..]) + new Vector<float>(others[i..])).CopyTo(sums[i..]);
        }

        for (; i < sums.Length; i++)
        {
            sums[i] += others[i];
        }
    }

    private float* Gradients(float* transformedImages) => transformedImages + (TTile.Inputs * TTile.Inputs * imageStep);

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Transform(int first, int begin, int end, float* zeros, float* images)
    {
        int n = TTile.Inputs, m = TTile.Outputs, columns = panels.Columns;
        float** from = stackalloc float*[WinogradTiles.Addresses];
        float* x = CpuDevice.Address(this.images), dy = CpuDevice.Address(gradient);
        nint line = (nint)windows.Width * windows.Channels, size = windows.Height * line;
        nint gradientLine = (nint)windows.Columns * columns, gradientSize = windows.Rows * gradientLine;
        (int image, int row, int column) = tiles.Place(first + begin);
        for (int tile = begin; tile < end; tile++)
        {
            (int nextImage, int nextRow, int nextColumn) = tiles.Next(image, row, column);
            float* to = images + ((nint)tile * padded);
            WinogradTiles.Point(
                x + (image * size), windows.Height, windows.Width, windows.Channels, row - windows.Top, column - windows.Left, n,
                zeros, from);

            // The places that the next tile doesn't share with those above it and on its left.
            float* next = x + (nextImage * size) + ((nextRow - windows.Top + 2) * line)
                + ((nextColumn - windows.Left + 2) * (nint)windows.Channels);
            for (int channel = 0; channel < padded; channel += T.Count)
            {
                WinogradTiles.Prefetch(next + channel, m, windows.Channels, line);
                TTile.Images<T>(from, channel, to + channel, imageStep);
            }

            to = Gradients(images) + ((nint)tile * panels.Padded);
            WinogradTiles.Point(
                dy + (image * gradientSize), windows.Rows, windows.Columns, columns, row, column, m, zeros, from);
            next = dy + (nextImage * gradientSize) + (nextRow * gradientLine) + (nextColumn * (nint)columns);
            for (int channel = 0; channel < panels.Padded; channel += T.Count)
            {
                WinogradTiles.Prefetch(next + channel, m, columns, gradientLine);
                TTile.Gradients<T>(from, channel, to + channel, gradientStep);
            }

            (image, row, column) = (nextImage, nextRow, nextColumn);
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
            for (int i = 0; parts > 1 && i < n * n; i++)
            {
                float* sums = from[i] + ((nint)row * panels.Padded);
                for (int other = 1; other < parts; other++)
                {
                    Add(new(sums, panels.Padded), new(sums + (other * SumsOfPart), panels.Padded));
                }
            }

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
