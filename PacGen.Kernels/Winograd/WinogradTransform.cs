using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// A transform of Winograd's convolution on a GPU, closed over the map, where its squares are taken from and where they go: a
/// thread maps a square of four channels, in registers.
/// </summary>
internal sealed class WinogradTransform<TMap, TSource, TTarget> : Launch
    where TMap : struct, IWinogradMap
    where TSource : struct, IWinogradSource
    where TTarget : struct, IWinogradTarget
{
    private const int Threads = 64;
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, TSource, TTarget, int, int> kernel;
    private readonly ArrayView<float> from, to;
    private readonly TSource source;
    private readonly TTarget target;
    private readonly int squares, quads;
    private readonly KernelConfig grid;

    /// <param name="device">The device.</param>
    /// <param name="from">What is transformed.</param>
    /// <param name="source">How it is read.</param>
    /// <param name="to">Takes the results.</param>
    /// <param name="target">Where in it they go.</param>
    /// <param name="squares">How many squares there are.</param>
    /// <param name="channels">Of how many channels, a multiple of 4.</param>
    public WinogradTransform(
        GpuDevice device, Region from, TSource source, Region to, TTarget target, int squares, int channels)
    {
        this.from = GpuDevice.View(from);
        this.to = GpuDevice.View(to);
        (this.source, this.target, this.squares, quads) = (source, target, squares, channels / Quad.Count);
        int group = Math.Min(Threads, device.Accelerator.MaxNumThreadsPerGroup);
        grid = new KernelConfig((checked(squares * quads) + group - 1) / group, group);
        kernel = device.Load(
            Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, TSource, TTarget, int, int>(Kernel));
    }

    /// <summary>The kernel.</summary>
    public static MethodInfo Method => ((Delegate)Kernel).Method;

    /// <inheritdoc/>
    public override void Run() => kernel(grid, from, to, source, target, squares, quads);

    internal static void Kernel(
        ArrayView<float> from, ArrayView<float> to, TSource source, TTarget target, int squares, int quads)
    {
        int i = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (i < squares * quads)
        {
            int high = i / (TSource.AlongSquares ? squares : quads), low = i - (high * (TSource.AlongSquares ? squares : quads));
            int square = TSource.AlongSquares ? low : high, channel = (TSource.AlongSquares ? high : low) * Quad.Count;
            Digits place = source.Place(square);
            WinogradLine r0 = TMap.Of(Row(from, source, place, channel, 0));
            WinogradLine r1 = TMap.Of(Row(from, source, place, channel, 1));
            WinogradLine r2 = default, r3 = default, r4 = default, r5 = default;
            if (TMap.Inputs > 2)
            {
                r2 = TMap.Of(Row(from, source, place, channel, 2));
            }

            if (TMap.Inputs > 3)
            {
                r3 = TMap.Of(Row(from, source, place, channel, 3));
            }

            if (TMap.Inputs > 4)
            {
                r4 = TMap.Of(Row(from, source, place, channel, 4));
                r5 = TMap.Of(Row(from, source, place, channel, 5));
            }

            place = target.Place(square);
            Column(to, target, place, channel, 0, r0.N0, r1.N0, r2.N0, r3.N0, r4.N0, r5.N0);
            Column(to, target, place, channel, 1, r0.N1, r1.N1, r2.N1, r3.N1, r4.N1, r5.N1);
            if (TMap.Outputs > 2)
            {
                Column(to, target, place, channel, 2, r0.N2, r1.N2, r2.N2, r3.N2, r4.N2, r5.N2);
            }

            if (TMap.Outputs > 3)
            {
                Column(to, target, place, channel, 3, r0.N3, r1.N3, r2.N3, r3.N3, r4.N3, r5.N3);
            }

            if (TMap.Outputs > 4)
            {
                Column(to, target, place, channel, 4, r0.N4, r1.N4, r2.N4, r3.N4, r4.N4, r5.N4);
                Column(to, target, place, channel, 5, r0.N5, r1.N5, r2.N5, r3.N5, r4.N5, r5.N5);
            }
        }
    }

    // The numbers of a row.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WinogradLine Row(ArrayView<float> from, TSource source, Digits place, int channel, int row)
    {
        int number = row * TMap.Inputs;
        WinogradLine line = default;
        line.N0 = source.Load(from, place, channel, row, 0, number);
        line.N1 = source.Load(from, place, channel, row, 1, number + 1);
        if (TMap.Inputs > 2)
        {
            line.N2 = source.Load(from, place, channel, row, 2, number + 2);
        }

        if (TMap.Inputs > 3)
        {
            line.N3 = source.Load(from, place, channel, row, 3, number + 3);
        }

        if (TMap.Inputs > 4)
        {
            line.N4 = source.Load(from, place, channel, row, 4, number + 4);
            line.N5 = source.Load(from, place, channel, row, 5, number + 5);
        }

        return line;
    }

    // Maps a column and stores it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column(
        ArrayView<float> to, TTarget target, Digits place, int channel, int column, Quad n0, Quad n1, Quad n2, Quad n3, Quad n4,
        Quad n5)
    {
        WinogradLine line = TMap.Of(new WinogradLine { N0 = n0, N1 = n1, N2 = n2, N3 = n3, N4 = n4, N5 = n5 });
        target.Store(to, place, channel, column, line, TMap.Outputs);
    }
}
