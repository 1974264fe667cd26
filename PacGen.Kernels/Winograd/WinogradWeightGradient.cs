using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The gradient of a convolution's weights by Winograd, Gᵀ[Σ (Bᵀ d B) ⊙ (A y Aᵀ)]G over all tiles of images d and gradients y:
/// some tiles at a time are transformed, then one matrix product for each of a tile's n² numbers adds them to sums. The order of
/// the sums depends on the shapes alone.
/// </summary>
/// <remarks>
/// A task has a part of the tiles, or a block of the input channels of one where the parts are few for the threads: what a core
/// has transformed it multiplies itself, and no worker waits for another until the parts are added up.
/// </remarks>
internal sealed unsafe class WinogradWeightGradient<T, TTile> : Launch
    where T : struct, IMemoryLane<T>
    where TTile : struct, IWinogradTile
{
    private const int MostSide = 6, Kernel = 3, LargestSection = 192, MostRows = 96;
    private readonly CpuDevice device;
    private readonly Windows windows;
    private readonly WinogradTiles tiles;
    private readonly ColumnPanels panels;
    private readonly Region images;
    private readonly Region gradient;
    private readonly Region output;
    private readonly int terms;
    private readonly int parts;
    private readonly int tilesOfPart;
    private readonly int blockRows;
    private readonly int blocks;
    private readonly int chunk;
    private readonly nint imageStep;
    private readonly nint gradientStep;
    private readonly nint sumStep;
    private readonly nint[] imageRows;
    private readonly nint[] sumRows;
    private readonly (int Term, int Count)[][] ranges;
    private readonly SumPart sum;
    private readonly TransformSums finish;

    /// <param name="device">The device.</param>
    /// <param name="windows">The windows, 3 × 3, as far apart as the tile's; where that is not 1, over whole vectors.</param>
    /// <param name="channels">The output channels.</param>
    /// <param name="images">x.</param>
    /// <param name="gradient">dy.</param>
    /// <param name="output">dw.</param>
    public WinogradWeightGradient(CpuDevice device, Windows windows, int channels, Region images, Region gradient, Region output)
    {
        (this.device, this.windows, this.images, this.gradient, this.output) = (device, windows, images, gradient, output);
        tiles = new WinogradTiles(windows, TTile.Outputs);
        panels = new ColumnPanels(channels, T.Count);
        terms = WinogradMemory<TTile>.Terms(windows.Channels);
        sumStep = WinogradMemory<TTile>.Step(panels, windows.Channels);
        parts = WinogradMemory<TTile>.GradientParts(windows, panels);
        tilesOfPart = (tiles.Count + parts - 1) / parts;
        blockRows = WinogradChoice.GradientRows(terms, parts, device.Threads);
        blocks = (terms + blockRows - 1) / blockRows;
        chunk = WinogradChoice.TilesPerChunk(
            tilesOfPart, TTile.Inputs, ((terms + T.Count - 1) / T.Count * T.Count) + panels.Padded);
        imageStep = WinogradTiles.Apart((nint)chunk * blockRows);
        gradientStep = WinogradTiles.Apart((nint)chunk * panels.Padded);
        imageRows = new nint[blockRows];
        sumRows = new nint[blockRows];
        for (int i = 0; i < blockRows; i++)
        {
            imageRows[i] = i;
            sumRows[i] = (nint)i * panels.Padded;
        }

        // Of a number that a phase has no weights for nobody reads the sums.
        nint[] taps = WinogradTaps<TTile>.ByPhase(new nint[Kernel * Kernel]);
        ranges =
        [
            .. from number in Enumerable.Range(0, Numbers)
               select WinogradTaps<TTile>.Terms(taps, 0, number, windows.Channels, Math.Max(1, terms)),
        ];
        Zeros = (Math.Max(windows.Channels + 15, panels.Padded) + 31) / 16 * 16;
        device.ReserveShared(WinogradMemory<TTile>.Gradients(windows, panels));
        device.ReserveScratch(Zeros + (Numbers * (imageStep + gradientStep)));
        (sum, finish) = (new(this), new(this));
    }

    private static int Numbers => WinogradMemory<TTile>.Numbers;

    private float* Sums => device.Shared;

    private nint SumsOfPart => Numbers * sumStep;

    private int Zeros { get; }

    /// <inheritdoc/>
    public override void Run()
    {
        using (device.Exclusively())
        {
            sum.Run();
            finish.Run();
        }
    }

    private sealed class SumPart(WinogradWeightGradient<T, TTile> owner) : CpuLaunch(owner.device)
    {
        public override int Tasks => owner.parts * owner.blocks;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker)
        {
            (int part, int block) = Math.DivRem(task, owner.blocks);
            int row = block * owner.blockRows, rows = Math.Min(owner.blockRows, owner.terms - row);
            float* zeros = Device.Scratch(worker), images = zeros + owner.Zeros;
            new Span<float>(zeros, owner.Zeros).Clear();
            float* sums = owner.Sums + (part * owner.SumsOfPart) + ((nint)row * owner.panels.Padded);
            int begin = part * owner.tilesOfPart, end = Math.Min(begin + owner.tilesOfPart, owner.tiles.Count);
            for (int tile = begin; tile < end; tile += owner.chunk)
            {
                int count = Math.Min(owner.chunk, end - tile);
                owner.Transform(tile, count, row, rows, zeros, images);
                for (int number = 0; number < Numbers; number++)
                {
                    foreach ((int term, int length) in owner.ranges[number])
                    {
                        int skip = Math.Max(term - row, 0), left = Math.Min(term + length - row, rows) - skip;
                        owner.Multiply(number, skip, left, images, sums, count, tile > begin);
                    }
                }
            }
        }
    }

    private sealed class TransformSums(WinogradWeightGradient<T, TTile> owner) : CpuLaunch(owner.device)
    {
        private const int RowsPerTask = 4;

        public override int Tasks => (owner.terms + RowsPerTask - 1) / RowsPerTask;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void RunTask(int task, int worker) =>
            owner.Finish(task * RowsPerTask, Math.Min((task + 1) * RowsPerTask, owner.terms));
    }

    private float* Gradients(float* transformedImages) => transformedImages + (Numbers * imageStep);

    /// <summary>Adds one product of the transformed tiles to the sums.</summary>
    /// <param name="number">Which of a tile's numbers.</param>
    /// <param name="first">The first of the input channels.</param>
    /// <param name="rows">How many; may be negative, for none.</param>
    /// <param name="images">The transformed images, behind them the transformed gradients.</param>
    /// <param name="sums">Takes the sums.</param>
    /// <param name="count">How many tiles there are.</param>
    /// <param name="adds">Whether they are added to the sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(int number, int first, int rows, float* images, float* sums, int count, bool adds)
    {
        int step = panels.Padded;
        float* a = images + (number * imageStep) + first, b = Gradients(images) + (number * gradientStep);
        float* c = sums + (number * sumStep) + ((nint)first * step);
        if (SixteenTerms<T>.Fits(panels, terms))
        {
            for (int i = 0; i < rows; i += SixteenTerms<T>.Terms)
            {
                SixteenTerms<T>.AddOuterProducts(count, a + i, blockRows, b, c + ((nint)i * step), adds);
            }

            return;
        }

        int sections = (count + LargestSection - 1) / LargestSection;
        int section = (count + sections - 1) / sections;
        fixed (nint* aRows = imageRows, cRows = sumRows)
        {
            for (int row = 0; row < rows; row += MostRows)
            {
                for (int term = 0; term < count; term += section)
                {
                    Summation sum = new(1, Math.Min(section, count - term), blockRows);
                    for (int panel = 0; panel < panels.Count; panel++)
                    {
                        int vectors = panels.VectorsOf(panel), start = panels.Start(panel);
                        RowTiles<T>.Multiply(
                            sum, a + ((nint)term * blockRows), aRows + row, Math.Min(MostRows, rows - row),
                            b + ((nint)term * step) + start, step, vectors, vectors * T.Count, c + start, cRows + row,
                            adds || term > 0, false);
                    }
                }
            }
        }
    }

    private bool HasSums(int number, int row)
    {
        foreach ((int term, int count) in ranges[number])
        {
            if (row >= term && row < term + count)
            {
                return true;
            }
        }

        return false;
    }

    // A row's sums of all parts, into those of the first.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddParts(float* row)
    {
        nint part = SumsOfPart;
        for (int o = 0; o < panels.Padded; o += T.Count)
        {
            float* next = row + o;
            T sum = T.Load(next);
            for (int i = 1; i < parts; i++)
            {
                next += part;
                sum += T.Load(next);
            }

            T.Store(row + o, sum);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Transform(int first, int count, int firstRow, int rows, float* zeros, float* images)
    {
        int n = TTile.Inputs, m = TTile.Outputs, stride = TTile.Stride, channels = windows.Channels, columns = panels.Columns;
        float** from = stackalloc float*[WinogradTiles.Addresses];
        float* x = CpuDevice.Address(this.images), dy = CpuDevice.Address(gradient);
        nint line = (nint)windows.Width * channels, size = windows.Height * line;
        nint gradientLine = (nint)windows.Columns * columns, gradientSize = windows.Rows * gradientLine;
        (int image, int row, int column) = tiles.Place(first);
        for (int tile = 0; tile < count; tile++)
        {
            (int nextImage, int nextRow, int nextColumn) = tiles.Next(image, row, column);
            float* to = images + ((nint)tile * blockRows), next;
            for (int phase = firstRow / channels; phase * channels < firstRow + rows; phase++)
            {
                int down = (phase / stride) - windows.Top, right = (phase % stride) - windows.Left;
                WinogradTiles.Point(
                    x + (image * size), windows.Height, windows.Width, channels, (stride * row) + down, (stride * column) + right,
                    stride, n, zeros, from);

                // The places that the next tile doesn't share with those above it and on its left.
                next = x + (nextImage * size) + (((stride * (nextRow + n - m)) + down) * line)
                    + (((stride * (nextColumn + n - m)) + right) * (nint)channels);
                int start = (phase * channels) - firstRow, end = Math.Min(channels, rows - start);
                for (int channel = Math.Max(0, -start); channel < end; channel += T.Count)
                {
                    WinogradTiles.Prefetch(next + channel, m, (nint)stride * channels, stride * line);
                    TTile.Images<T>(from, channel, to + start + channel, imageStep);
                }
            }

            to = Gradients(images) + ((nint)tile * panels.Padded);
            WinogradTiles.Point(
                dy + (image * gradientSize), windows.Rows, windows.Columns, columns, row, column, 1, m, zeros, from);
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
        int n = TTile.Inputs, side = TTile.Taps, stride = TTile.Stride, columns = panels.Columns;
        float** from = stackalloc float*[MostSide * MostSide], turned = stackalloc float*[MostSide * Kernel];
        float* betweenRoom = stackalloc float[(MostSide * Kernel * 16) + 16];
        float* between = WinogradTiles.Aligned(betweenRoom);
        float* partRoom = stackalloc float[(Kernel * 16) + 16];
        float* part = WinogradTiles.Aligned(partRoom);
        WinogradTiles.Turn(between, n, side, T.Count, turned);
        for (int i = 0; i < n * n; i++)
        {
            from[i] = Sums + (i * sumStep);
        }

        nint tap = (nint)windows.Channels * columns;
        for (int row = begin; row < end; row++)
        {
            for (int i = 0; parts > 1 && i < n * n; i++)
            {
                if (HasSums(i, row))
                {
                    AddParts(from[i] + ((nint)row * panels.Padded));
                }
            }

            (int phase, int channel) = Math.DivRem(row, windows.Channels);
            (int down, int right) = Math.DivRem(phase, stride);
            float* to = CpuDevice.Address(output) + ((nint)channel * columns);
            for (int o = 0; o < columns; o += T.Count)
            {
                for (int i = 0; i < n; i++)
                {
                    TTile.WeightGradients<T>(
                        from + (i * n), ((nint)row * panels.Padded) + o, between + (i * side * T.Count), T.Count);
                }

                for (int j = 0; (j * stride) + right < Kernel && j < side; j++)
                {
                    if (stride == 1 && o + T.Count <= columns)
                    {
                        TTile.WeightGradients<T>(turned + (j * n), 0, to + o + (j * tap), Kernel * tap);
                        continue;
                    }

                    TTile.WeightGradients<T>(turned + (j * n), 0, part, T.Count);
                    for (int i = 0; (i * stride) + down < Kernel && i < side; i++)
                    {
                        RowTiles<T>.Copy(
                            part + (i * T.Count), to + o + (((((i * stride) + down) * Kernel) + (j * stride) + right) * tap),
                            Math.Min(T.Count, columns - o), false);
                    }
                }
            }
        }
    }
}
