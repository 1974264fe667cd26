using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace PacGen.Kernels;

/// <summary>
/// How a warp that has 64 rows of a product, from a multiple of 64 on, stores them and gathers each column's moments of them:
/// distances from the number of the first row, which all of its lanes get, and their squares are added by each lane for its
/// eight rows, then by lanes of the same columns, each of which goes on with half of these. Nothing cancels but the distance of
/// that first number from the mean, and the order is fixed.
/// </summary>
internal static class WarpMoments
{
    /// <summary>Stores eight rows of a lane, four from each of two on, of four columns from each of two on.</summary>
    /// <param name="memory">The output.</param>
    /// <param name="target">Where in it the numbers go, and where the moments.</param>
    /// <param name="split">Which part of the terms was summed.</param>
    /// <param name="row">The first row.</param>
    /// <param name="column0">The first column.</param>
    /// <param name="column1">The fifth.</param>
    /// <param name="apart">From a lane to the next one of the same columns; a constant, of eight such lanes.</param>
    /// <param name="upper">The first four rows' sums.</param>
    /// <param name="lower">Those of the other four, 32 rows further.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TTarget>(
        ArrayView<float> memory, MomentsTarget<TTarget> target, int split, int row, int column0, int column1, int apart,
        EightQuads upper, EightQuads lower)
        where TTarget : struct, IProductTarget
    {
        ProductTarget layout = target.Layout;
        EightQuads u = target.Made(split, row, column0, column1, upper);
        layout.Store(memory, split, row, column0, column1, u.Q0, u.Q1, u.Q2, u.Q3, u.Q4, u.Q5, u.Q6, u.Q7);
        EightColumns columns = default;
        columns.Start(u.Q0, u.Q1, apart);
        columns.Add(row < layout.Rows, u.Q0, u.Q1);
        columns.Add(row + 1 < layout.Rows, u.Q2, u.Q3);
        columns.Add(row + 2 < layout.Rows, u.Q4, u.Q5);
        columns.Add(row + 3 < layout.Rows, u.Q6, u.Q7);
        EightQuads v = target.Made(split, row + 32, column0, column1, lower);
        layout.Store(memory, split, row + 32, column0, column1, v.Q0, v.Q1, v.Q2, v.Q3, v.Q4, v.Q5, v.Q6, v.Q7);
        columns.Add(row + 32 < layout.Rows, v.Q0, v.Q1);
        columns.Add(row + 33 < layout.Rows, v.Q2, v.Q3);
        columns.Add(row + 34 < layout.Rows, v.Q4, v.Q5);
        columns.Add(row + 35 < layout.Rows, v.Q6, v.Q7);
        int which = columns.Fold(apart), column = which < 4 ? column0 + which : column1 + which - 4;
        columns.Store(target, row, column);
    }

    /// <summary>
    /// Stores eight rows of a lane, two and those 16, 32 and 48 rows further, of two from every eighth column on.
    /// </summary>
    /// <param name="memory">The output.</param>
    /// <param name="target">Where in it the numbers go, and where the moments.</param>
    /// <param name="split">Which part of the terms was summed.</param>
    /// <param name="row0">The first row.</param>
    /// <param name="row1">The second row.</param>
    /// <param name="column">The first column.</param>
    /// <param name="s0">The first two rows' sums, as <see cref="IProductTarget.StorePairs"/> takes them.</param>
    /// <param name="s1">Those 16 rows further.</param>
    /// <param name="s2">Those 32 rows further.</param>
    /// <param name="s3">Those 48 rows further.</param>
    /// <param name="width">How many sixteens of columns there are, 1 to 4; a constant.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePairs<TTarget>(
        ArrayView<float> memory, MomentsTarget<TTarget> target, int split, int row0, int row1, int column, EightQuads s0,
        EightQuads s1, EightQuads s2, EightQuads s3, int width)
        where TTarget : struct, IProductTarget
    {
        EightQuads m0 = Stored(memory, target, split, row0, row1, column, s0, width);
        EightQuads m1 = Stored(memory, target, split, row0 + 16, row1 + 16, column, s1, width);
        EightQuads m2 = Stored(memory, target, split, row0 + 32, row1 + 32, column, s2, width);
        EightQuads m3 = Stored(memory, target, split, row0 + 48, row1 + 48, column, s3, width);
        Gather(target, row0, row1, column, m0.Q0, m0.Q1, m0.Q2, m0.Q3, m1.Q0, m1.Q1, m1.Q2, m1.Q3, m2.Q0, m2.Q1, m2.Q2, m2.Q3,
            m3.Q0, m3.Q1, m3.Q2, m3.Q3, 2 * width);
        if (width > 2)
        {
            Gather(target, row0, row1, column + 32, m0.Q4, m0.Q5, m0.Q6, m0.Q7, m1.Q4, m1.Q5, m1.Q6, m1.Q7, m2.Q4, m2.Q5,
                m2.Q6, m2.Q7, m3.Q4, m3.Q5, m3.Q6, m3.Q7, 2 * (width - 2));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static EightQuads Stored<TTarget>(
        ArrayView<float> memory, MomentsTarget<TTarget> target, int split, int row0, int row1, int column, EightQuads sums,
        int width)
        where TTarget : struct, IProductTarget
    {
        EightQuads m = target.MadePairs(split, row0, row1, column, sums, width);
        target.Layout.StorePairs(
            memory, split, row0, row1, column, m.Q0, m.Q1, m.Q2, m.Q3, m.Q4, m.Q5, m.Q6, m.Q7, width);
        return m;
    }

    // Of eight columns, two from every eighth on; the warp has as many eights as are said, or more.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gather<TTarget>(
        MomentsTarget<TTarget> target, int row0, int row1, int column, Quad a0, Quad a1, Quad a2, Quad a3, Quad b0, Quad b1,
        Quad b2, Quad b3, Quad c0, Quad c1, Quad c2, Quad c3, Quad d0, Quad d1, Quad d2, Quad d3, int eights)
        where TTarget : struct, IProductTarget
    {
        const int Apart = 4;
        int rows = target.Layout.Rows;
        EightColumns columns = default;
        columns.Start(Upper(a0, a1), Upper(a2, a3), Apart);
        columns.Add(row0 < rows, Upper(a0, a1), Upper(a2, a3));
        columns.Add(row1 < rows, Lower(a0, a1), Lower(a2, a3));
        columns.Add(row0 + 16 < rows, Upper(b0, b1), Upper(b2, b3));
        columns.Add(row1 + 16 < rows, Lower(b0, b1), Lower(b2, b3));
        columns.Add(row0 + 32 < rows, Upper(c0, c1), Upper(c2, c3));
        columns.Add(row1 + 32 < rows, Lower(c0, c1), Lower(c2, c3));
        columns.Add(row0 + 48 < rows, Upper(d0, d1), Upper(d2, d3));
        columns.Add(row1 + 48 < rows, Lower(d0, d1), Lower(d2, d3));
        int which = columns.Fold(Apart);
        if (which >> 1 < eights)
        {
            columns.Store(target, row0, column + (8 * (which >> 1)) + (which & 1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Upper(Quad first, Quad second) => new(first.X, first.Y, second.X, second.Y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Lower(Quad first, Quad second) => new(first.Z, first.W, second.Z, second.W);

    /// <summary>A lane's sums of distances and of their squares, of eight columns, and then of one.</summary>
    private struct EightColumns
    {
        private Quad origins0, origins1, sums0, sums1, squares0, squares1;

        /// <summary>Gets the numbers of the first row, which the first of the lanes of the same columns has.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Start(Quad first0, Quad first1, int apart)
        {
            int lane = Group.IdxX & 31 & ~(7 * apart);
            origins0 = From(first0, lane);
            origins1 = From(first1, lane);
        }

        /// <summary>Adds a row's numbers, if the row is inside.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(bool isInside, Quad numbers0, Quad numbers1)
        {
            if (isInside)
            {
                Quad minus = Quad.Constant(-1f);
                Quad distance0 = Quad.MultiplyAdd(origins0, minus, numbers0);
                Quad distance1 = Quad.MultiplyAdd(origins1, minus, numbers1);
                sums0 = Quad.Add(sums0, distance0);
                sums1 = Quad.Add(sums1, distance1);
                squares0 = Quad.MultiplyAdd(distance0, distance0, squares0);
                squares1 = Quad.MultiplyAdd(distance1, distance1, squares1);
            }
        }

        /// <summary>
        /// Adds what the eight lanes have, into the first of each four numbers; the column of eight that is this lane's then.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int Fold(int apart)
        {
            int lane = Group.IdxX & 31;
            bool high = (lane & apart) != 0, middle = (lane & (2 * apart)) != 0, low = (lane & (4 * apart)) != 0;
            Quad sums = Quads(high, apart, sums0, sums1), squares = Quads(high, apart, squares0, squares1);
            Pair sum = Pairs(middle, 2 * apart, sums), square = Pairs(middle, 2 * apart, squares);
            sums0.X = One(low, 4 * apart, sum);
            squares0.X = One(low, 4 * apart, square);
            return (high ? 4 : 0) + (middle ? 2 : 0) + (low ? 1 : 0);
        }

        /// <summary>Stores the moments of the lane's column, if there is such a column and a row of the part.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store<TTarget>(MomentsTarget<TTarget> target, int row, int column)
            where TTarget : struct, IProductTarget
        {
            ProductTarget layout = target.Layout;
            int part = row / ProductMoments.PartRows;
            int count = IntrinsicMath.Min(layout.Rows - (part * ProductMoments.PartRows), ProductMoments.PartRows);
            if (count > 0 & column < layout.Columns)
            {
                float distance = GpuArithmetic.Divide(sums0.X, count);
                float squares = GpuArithmetic.MultiplyAdd(-distance, sums0.X, squares0.X);

                // Rounding alone could make it negative, where all numbers are equal but for their last bits.
                target.StoreMoments(part, column, distance, Maximum.Combine(new GpuFloat(0f), new GpuFloat(squares)).Value);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Quad From(Quad quad, int lane) => new(
            Warp.Shuffle(quad.X, lane), Warp.Shuffle(quad.Y, lane), Warp.Shuffle(quad.Z, lane), Warp.Shuffle(quad.W, lane));

        // A half of the columns, of two lanes: each keeps one, and gives the other away.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Quad Quads(bool isSecond, int mask, Quad first, Quad second) => new(
            One(isSecond, mask, new(first.X, second.X)), One(isSecond, mask, new(first.Y, second.Y)),
            One(isSecond, mask, new(first.Z, second.Z)), One(isSecond, mask, new(first.W, second.W)));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Pair Pairs(bool isSecond, int mask, Quad quad) => new(
            One(isSecond, mask, new(quad.X, quad.Z)), One(isSecond, mask, new(quad.Y, quad.W)));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float One(bool isSecond, int mask, Pair pair)
        {
            float kept = Utilities.Select(isSecond, pair.Y, pair.X), given = Utilities.Select(isSecond, pair.X, pair.Y);
            return GpuArithmetic.Add(kept, Warp.ShuffleXor(given, mask));
        }
    }
}
