using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// A thread's part in copying one side's stages to shared memory, laid out as <see cref="ProductStage"/> says: two or four quads,
/// which no register waits for.
/// </summary>
internal struct TileCopier<TSource>
    where TSource : struct, ITileSource
{
    private TSource source;
    private Digits outer0, outer1, outer2, outer3, term0, term1, term2, term3;
    private int at0, at1, at2, at3;

    /// <summary>Places the thread at its first stage.</summary>
    /// <param name="side">The matrix.</param>
    /// <param name="extent">The tile's extent along the outer index; a constant.</param>
    /// <param name="threads">The group's threads; a constant.</param>
    /// <param name="firstOuter">The tile's first outer index.</param>
    /// <param name="firstTerm">The tile's first term.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(TSource side, int extent, int threads, int firstOuter, int firstTerm)
    {
        source = side;
        int thread = Group.IdxX;
        if (TSource.AlongTerms)
        {
            int outer = thread >> 2, step = threads >> 2;
            term0 = source.Term(firstTerm + ((thread & 3) << 2));
            outer0 = source.Outer(firstOuter + outer);
            outer1 = source.Outer(firstOuter + outer + step);
            at0 = (outer * ProductStage.Terms) + (4 * ProductStage.SwizzleTerms(thread & 3, outer));
            at1 = at0 + (threads << 2);
            if (Quads(extent, threads) > 2)
            {
                outer2 = source.Outer(firstOuter + outer + (2 * step));
                outer3 = source.Outer(firstOuter + outer + (3 * step));
                at2 = at0 + (2 * (threads << 2));
                at3 = at0 + (3 * (threads << 2));
            }
        }
        else
        {
            int shift = extent == 256 ? 6 : extent == 128 ? 5 : 4, piece = thread & ((1 << shift) - 1);
            int term = thread >> shift, step = threads >> shift;
            outer0 = source.Outer(firstOuter + (4 * piece));
            term0 = source.Term(firstTerm + term);
            term1 = source.Term(firstTerm + term + step);
            at0 = (term * extent) + (4 * ProductStage.SwizzleOuters(piece, term));
            at1 = ((term + step) * extent) + (4 * ProductStage.SwizzleOuters(piece, term + step));
            if (Quads(extent, threads) > 2)
            {
                term2 = source.Term(firstTerm + term + (2 * step));
                term3 = source.Term(firstTerm + term + (3 * step));
                at2 = ((term + (2 * step)) * extent) + (4 * ProductStage.SwizzleOuters(piece, term + (2 * step)));
                at3 = ((term + (3 * step)) * extent) + (4 * ProductStage.SwizzleOuters(piece, term + (3 * step)));
            }
        }
    }

    /// <summary>Begins to copy the stage's quads, and goes to the next stage.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Copy(ArrayView<float> memory, ArrayView<float> shared, int start, int extent, int threads)
    {
        source.Copy(memory, outer0, term0, ref shared[start + at0]);
        if (TSource.AlongTerms)
        {
            source.Copy(memory, outer1, term0, ref shared[start + at1]);
        }
        else
        {
            source.Copy(memory, outer0, term1, ref shared[start + at1]);
            term1 = Next(term1);
        }

        if (Quads(extent, threads) > 2)
        {
            if (TSource.AlongTerms)
            {
                source.Copy(memory, outer2, term0, ref shared[start + at2]);
                source.Copy(memory, outer3, term0, ref shared[start + at3]);
            }
            else
            {
                source.Copy(memory, outer0, term2, ref shared[start + at2]);
                source.Copy(memory, outer0, term3, ref shared[start + at3]);
                term2 = Next(term2);
                term3 = Next(term3);
            }
        }

        term0 = Next(term0);
    }

    /// <summary>How many quads of a stage a thread copies: two or four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Quads(int extent, int threads) => extent * ProductStage.Terms / 4 / threads;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Digits Next(Digits term) => source.NextTile(source.NextTile(term));
}
