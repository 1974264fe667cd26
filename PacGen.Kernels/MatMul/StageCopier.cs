using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// A thread's part in copying one side's stages to shared memory, laid out as <see cref="ProductStage"/> says: up to eight quads
/// of one term, or of one quad of terms, which no register waits for.
/// </summary>
internal struct StageCopier<TSource, TSums>
    where TSource : struct, ITileSource
    where TSums : struct, IStageSums
{
    private TSource source;
    private Digits term, outer0, outer1, outer2, outer3, outer4, outer5, outer6, outer7;
    private int first, even, odd;

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
        if (TSource.AlongTerms)
        {
            // A line's four quads are four threads', and a thread's lines are a quarter of the threads apart.
            int piece = thread & 3;
            first = thread >> 2;
            term = source.StageTerm(firstTerm + (4 * piece));
            even = (first * ProductStage.Terms) + (4 * ProductStage.SwizzleTerms(piece, first));
            odd = even + (step * ProductStage.Terms);
        }
        else
        {
            // A term's line is a sixteenth of the threads', and a thread's quads are so many apart.
            int line = thread / step;
            first = thread - (line * step);
            term = source.StageTerm(firstTerm + line);
            even = (line * extent) + (4 * Swizzled(first, line, extent));
            odd = (line * extent) + (4 * Swizzled(first + step, line, extent));
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
        Copy(memory, outer2, ref atEven, apart, 2, step, extent);
        Copy(memory, outer3, ref atOdd, apart, 3, step, extent);
        Copy(memory, outer4, ref atEven, 2 * apart, 4, step, extent);
        Copy(memory, outer5, ref atOdd, 2 * apart, 5, step, extent);
        Copy(memory, outer6, ref atEven, 3 * apart, 6, step, extent);
        Copy(memory, outer7, ref atOdd, 3 * apart, 7, step, extent);
        term = source.NextStage(term);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Swizzled(int piece, int line, int extent) =>
        TSums.ReadsAcrossTerms ? ProductStage.SwizzleOuters(piece, line, extent) : piece;

    // From a thread's line, or piece of a line, to its next.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Step(int threads) => TSource.AlongTerms ? threads >> 2 : threads / ProductStage.Terms;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Digits Outer(bool isLeft, int firstOuter, int quad, int step)
    {
        int place = first + (quad * step);
        return source.StageOuter(
            firstOuter + (!TSource.AlongTerms ? 4 * place
                : isLeft ? ProductStage.RowOfLine(place) : ProductStage.ColumnOfLine(place)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Copy(
        ArrayView<float> memory, Digits outer, ref float shared, int offset, int quad, int step, int extent)
    {
        // All threads have the quad, or some, or none.
        int places = TSource.AlongTerms ? extent : extent / 4;
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
