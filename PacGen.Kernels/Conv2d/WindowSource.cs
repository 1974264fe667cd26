using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>
/// The windows over images as a matrix that is never written down: its indices are the windows (image, row, column) and a
/// window's taps (row, column, channel), along which memory runs. Either may be the summed one.
/// </summary>
/// <param name="windows">The windows.</param>
internal struct WindowSource<TOrder, TWidth>(Windows windows) : ITileSource
    where TOrder : struct, ITileOrder
    where TWidth : struct, ITileWidth
{
    private readonly int height = windows.Height, width = windows.Width;
    private readonly int channels = TWidth.InPairs ? windows.Channels / 2 : windows.Channels;
    private readonly int strideH = windows.StrideHeight, strideW = windows.StrideWidth, top = windows.Top, left = windows.Left;
    private readonly int images = windows.Images, tapRows = windows.KernelWidth == 0 ? 0 : windows.KernelHeight;
    private Radix tapRadix = new(windows.KernelWidth, TWidth.InPairs ? windows.Channels / 2 : windows.Channels);
    private Radix windowRadix = new(windows.Rows, windows.Columns);

    /// <inheritdoc/>
    public static bool AlongTerms => TOrder.AlongTerms;

    /// <inheritdoc/>
    public static bool IsWide => TWidth.Wide;

    /// <inheritdoc/>
    public static bool IsInPairs => TWidth.InPairs;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Outer(int index) => TOrder.AlongTerms ? windowRadix.Of(index) : tapRadix.Of(index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Term(int index) => TOrder.AlongTerms ? tapRadix.Of(index) : windowRadix.Of(index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits NextTile(Digits term) => TOrder.AlongTerms ? tapRadix.NextTile(term) : windowRadix.NextTile(term);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Masked(Quad numbers, int mask) => TileMask.Of<TWidth>(numbers, mask);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Mask(Digits outer, Digits term)
    {
        Digits window = TOrder.AlongTerms ? outer : term, tap = TOrder.AlongTerms ? term : outer;
        int row = (window.Middle * strideH) - top, column = (window.Low * strideW) - left;
        int mask = Utilities.Select(Sees(row, column, tap), 1, 0);
        if (TWidth.Wide)
        {
            mask *= TileMask.All;
        }
        else
        {
            tap = tapRadix.Next(tap);
            mask += Utilities.Select(Sees(row, column, tap), 2, 0);
            tap = tapRadix.Next(tap);
            mask += Utilities.Select(Sees(row, column, tap), 4, 0);
            tap = tapRadix.Next(tap);
            mask += Utilities.Select(Sees(row, column, tap), 8, 0);
        }

        return Utilities.Select(window.High < images, mask, 0);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Load(ArrayView<float> memory, Digits outer, Digits term, int mask)
    {
        Digits window = TOrder.AlongTerms ? outer : term, tap = TOrder.AlongTerms ? term : outer;
        int row = (window.Middle * strideH) - top, column = (window.Low * strideW) - left, line = window.High * height;
        int first = At(line, row, column, tap);
        if (TWidth.Wide)
        {
            return Quad.Load(memory, Utilities.Select(mask != 0, first, 0));
        }

        Quad quad = default;
        quad.X = memory[Utilities.Select((mask & 1) != 0, first, 0)];
        tap = tapRadix.Next(tap);
        quad.Y = memory[Utilities.Select((mask & 2) != 0, At(line, row, column, tap), 0)];
        tap = tapRadix.Next(tap);
        quad.Z = memory[Utilities.Select((mask & 4) != 0, At(line, row, column, tap), 0)];
        tap = tapRadix.Next(tap);
        quad.W = memory[Utilities.Select((mask & 8) != 0, At(line, row, column, tap), 0)];
        return quad;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Copy(ArrayView<float> memory, Digits outer, Digits term, ref float shared)
    {
        Digits window = TOrder.AlongTerms ? outer : term, tap = TOrder.AlongTerms ? term : outer;
        int row = (window.Middle * strideH) - top, column = (window.Low * strideW) - left, line = window.High * height;
        int mask = Mask(outer, term), first = At(line, row, column, tap);
        if (TWidth.Wide)
        {
            TileMask.CopyQuad(memory, first, mask, ref shared);
        }
        else
        {
            Digits next = tapRadix.Next(tap), third = tapRadix.Next(next);
            TileMask.CopyOnes(
                memory, first, At(line, row, column, next), At(line, row, column, third),
                At(line, row, column, tapRadix.Next(third)), mask, ref shared);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool Sees(int row, int column, Digits tap) =>
        tap.High < tapRows & (uint)(row + tap.High) < (uint)height & (uint)(column + tap.Middle) < (uint)width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int At(int line, int row, int column, Digits tap) =>
        ((((line + row + tap.High) * width) + column + tap.Middle) * channels) + tap.Low;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits StageOuter(int index) => TOrder.AlongTerms
        ? Corner(windowRadix.Of(IntrinsicMath.Min(index, (images * windowRadix.Middle * windowRadix.Low) - 1)))
        : tapRadix.Of(index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits StageTerm(int index) => TOrder.AlongTerms ? tapRadix.Of(index) : windowRadix.Of(index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits NextStage(Digits term) => TOrder.AlongTerms ? tapRadix.NextStage(term)
        : TWidth.InPairs ? windowRadix.NextStage(windowRadix.NextStage(term)) : windowRadix.NextStage(term);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void CopyStage(ArrayView<float> memory, Digits outer, Digits term, ref float shared, int offset)
    {
        Digits corner = TOrder.AlongTerms ? outer : Corner(term), tap = TOrder.AlongTerms ? term : outer;
        bool inside = TOrder.AlongTerms | term.High < images;
        if (TWidth.Wide)
        {
            TileMask.CopyStageQuad(
                memory, corner.Index + Way(tap), inside & Sees(corner.Middle, corner.Low, tap), ref shared, offset);
        }
        else
        {
            CopyOne(memory, corner, tap, inside, ref shared, offset);
            tap = tapRadix.Next(tap);
            CopyOne(memory, corner, tap, inside, ref shared, offset + 1);
            tap = tapRadix.Next(tap);
            CopyOne(memory, corner, tap, inside, ref shared, offset + 2);
            tap = tapRadix.Next(tap);
            CopyOne(memory, corner, tap, inside, ref shared, offset + 3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void CopyOne(
        ArrayView<float> memory, Digits corner, Digits tap, bool inside, ref float shared, int offset) => TileMask.CopyStageOne(
        memory, corner.Index + Way(tap), inside & Sees(corner.Middle, corner.Low, tap), ref shared, offset);

    // Where a window begins in memory, and its first row and column, which may lie outside.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Digits Corner(Digits window)
    {
        int row = (window.Middle * strideH) - top, column = (window.Low * strideW) - left;
        return new()
        {
            Index = ((((window.High * height) + row) * width) + column) * channels, Middle = row, Low = column,
        };
    }

    // From a window's beginning to a tap.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int Way(Digits tap) => (((tap.High * width) + tap.Middle) * channels) + tap.Low;
}
