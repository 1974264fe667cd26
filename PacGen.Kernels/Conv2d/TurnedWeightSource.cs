using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>
/// Weights (KH, KW, C, OC) as the gradient by the images multiplies them: the outer index is the channel of C, the terms are taps
/// (row, column, output channel), rows and columns turned round and, where windows stride, only those that meet some places.
/// </summary>
internal struct TurnedWeightSource<TWidth> : ITileSource
    where TWidth : struct, ITileWidth
{
    private int channels, outputs, rows, last, stepRow, stepColumn;
    private Radix radix;

    /// <param name="channels">The images' channels C.</param>
    /// <param name="outputs">The output channels OC.</param>
    /// <param name="rows">The rows of taps.</param>
    /// <param name="columns">The columns of taps.</param>
    /// <param name="last">Where the weights of the last row's last column begin, the first tap here.</param>
    /// <param name="stepRow">From a row to the one before it here.</param>
    /// <param name="stepColumn">From a column to the one before it here.</param>
    public TurnedWeightSource(int channels, int outputs, int rows, int columns, int last, int stepRow, int stepColumn)
    {
        int numbers = TWidth.InPairs ? 2 : 1;
        (this.channels, this.outputs, this.rows) = (channels, outputs / numbers, columns == 0 ? 0 : rows);
        (this.last, this.stepRow, this.stepColumn) = (last / numbers, stepRow / numbers, stepColumn / numbers);
        radix = new Radix(columns, this.outputs);
    }

    /// <inheritdoc/>
    public static bool AlongTerms => true;

    /// <inheritdoc/>
    public static bool IsWide => TWidth.Wide;

    /// <inheritdoc/>
    public static bool IsInPairs => TWidth.InPairs;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Outer(int index) => new() { Index = index };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Term(int index) => radix.Of(index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits NextTile(Digits term) => radix.NextTile(term);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Masked(Quad numbers, int mask) => TileMask.Of<TWidth>(numbers, mask);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Mask(Digits outer, Digits term)
    {
        int mask = Utilities.Select(term.High < rows, 1, 0);
        if (TWidth.Wide)
        {
            mask *= TileMask.All;
        }
        else
        {
            term = radix.Next(term);
            mask += Utilities.Select(term.High < rows, 2, 0);
            term = radix.Next(term);
            mask += Utilities.Select(term.High < rows, 4, 0);
            term = radix.Next(term);
            mask += Utilities.Select(term.High < rows, 8, 0);
        }

        return Utilities.Select(outer.Index < channels, mask, 0);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Load(ArrayView<float> memory, Digits outer, Digits term, int mask)
    {
        int line = last + (outer.Index * outputs), first = At(line, term);
        if (TWidth.Wide)
        {
            return Quad.Load(memory, Utilities.Select(mask != 0, first, 0));
        }

        Quad quad = default;
        quad.X = memory[Utilities.Select((mask & 1) != 0, first, 0)];
        term = radix.Next(term);
        quad.Y = memory[Utilities.Select((mask & 2) != 0, At(line, term), 0)];
        term = radix.Next(term);
        quad.Z = memory[Utilities.Select((mask & 4) != 0, At(line, term), 0)];
        term = radix.Next(term);
        quad.W = memory[Utilities.Select((mask & 8) != 0, At(line, term), 0)];
        return quad;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Copy(ArrayView<float> memory, Digits outer, Digits term, ref float shared)
    {
        int line = last + (outer.Index * outputs), first = At(line, term), mask = Mask(outer, term);
        if (TWidth.Wide)
        {
            TileMask.CopyQuad(memory, first, mask, ref shared);
        }
        else
        {
            Digits next = radix.Next(term), third = radix.Next(next);
            TileMask.CopyOnes(
                memory, first, At(line, next), At(line, third), At(line, radix.Next(third)), mask, ref shared);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int At(int line, Digits term) => line - (term.High * stepRow) - (term.Middle * stepColumn) + term.Low;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits StageOuter(int index) => new()
    {
        Index = last + (IntrinsicMath.Min(index, channels - 1) * outputs),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits StageTerm(int index) => radix.Of(index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits NextStage(Digits term) => radix.NextStage(term);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void CopyStage(ArrayView<float> memory, Digits outer, Digits term, ref float shared, int offset)
    {
        if (TWidth.Wide)
        {
            TileMask.CopyStageQuad(memory, outer.Index + Way(term), term.High < rows, ref shared, offset);
        }
        else
        {
            TileMask.CopyStageOne(memory, outer.Index + Way(term), term.High < rows, ref shared, offset);
            term = radix.Next(term);
            TileMask.CopyStageOne(memory, outer.Index + Way(term), term.High < rows, ref shared, offset + 1);
            term = radix.Next(term);
            TileMask.CopyStageOne(memory, outer.Index + Way(term), term.High < rows, ref shared, offset + 2);
            term = radix.Next(term);
            TileMask.CopyStageOne(memory, outer.Index + Way(term), term.High < rows, ref shared, offset + 3);
        }
    }

    // From an outer index's first tap to a term.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int Way(Digits term) => term.Low - (term.High * stepRow) - (term.Middle * stepColumn);
}
