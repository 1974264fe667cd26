using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// A thread's part in bringing one side's tiles to shared memory, where a term's line holds all outer indices: one, two or four
/// quads, which wait in registers while the tile before is multiplied.
/// </summary>
internal struct TileLoader<TSource>
    where TSource : struct, ITileSource
{
    private TSource source;

    // Quads along terms are of several outer indices and one term; quads along the outer index the other way round.
    private Digits outer0, outer1, outer2, outer3, term0, term1, term2, term3;
    private Quad quad0, quad1, quad2, quad3;
    private int line, mask0, mask1, mask2, mask3;

    /// <summary>Places the thread at its first tile.</summary>
    /// <param name="side">The matrix.</param>
    /// <param name="extent">The tile's extent along the outer index; a constant, as in all methods.</param>
    /// <param name="threads">The group's threads; a constant.</param>
    /// <param name="firstOuter">The tile's first outer index.</param>
    /// <param name="firstTerm">The tile's first term.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(TSource side, int extent, int threads, int firstOuter, int firstTerm)
    {
        source = side;
        int thread = Group.IdxX;
        int outer = TSource.AlongTerms ? thread / (ProductTile.Terms / 4) : thread % (extent / 4) * 4;
        int term = TSource.AlongTerms ? thread % (ProductTile.Terms / 4) * 4 : thread / (extent / 4);
        line = (term * ProductTile.Stride(extent)) + outer;
        int step = Step(extent, threads), quads = Quads(extent, threads);
        outer0 = source.Outer(firstOuter + outer);
        term0 = source.Term(firstTerm + term);
        if (quads > 1)
        {
            if (TSource.AlongTerms)
            {
                outer1 = source.Outer(firstOuter + outer + step);
            }
            else
            {
                term1 = source.Term(firstTerm + term + step);
            }
        }

        if (quads > 2)
        {
            if (TSource.AlongTerms)
            {
                outer2 = source.Outer(firstOuter + outer + (2 * step));
                outer3 = source.Outer(firstOuter + outer + (3 * step));
            }
            else
            {
                term2 = source.Term(firstTerm + term + (2 * step));
                term3 = source.Term(firstTerm + term + (3 * step));
            }
        }
    }

    /// <summary>Reads the tile's quads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch(ArrayView<float> memory, int extent, int threads)
    {
        int quads = Quads(extent, threads);
        mask0 = source.Mask(outer0, term0);
        quad0 = source.Load(memory, outer0, term0, mask0);
        if (quads > 1)
        {
            mask1 = TSource.AlongTerms ? source.Mask(outer1, term0) : source.Mask(outer0, term1);
            quad1 = TSource.AlongTerms ? source.Load(memory, outer1, term0, mask1)
                : source.Load(memory, outer0, term1, mask1);
        }

        if (quads > 2)
        {
            mask2 = TSource.AlongTerms ? source.Mask(outer2, term0) : source.Mask(outer0, term2);
            quad2 = TSource.AlongTerms ? source.Load(memory, outer2, term0, mask2)
                : source.Load(memory, outer0, term2, mask2);
            mask3 = TSource.AlongTerms ? source.Mask(outer3, term0) : source.Mask(outer0, term3);
            quad3 = TSource.AlongTerms ? source.Load(memory, outer3, term0, mask3)
                : source.Load(memory, outer0, term3, mask3);
        }
    }

    /// <summary>Goes to the next tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int extent, int threads)
    {
        int quads = Quads(extent, threads);
        term0 = source.NextTile(term0);
        if (!TSource.AlongTerms && quads > 1)
        {
            term1 = source.NextTile(term1);
        }

        if (!TSource.AlongTerms && quads > 2)
        {
            term2 = source.NextTile(term2);
            term3 = source.NextTile(term3);
        }
    }

    /// <summary>Puts the quads that were read into a tile in shared memory.</summary>
    /// <param name="shared">The shared memory.</param>
    /// <param name="start">Where in it the tile begins.</param>
    /// <param name="extent">The tile's extent.</param>
    /// <param name="threads">The group's threads.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Put<TSums>(ArrayView<float> shared, int start, int extent, int threads)
        where TSums : struct, IThreadSums
    {
        int at = start + line, quads = Quads(extent, threads);
        int step = Step(extent, threads) * (TSource.AlongTerms ? 1 : ProductTile.Stride(extent));
        Put(shared, at, extent, TSums.Prepare(TSource.Masked(quad0, mask0)));
        if (quads > 1)
        {
            Put(shared, at + step, extent, TSums.Prepare(TSource.Masked(quad1, mask1)));
        }

        if (quads > 2)
        {
            Put(shared, at + (2 * step), extent, TSums.Prepare(TSource.Masked(quad2, mask2)));
            Put(shared, at + (3 * step), extent, TSums.Prepare(TSource.Masked(quad3, mask3)));
        }
    }

    /// <summary>How many quads of a tile a thread brings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Quads(int extent, int threads) => extent * ProductTile.Terms / 4 / threads;

    /// <summary>How far a thread's quads lie from each other, along the index that memory does not run along.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Step(int extent, int threads) => TSource.AlongTerms ? threads / (ProductTile.Terms / 4)
        : threads / (extent / 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(ArrayView<float> shared, int at, int extent, Quad quad)
    {
        if (TSource.AlongTerms)
        {
            int stride = ProductTile.Stride(extent);
            shared[at] = quad.X;
            shared[at + stride] = quad.Y;
            shared[at + (2 * stride)] = quad.Z;
            shared[at + (3 * stride)] = quad.W;
        }
        else
        {
            Quad.Store(shared, at, quad);
        }
    }
}
