using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>A lane's part in copying one side's stages of long sums: two or four quads of an outer index, terms apart.</summary>
internal struct LongSumsCopier<TSource, TSums>
    where TSource : struct, ITileSource
    where TSums : struct, ILongSums
{
    // A warp's copy.
    private const int Floats = 32 * 4;

    private TSource source;
    private Digits outer, term0, term1, term2, term3;
    private int at;

    /// <summary>Places the lane at its first stage.</summary>
    /// <param name="side">The matrix.</param>
    /// <param name="extent">The tile's extent in places of memory, 8, 16 or 32; a constant.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="firstOuter">The tile's first outer index, in places of memory.</param>
    /// <param name="firstTerm">The warp's first term.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(TSource side, int extent, int lane, int firstOuter, int firstTerm)
    {
        source = side;
        int shift = extent == 32 ? 3 : extent == 16 ? 2 : 1, piece = lane & ((1 << shift) - 1), term = lane >> shift;
        int step = Floats / extent;
        outer = source.StageOuter(firstOuter + (4 * piece));
        term0 = source.StageTerm(firstTerm + term);
        term1 = source.StageTerm(firstTerm + term + step);
        if (HasFour(extent))
        {
            term2 = source.StageTerm(firstTerm + term + (2 * step));
            term3 = source.StageTerm(firstTerm + term + (3 * step));
        }

        // So many terms further pieces stand at the same places of their lines.
        at = (term * extent) + (4 * TSums.Place(piece, term, extent));
    }

    /// <summary>Begins to copy the stage's quads, and goes to the next stage.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Copy(ArrayView<float> memory, ArrayView<float> shared, int start, int extent)
    {
        ref float to = ref shared[start + at];
        source.CopyStage(memory, outer, term0, ref to, 0);
        source.CopyStage(memory, outer, term1, ref to, Floats);
        term0 = source.NextStage(term0);
        term1 = source.NextStage(term1);
        if (HasFour(extent))
        {
            source.CopyStage(memory, outer, term2, ref to, 2 * Floats);
            source.CopyStage(memory, outer, term3, ref to, 3 * Floats);
            term2 = source.NextStage(term2);
            term3 = source.NextStage(term3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasFour(int extent) => TSums.Terms * extent == 4 * Floats;
}
