using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// Winograd's convolution of images with weights that a <see cref="WinogradWeightsLaunch{T, TTile}"/> has left in the device's
/// shared memory. A task takes some tiles: it transforms their inputs, multiplies one matrix for each of the n² numbers of a
/// tile, and transforms the products back, all in memory that stays in its core's cache.
/// </summary>
internal sealed unsafe class WinogradLaunch<T, TTile> : CpuLaunch
    where T : struct, IMemoryLane<T>
    where TTile : struct, IWinogradTile
{
    private const int MostSide = 6, LargestSection = 256, Line = 16;
    private readonly Windows windows;
    private readonly WinogradTiles tiles;
    private readonly ColumnPanels panels;
    private readonly Region images;
    private readonly Region output;
    private readonly (int Rows, int Columns) extent;
    private readonly nint weightStep;
    private readonly int tilesPerTask;
    private readonly int terms;
    private readonly int padded;
    private readonly int zeroCount;
    private readonly nint imageStep;
    private readonly nint sumStep;
    private readonly nint[] imageRows;
    private readonly nint[] sumRows;
    private readonly (int Term, int Count)[][] sections;

    /// <param name="device">The device.</param>
    /// <param name="windows">
    /// The windows of a phase of outputs, as far apart as the tile's; where that is not 1, over whole vectors.
    /// </param>
    /// <param name="panels">The panels of the weights.</param>
    /// <param name="taps">Where each tap of each phase begins in the weights; negative where it is missing.</param>
    /// <param name="images">The images.</param>
    /// <param name="output">The output, dense.</param>
    /// <param name="extent">Its rows and columns.</param>
    public WinogradLaunch(
        CpuDevice device, Windows windows, ColumnPanels panels, nint[] taps, Region images, Region output,
        (int Rows, int Columns) extent)
        : base(device)
    {
        (this.windows, this.panels, this.images, this.output, this.extent) = (windows, panels, images, output, extent);
        weightStep = WinogradMemory<TTile>.Step(panels, windows.Channels);
        tiles = new WinogradTiles(windows, TTile.Outputs);
        terms = WinogradMemory<TTile>.Terms(windows.Channels);
        padded = (terms + T.Count - 1) / T.Count * T.Count;
        zeroCount = (padded + 15) / 16 * 16;
        tilesPerTask = WinogradChoice.TilesPerTask(tiles.Count, TTile.Inputs, padded + panels.Padded);
        imageStep = WinogradTiles.Apart((nint)tilesPerTask * padded);
        sumStep = WinogradTiles.Apart((nint)tilesPerTask * panels.Padded);
        imageRows = new nint[tilesPerTask];
        sumRows = new nint[tilesPerTask];
        for (int i = 0; i < tilesPerTask; i++)
        {
            imageRows[i] = (nint)i * padded;
            sumRows[i] = (nint)i * panels.Padded;
        }

        int numbers = WinogradMemory<TTile>.Numbers, longest = SixteenTerms<T>.Fits(panels, terms)
            ? SixteenTerms<T>.Terms : LargestSection;
        sections =
        [
            .. from phase in Enumerable.Range(0, TTile.Spread * TTile.Spread)
               from number in Enumerable.Range(0, numbers)
               select WinogradTaps<TTile>.Terms(taps, phase, number, windows.Channels, longest),
        ];
        device.ReserveScratch(zeroCount + (numbers * (imageStep + sumStep)));
    }

    /// <inheritdoc/>
    public override int Tasks => (tiles.Count + tilesPerTask - 1) / tilesPerTask;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        int first = task * tilesPerTask, count = Math.Min(tilesPerTask, tiles.Count - first),
            numbers = TTile.Inputs * TTile.Inputs;
        float* zeros = Device.Scratch(worker), transformed = zeros + zeroCount, sums = transformed + (numbers * imageStep);
        new Span<float>(zeros, padded).Clear();
        TransformImages(first, count, zeros, transformed);
        for (int phase = 0; phase < TTile.Spread * TTile.Spread; phase++)
        {
            Multiply(phase, count, transformed, sums);
            TransformSums(phase, first, count, sums);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformImages(int first, int count, float* zeros, float* transformed)
    {
        int n = TTile.Inputs, m = TTile.Outputs, stride = TTile.Stride, channels = windows.Channels;
        float** from = stackalloc float*[WinogradTiles.Addresses];
        float* x = CpuDevice.Address(images);
        nint line = (nint)windows.Width * channels, size = windows.Height * line;
        (int image, int row, int column) = tiles.Place(first);
        for (int tile = 0; tile < count; tile++)
        {
            (int nextImage, int nextRow, int nextColumn) = tiles.Next(image, row, column);
            for (int phase = 0; phase < stride * stride; phase++)
            {
                int down = (phase / stride) - windows.Top, right = (phase % stride) - windows.Left;
                WinogradTiles.Point(
                    x + (image * size), windows.Height, windows.Width, channels, (stride * row) + down, (stride * column) + right,
                    stride, n, zeros, from);

                // The places that the next tile doesn't share with those above it and on its left.
                float* next = x + (nextImage * size) + (((stride * (nextRow + n - m)) + down) * line)
                    + (((stride * (nextColumn + n - m)) + right) * (nint)channels);
                float* to = transformed + ((nint)tile * padded) + (phase * channels);
                for (int channel = 0; channel < channels; channel += T.Count)
                {
                    WinogradTiles.Prefetch(next + channel, m, (nint)stride * channels, stride * line);
                    TTile.Images<T>(from, channel, to + channel, imageStep);
                }
            }

            (image, row, column) = (nextImage, nextRow, nextColumn);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(int phase, int count, float* transformed, float* sums)
    {
        float* weights = Device.Shared + (phase * WinogradMemory<TTile>.Matrices(panels, windows.Channels));
        int numbers = WinogradMemory<TTile>.Numbers;
        bool sixteen = SixteenTerms<T>.Fits(panels, terms);
        fixed (nint* aRows = imageRows, cRows = sumRows)
        {
            for (int number = 0; number < numbers; number++)
            {
                float* a = transformed + (number * imageStep), b = weights + (number * weightStep), c = sums + (number * sumStep);
                (int Term, int Count)[] ranges = sections[(phase * numbers) + number];
                if (ranges.Length == 0)
                {
                    new Span<float>(c, count * panels.Padded).Clear();
                }

                for (int i = 0; i < ranges.Length; i++)
                {
                    (int term, int length) = ranges[i];
                    if (sixteen)
                    {
                        SixteenTerms<T>.Multiply(count, a + term, padded, b + ((nint)term * T.Count), c, i > 0);
                        continue;
                    }

                    Summation sum = new(1, length);
                    for (int panel = 0; panel < panels.Count; panel++)
                    {
                        int vectors = panels.VectorsOf(panel), start = panels.Start(panel), width = vectors * T.Count;
                        RowTiles<T>.Multiply(
                            sum, a + term, aRows, count, b + ((nint)start * terms) + ((nint)term * width), width,
                            vectors, width, c + start, cRows, i > 0, false);
                    }
                }
            }
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformSums(int phase, int first, int count, float* sums)
    {
        int m = TTile.Outputs, spread = TTile.Spread, columns = panels.Columns;
        (int down, int right) = Math.DivRem(phase, spread);
        float* partRoom = stackalloc float[(MostSide * MostSide * 16) + 16];
        float* part = WinogradTiles.Aligned(partRoom);
        nint place = (nint)spread * columns, line = (nint)extent.Columns * place;
        float* y = CpuDevice.Address(output);

        // Of a phase's sums, a place's stand alone in memory, else a row's together.
        int run = spread == 1 ? m * columns : columns, runs = spread == 1 ? 1 : m;
        (int image, int row, int column) = tiles.Place(first);
        for (int tile = 0; tile < count; tile++, (image, row, column) = tiles.Next(image, row, column))
        {
            int top = (spread * row) + down, left = (spread * column) + right;
            int rows = Math.Min(m, (extent.Rows - top + spread - 1) / spread),
                across = Math.Min(m, (extent.Columns - left + spread - 1) / spread);
            float* to = y + (((((nint)image * extent.Rows) + top) * extent.Columns) + left) * columns;

            // A store waits for a line that is in no cache: the tile after the next asks for its lines here.
            float* next = to + (2 * m * place);
            for (int i = 0; i < m * runs; i++)
            {
                (int nextRow, int nextPlace) = runs == 1 ? (i, 0) : (i / m, i % m);
                for (int j = 0; j < run; j += Line)
                {
                    CpuDevice.Prefetch(next + (nextRow * line) + (nextPlace * place) + j);
                }
            }

            for (int o = 0; o < columns; o += T.Count)
            {
                float* from = sums + ((nint)tile * panels.Padded) + o;
                if (rows == m && across == m && o + T.Count <= columns)
                {
                    TTile.Sums<T>(from, sumStep, to + o, place, line);
                    continue;
                }

                TTile.Sums<T>(from, sumStep, part, T.Count, m * T.Count);
                for (int i = 0; i < rows; i++)
                {
                    for (int j = 0; j < across; j++)
                    {
                        RowTiles<T>.Copy(
                            part + (((i * m) + j) * T.Count), to + o + (j * place) + (i * line),
                            Math.Min(T.Count, columns - o), false);
                    }
                }
            }
        }
    }
}
