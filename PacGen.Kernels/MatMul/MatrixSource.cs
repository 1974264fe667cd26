using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>A matrix in memory, as it stands or transposed, as a side of a product on a GPU.</summary>
/// <param name="outers">The rows of A or columns of B.</param>
/// <param name="terms">The summed terms.</param>
internal struct MatrixSource<TOrder, TWidth>(int outers, int terms) : ITileSource
    where TOrder : struct, ITileOrder
    where TWidth : struct, ITileWidth
{
    private int outers = TWidth.InPairs & !TOrder.AlongTerms ? outers / 2 : outers;
    private int terms = TWidth.InPairs & TOrder.AlongTerms ? terms / 2 : terms;

    /// <inheritdoc/>
    public static bool AlongTerms => TOrder.AlongTerms;

    /// <inheritdoc/>
    public static bool IsWide => TWidth.Wide;

    /// <inheritdoc/>
    public static bool IsInPairs => TWidth.InPairs;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Outer(int index) => new() { Index = index };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Term(int index) => new() { Index = index };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits NextTile(Digits term) => new() { Index = term.Index + ProductTile.Terms };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Masked(Quad numbers, int mask) => TileMask.Of<TWidth>(numbers, mask);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Mask(Digits outer, Digits term)
    {
        int line = TOrder.AlongTerms ? outer.Index : term.Index, lines = TOrder.AlongTerms ? outers : terms;
        int place = TOrder.AlongTerms ? term.Index : outer.Index, length = TOrder.AlongTerms ? terms : outers;
        bool inside = line < lines & place < length;
        return TWidth.Wide
            ? Utilities.Select(inside, TileMask.All, 0)
            : Utilities.Select(inside, TileMask.All >> IntrinsicMath.Max(4 - (length - place), 0), 0);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Load(ArrayView<float> memory, Digits outer, Digits term, int mask)
    {
        int start = TOrder.AlongTerms ? (outer.Index * terms) + term.Index : (term.Index * outers) + outer.Index;
        return TWidth.Wide
            ? Quad.Load(memory, Utilities.Select(mask != 0, start, 0))
            : new Quad(
                memory[Utilities.Select((mask & 1) != 0, start, 0)], memory[Utilities.Select((mask & 2) != 0, start + 1, 0)],
                memory[Utilities.Select((mask & 4) != 0, start + 2, 0)], memory[Utilities.Select((mask & 8) != 0, start + 3, 0)]);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Copy(ArrayView<float> memory, Digits outer, Digits term, ref float shared)
    {
        int start = TOrder.AlongTerms ? (outer.Index * terms) + term.Index : (term.Index * outers) + outer.Index;
        int mask = Mask(outer, term);
        if (TWidth.Wide)
        {
            TileMask.CopyQuad(memory, start, mask, ref shared);
        }
        else
        {
            TileMask.CopyOnes(memory, start, start + 1, start + 2, start + 3, mask, ref shared);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits StageOuter(int index) => new()
    {
        Index = TOrder.AlongTerms ? IntrinsicMath.Min(index, outers - 1) * terms : index,
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits StageTerm(int index) => new() { Index = index, Low = TOrder.AlongTerms ? index : index * outers };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits NextStage(Digits term)
    {
        int step = TWidth.InPairs & !TOrder.AlongTerms ? ProductStage.TermsInPairs : ProductStage.Terms;
        return new() { Index = term.Index + step, Low = term.Low + (TOrder.AlongTerms ? step : step * outers) };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void CopyStage(ArrayView<float> memory, Digits outer, Digits term, ref float shared, int offset)
    {
        int start = outer.Index + term.Low;
        if (TWidth.Wide)
        {
            TileMask.CopyStageQuad(
                memory, start, TOrder.AlongTerms ? term.Index < terms : term.Index < terms & outer.Index < outers, ref shared,
                offset);
        }
        else
        {
            int rest = TOrder.AlongTerms ? terms - term.Index : outers - outer.Index;
            bool inside = TOrder.AlongTerms | term.Index < terms;
            TileMask.CopyStageOne(memory, start, inside & rest > 0, ref shared, offset);
            TileMask.CopyStageOne(memory, start + 1, inside & rest > 1, ref shared, offset + 1);
            TileMask.CopyStageOne(memory, start + 2, inside & rest > 2, ref shared, offset + 2);
            TileMask.CopyStageOne(memory, start + 3, inside & rest > 3, ref shared, offset + 3);
        }
    }
}
