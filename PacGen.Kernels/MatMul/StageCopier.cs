using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// A thread's part in copying one side's stages to shared memory, laid out as <see cref="ProductStage"/> says: up to eight quads
/// of one term, or of one quad of terms, which no register waits for. In pairs of bfloat16 a quad is eight numbers, and a stage
/// has twice the terms.
/// </summary>
internal struct StageCopier<TSource, TSums>
    where TSource : struct, ITileSource
    where TSums : struct, IStageSums
{
    private TSource source;
    private Digits term, outer0, outer1, outer2, outer3, outer4, outer5, outer6, outer7;
    private int first, even, odd, third, fourth;

    /// <summary>Places the thread at its first stage.</summary>
    /// <param name="side">The matrix.</param>
    /// <param name="isLeft">Whether it is A; a constant.</param>
    /// <param name="extent">The tile's extent along the outer index; a constant, as in all methods.</param>
    /// <param name="threads">The group's threads; a constant.</param>
    /// <param name="firstOuter">The tile's first outer index.</param>
    /// <param name="firstTerm">The tile's first term.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(TSource side, bool isLeft, int extent, int threads, int firstOuter, int firstTerm)
    {
        source = side;
        int thread = Group.IdxX, step = Step(threads);

        // All places are in shared memory, for a simulator looks at those that nothing is copied to as well.
        if (TSource.AlongTerms)
        {
            // A line's four quads are four threads', and a thread's lines are a quarter of the threads apart.
            int piece = thread & 3;
            first = thread >> 2;
            term = source.StageTerm((TSource.IsInPairs ? firstTerm >> 1 : firstTerm) + (4 * piece));
            even = (first * ProductStage.Terms) + (4 * ProductStage.SwizzleTerms(piece, first));
            odd = even + (step < extent ? step * ProductStage.Terms : 0);
        }
        else
        {
            // A term's line is a sixteenth of the threads', or half of that, and a thread's quads are so many apart.
            int line = thread / step, start = line * 4 * Quads(extent);
            first = thread - (line * step);
            term = source.StageTerm(firstTerm + line);
            even = start + (4 * Swizzled(first, line, extent));
            odd = start + (4 * Swizzled(step < Quads(extent) ? first + step : first, line, extent));
            if (TSource.IsInPairs)
            {
                int last = Quads(extent) - 1;
                odd = start + (4 * Swizzled(IntrinsicMath.Min(first + step, last), line, extent));
                third = start + (4 * Swizzled(IntrinsicMath.Min(first + (2 * step), last), line, extent));
                fourth = start + (4 * Swizzled(IntrinsicMath.Min(first + (3 * step), last), line, extent));
            }
        }

        outer0 = Outer(isLeft, firstOuter, 0, step);
        outer1 = Outer(isLeft, firstOuter, 1, step);
        outer2 = Outer(isLeft, firstOuter, 2, step);
        outer3 = Outer(isLeft, firstOuter, 3, step);
        outer4 = Outer(isLeft, firstOuter, 4, step);
        outer5 = Outer(isLeft, firstOuter, 5, step);
        outer6 = Outer(isLeft, firstOuter, 6, step);
        outer7 = Outer(isLeft, firstOuter, 7, step);
    }

    /// <summary>Begins to copy the stage's quads, and goes to the next stage.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Copy(ArrayView<float> memory, ArrayView<float> shared, int start, int extent, int threads)
    {
        ref float atEven = ref shared[start + even];
        ref float atOdd = ref shared[start + odd];
        int step = Step(threads), apart = 2 * step * (TSource.AlongTerms ? ProductStage.Terms : 4);
        Copy(memory, outer0, ref atEven, 0, 0, step, extent);
        Copy(memory, outer1, ref atOdd, 0, 1, step, extent);
        if (TSource.IsInPairs & !TSource.AlongTerms)
        {
            // Few threads have a line: eight pieces on, after which places repeat, is the thread's fourth quad or its second.
            ref float atThird = ref shared[start + third];
            ref float atFourth = ref shared[start + fourth];
            Copy(memory, outer2, ref atThird, 0, 2, step, extent);
            Copy(memory, outer3, ref atFourth, 0, 3, step, extent);
            Copy(memory, outer4, ref atEven, 2 * apart, 4, step, extent);
            Copy(memory, outer5, ref atOdd, 2 * apart, 5, step, extent);
            Copy(memory, outer6, ref atThird, 2 * apart, 6, step, extent);
            Copy(memory, outer7, ref atFourth, 2 * apart, 7, step, extent);
        }
        else
        {
            Copy(memory, outer2, ref atEven, apart, 2, step, extent);
            Copy(memory, outer3, ref atOdd, apart, 3, step, extent);
            Copy(memory, outer4, ref atEven, 2 * apart, 4, step, extent);
            Copy(memory, outer5, ref atOdd, 2 * apart, 5, step, extent);
            Copy(memory, outer6, ref atEven, 3 * apart, 6, step, extent);
            Copy(memory, outer7, ref atOdd, 3 * apart, 7, step, extent);
        }

        term = source.NextStage(term);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Swizzled(int piece, int line, int extent) =>
        TSource.IsInPairs ? ProductStage.SwizzlePairs(piece, line, extent)
            : TSums.ReadsAcrossTerms ? ProductStage.SwizzleOuters(piece, line, extent) : piece;

    // The quads of a term's line.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Quads(int extent) => TSource.IsInPairs ? extent / 8 : extent / 4;

    // From a thread's line, or piece of a line, to its next.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Step(int threads) =>
        TSource.AlongTerms ? threads >> 2 : threads / (TSource.IsInPairs ? ProductStage.TermsInPairs : ProductStage.Terms);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Digits Outer(bool isLeft, int firstOuter, int quad, int step)
    {
        int place = first + (quad * step);
        return source.StageOuter(
            !TSource.AlongTerms ? (TSource.IsInPairs ? firstOuter >> 1 : firstOuter) + (4 * place)
                : firstOuter + (TSource.IsInPairs ? place
                    : isLeft ? ProductStage.RowOfLine(place) : ProductStage.ColumnOfLine(place)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Copy(
        ArrayView<float> memory, Digits outer, ref float shared, int offset, int quad, int step, int extent)
    {
        // All threads have the quad, or some, or none.
        int places = TSource.AlongTerms ? extent : Quads(extent);
        if ((quad + 1) * step <= places)
        {
            source.CopyStage(memory, outer, term, ref shared, offset);
        }
        else if (quad * step < places)
        {
            if (first < places - (quad * step))
            {
                source.CopyStage(memory, outer, term, ref shared, offset);
            }
        }
    }
}
