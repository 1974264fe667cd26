using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// Sums on tensor cores, of fragments of 16 × 8: four one below the other, up to eight side by side. Both sides are rounded as
/// they are read, or were before, sums are in single precision.
/// </summary>
/// <remarks>
/// A fragment's rows are every fourth of 32, its columns every second of 16, so that numbers side by side come from shared
/// memory at once and go to the output in quads. Along terms: ldmatrix loads a whole fragment of A of eight terms, or two of B.
/// In pairs of bfloat16 a fragment's rows and columns are neighbours, for ldmatrix transposes eight of them at a time where
/// memory does not run along terms, and pairs go to the output.
/// </remarks>
internal struct TensorStageSums<TFactors> : IStageSums
    where TFactors : struct, IStageFactors
{
    private int firstRow, firstColumn, group, place;
    private WarpColumns sums0, sums1, sums2, sums3;

    /// <inheritdoc/>
    public static bool ReadsAcrossTerms => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(int across, int width)
    {
        int warp = Group.IdxX >> 5, lane = Group.IdxX & 31, below = warp / across;
        firstRow = below * 64;
        firstColumn = (warp - (below * across)) * 16 * width;
        group = lane >> 2;
        place = lane & 3;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<TA, TB>(ArrayView<float> shared, int startA, int rows, int startB, int columns, int width)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
    {
        Left left = LoadLeft<TA>(shared, startA, rows, 0);
        Right right = LoadRight<TB>(shared, startB, columns, width, 0);
        if (TFactors.Terms == ProductStage.Terms)
        {
            Multiply(left, LoadLeft<TA>(shared, startA, rows, 1), right, LoadRight<TB>(shared, startB, columns, width, 1), width);
        }
        else
        {
            Multiply(left, left, right, right, width);
            left = LoadLeft<TA>(shared, startA, rows, 1);
            right = LoadRight<TB>(shared, startB, columns, width, 1);
            Multiply(left, left, right, right, width);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store<TTarget>(
        ArrayView<float> memory, TTarget target, int split, int firstRow, int firstColumn, int width)
        where TTarget : struct, IProductTarget
    {
        if (TFactors.InPairs)
        {
            int row = firstRow + this.firstRow + group, column = firstColumn + this.firstColumn + (2 * place);
            if (TTarget.GathersMoments)
            {
                target.GatherPairs(
                    memory, split, row, row + 8, column,
                    new(sums0.C0, sums0.C1, sums1.C0, sums1.C1, sums2.C0, sums2.C1, sums3.C0, sums3.C1),
                    new(sums0.C2, sums0.C3, sums1.C2, sums1.C3, sums2.C2, sums2.C3, sums3.C2, sums3.C3),
                    new(sums0.C4, sums0.C5, sums1.C4, sums1.C5, sums2.C4, sums2.C5, sums3.C4, sums3.C5),
                    new(sums0.C6, sums0.C7, sums1.C6, sums1.C7, sums2.C6, sums2.C7, sums3.C6, sums3.C7), width);
                return;
            }

            target.StorePairs(memory, split, row, row + 8, column, sums0.C0, sums0.C1, sums1.C0, sums1.C1, sums2.C0, sums2.C1,
                sums3.C0, sums3.C1, width);
            target.StorePairs(memory, split, row + 16, row + 24, column, sums0.C2, sums0.C3, sums1.C2, sums1.C3, sums2.C2,
                sums2.C3, sums3.C2, sums3.C3, width);
            target.StorePairs(memory, split, row + 32, row + 40, column, sums0.C4, sums0.C5, sums1.C4, sums1.C5, sums2.C4,
                sums2.C5, sums3.C4, sums3.C5, width);
            target.StorePairs(memory, split, row + 48, row + 56, column, sums0.C6, sums0.C7, sums1.C6, sums1.C7, sums2.C6,
                sums2.C7, sums3.C6, sums3.C7, width);
            return;
        }

        int down = firstRow + this.firstRow + (4 * group), right = firstColumn + this.firstColumn + (4 * place);
        if (TTarget.GathersMoments)
        {
            SingleStageSums.Gather(
                memory, target, split, down, right, width, 4, Turned(sums0), Turned(sums1), Turned(sums2), Turned(sums3));
            return;
        }

        StoreRows(memory, target, split, down, right, width, sums0.C0, sums0.C1, sums0.C2, sums0.C3, sums1.C0, sums1.C1,
            sums1.C2, sums1.C3, sums2.C0, sums2.C1, sums2.C2, sums2.C3, sums3.C0, sums3.C1, sums3.C2, sums3.C3);
        StoreRows(memory, target, split, down + 32, right, width, sums0.C4, sums0.C5, sums0.C6, sums0.C7, sums1.C4, sums1.C5,
            sums1.C6, sums1.C7, sums2.C4, sums2.C5, sums2.C6, sums2.C7, sums3.C4, sums3.C5, sums3.C6, sums3.C7);
    }

    // Four rows, of two fragments one below the other, of the even columns (e, f) and the odd ones (o, p).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRows<TTarget>(
        ArrayView<float> memory, TTarget target, int split, int row, int column, int width, Quad e0, Quad o0, Quad f0, Quad p0,
        Quad e1, Quad o1, Quad f1, Quad p1, Quad e2, Quad o2, Quad f2, Quad p2, Quad e3, Quad o3, Quad f3, Quad p3)
        where TTarget : struct, IProductTarget => SingleStageSums.Store(
        memory, target, split, row, column, width, Upper(e0, o0), Upper(e1, o1), Upper(e2, o2), Upper(e3, o3), Lower(e0, o0),
        Lower(e1, o1), Lower(e2, o2), Lower(e3, o3), Upper(f0, p0), Upper(f1, p1), Upper(f2, p2), Upper(f3, p3), Lower(f0, p0),
        Lower(f1, p1), Lower(f2, p2), Lower(f3, p3));

    // Eight rows of four columns, of fragments one below the other, of the even columns and the odd ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WarpColumns Turned(WarpColumns sums) => new()
    {
        C0 = Upper(sums.C0, sums.C1), C1 = Lower(sums.C0, sums.C1), C2 = Upper(sums.C2, sums.C3), C3 = Lower(sums.C2, sums.C3),
        C4 = Upper(sums.C4, sums.C5), C5 = Lower(sums.C4, sums.C5), C6 = Upper(sums.C6, sums.C7), C7 = Lower(sums.C6, sums.C7),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Upper(Quad even, Quad odd) => new(even.X, odd.X, even.Y, odd.Y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Lower(Quad even, Quad odd) => new(even.Z, odd.Z, even.W, odd.W);

    // Eight of the stage's terms of A.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Left LoadLeft<TA>(ArrayView<float> shared, int startA, int rows, int half)
        where TA : struct, ITileSource
    {
        if (TA.AlongTerms)
        {
            int lane = Group.IdxX & 31, line = firstRow + (lane & 15);
            ref float start = ref shared[
                startA + (line * ProductStage.Terms) + (4 * ProductStage.SwizzleTerms((2 * half) + (lane >> 4), line))];
            return new Left
            {
                A0 = SharedTile.LoadMatrices(ref start, 0),
                A1 = SharedTile.LoadMatrices(ref start, 16 * ProductStage.Terms),
                A2 = SharedTile.LoadMatrices(ref start, 32 * ProductStage.Terms),
                A3 = SharedTile.LoadMatrices(ref start, 48 * ProductStage.Terms),
            };
        }

        if (TFactors.InPairs)
        {
            return LoadLeftTransposed(shared, startA, rows, 8 * half * rows);
        }

        // Four rows side by side are a row of two fragments' upper and lower halves.
        ref float at = ref shared[
            startA + (place * rows) + (4 * ProductStage.SwizzleOuters((firstRow >> 2) + group, place, rows))];
        int offset = 8 * half * rows;
        Quad x0 = SharedTile.Load(ref at, offset), x1 = SharedTile.Load(ref at, offset + 32);
        Quad y0 = SharedTile.Load(ref at, offset + (4 * rows)), y1 = SharedTile.Load(ref at, offset + (4 * rows) + 32);
        return new Left
        {
            A0 = new(x0.X, x0.Y, y0.X, y0.Y), A1 = new(x0.Z, x0.W, y0.Z, y0.W), A2 = new(x1.X, x1.Y, y1.X, y1.Y),
            A3 = new(x1.Z, x1.W, y1.Z, y1.W),
        };
    }

    // 16 of the stage's terms of A: a lane says where eight rows of a term stand.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Left LoadLeftTransposed(ArrayView<float> shared, int startA, int rows, int offset)
    {
        int lane = Group.IdxX & 31, term = (lane & 7) + ((lane >> 4) << 3);
        int start = startA + (term * (rows >> 1)), piece = (firstRow >> 3) + ((lane >> 3) & 1);
        return new Left
        {
            A0 = SharedTile.LoadTransposed(ref shared[start + (4 * ProductStage.SwizzlePairs(piece, term, rows))], offset),
            A1 = SharedTile.LoadTransposed(ref shared[start + (4 * ProductStage.SwizzlePairs(piece + 2, term, rows))], offset),
            A2 = SharedTile.LoadTransposed(ref shared[start + (4 * ProductStage.SwizzlePairs(piece + 4, term, rows))], offset),
            A3 = SharedTile.LoadTransposed(ref shared[start + (4 * ProductStage.SwizzlePairs(piece + 6, term, rows))], offset),
        };
    }

    // 16 of the stage's terms of B: a lane says where eight columns of a term stand.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Right LoadRightTransposed(ArrayView<float> shared, int startB, int columns, int width, int offset)
    {
        int lane = Group.IdxX & 31, term = lane & 15;
        int start = startB + (term * (columns >> 1)), piece = (firstColumn >> 3) + (lane >> 4);
        Right right = default;
        right.B0 = SharedTile.LoadTransposed(
            ref shared[start + (4 * ProductStage.SwizzlePairs(piece, term, columns))], offset);
        if (width > 1)
        {
            right.B1 = SharedTile.LoadTransposed(
                ref shared[start + (4 * ProductStage.SwizzlePairs(piece + 2, term, columns))], offset);
        }

        if (width > 2)
        {
            right.B2 = SharedTile.LoadTransposed(
                ref shared[start + (4 * ProductStage.SwizzlePairs(piece + 4, term, columns))], offset);
        }

        if (width > 3)
        {
            right.B3 = SharedTile.LoadTransposed(
                ref shared[start + (4 * ProductStage.SwizzlePairs(piece + 6, term, columns))], offset);
        }

        return right;
    }

    // Eight of the stage's terms of B.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Right LoadRight<TB>(ArrayView<float> shared, int startB, int columns, int width, int half)
        where TB : struct, ITileSource
    {
        Right right = default;
        if (TB.AlongTerms)
        {
            int lane = Group.IdxX & 31, line = firstColumn + (lane & 7) + ((lane >> 4) << 3);
            ref float at = ref shared[
                startB + (line * ProductStage.Terms) + (4 * ProductStage.SwizzleTerms((2 * half) + ((lane >> 3) & 1), line))];
            right.B0 = SharedTile.LoadMatrices(ref at, 0);
            if (width > 1)
            {
                right.B1 = SharedTile.LoadMatrices(ref at, 16 * ProductStage.Terms);
            }

            if (width > 2)
            {
                right.B2 = SharedTile.LoadMatrices(ref at, 32 * ProductStage.Terms);
            }

            if (width > 3)
            {
                right.B3 = SharedTile.LoadMatrices(ref at, 48 * ProductStage.Terms);
            }
        }
        else if (TFactors.InPairs)
        {
            right = LoadRightTransposed(shared, startB, columns, width, 8 * half * columns);
        }
        else
        {
            // Two columns side by side are a column of two fragments.
            int piece = (firstColumn >> 2) + (group >> 1), start = startB + (place * columns) + (2 * (group & 1));
            ref float even = ref shared[start + (4 * ProductStage.SwizzleOuters(piece, place, columns))];
            ref float odd = ref shared[
                start + (4 * ProductStage.SwizzleOuters(width > 1 ? piece + 4 : piece, place, columns))];
            int offset = 8 * half * columns;
            right.B0 = Pairs(ref even, offset, columns);
            if (width > 1)
            {
                right.B1 = Pairs(ref odd, offset, columns);
            }

            if (width > 2)
            {
                right.B2 = Pairs(ref even, offset + 32, columns);
            }

            if (width > 3)
            {
                right.B3 = Pairs(ref odd, offset + 32, columns);
            }
        }

        return right;
    }

    // A fragment of even columns and one of odd ones, of terms four apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Pairs(ref float at, int offset, int columns)
    {
        Pair first = SharedTile.LoadPair(ref at, offset), second = SharedTile.LoadPair(ref at, offset + (4 * columns));
        return new(first.X, second.X, first.Y, second.Y);
    }

    // An instruction's terms: eight, given twice, or the first eight and the second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Multiply(Left left, Left left2, Right right, Right right2, int width)
    {
        Quad a0 = TFactors.Left(left.A0, left2.A0), a1 = TFactors.Left(left.A1, left2.A1);
        Quad a2 = TFactors.Left(left.A2, left2.A2), a3 = TFactors.Left(left.A3, left2.A3);
        sums0 = Multiplied(a0, a1, a2, a3, TFactors.Right(right.B0, right2.B0), sums0);
        if (width > 1)
        {
            sums1 = Multiplied(a0, a1, a2, a3, TFactors.Right(right.B1, right2.B1), sums1);
        }

        if (width > 2)
        {
            sums2 = Multiplied(a0, a1, a2, a3, TFactors.Right(right.B2, right2.B2), sums2);
        }

        if (width > 3)
        {
            sums3 = Multiplied(a0, a1, a2, a3, TFactors.Right(right.B3, right2.B3), sums3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WarpColumns Multiplied(Quad a0, Quad a1, Quad a2, Quad a3, Quad b, WarpColumns sums) => new()
    {
        C0 = TFactors.MultiplyAdd(a0, b.X, b.Y, sums.C0), C2 = TFactors.MultiplyAdd(a1, b.X, b.Y, sums.C2),
        C4 = TFactors.MultiplyAdd(a2, b.X, b.Y, sums.C4), C6 = TFactors.MultiplyAdd(a3, b.X, b.Y, sums.C6),
        C7 = TFactors.MultiplyAdd(a3, b.Z, b.W, sums.C7), C5 = TFactors.MultiplyAdd(a2, b.Z, b.W, sums.C5),
        C3 = TFactors.MultiplyAdd(a1, b.Z, b.W, sums.C3), C1 = TFactors.MultiplyAdd(a0, b.Z, b.W, sums.C1),
    };

    /// <summary>A's four fragments of eight terms.</summary>
    private struct Left
    {
        public Quad A0, A1, A2, A3;
    }

    /// <summary>B's fragments of eight terms, two of sixteen columns in a quad.</summary>
    private struct Right
    {
        public Quad B0, B1, B2, B3;
    }
}
