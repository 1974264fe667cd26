using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// Sums in single precision, each in the order of its terms, so that the tile's shape does not change their bits: eight rows by
/// up to sixteen columns a thread. The larger they are, the fewer loads from shared memory a multiplication needs.
/// </summary>
internal struct SingleStageSums : IStageSums
{
    private int firstRow, firstColumn, row, column;
    private WarpColumns sums0, sums1, sums2, sums3;

    /// <inheritdoc/>
    public static bool ReadsAcrossTerms => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start(int across, int width)
    {
        int warp = Group.IdxX >> 5, lane = Group.IdxX & 31, below = warp / across;
        firstRow = below * 64;
        firstColumn = (warp - (below * across)) * 16 * width;

        // Half a warp's threads have four rows and two columns each two times: few different quads to read at a time.
        row = (lane >> 1) & 7;
        column = ((lane >> 4) << 1) | (lane & 1);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<TA, TB>(ArrayView<float> shared, int startA, int rows, int startB, int columns, int width)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
    {
        AddFour<TA, TB>(shared, startA, rows, startB, columns, width, 0);
        AddFour<TA, TB>(shared, startA, rows, startB, columns, width, 1);
        AddFour<TA, TB>(shared, startA, rows, startB, columns, width, 2);
        AddFour<TA, TB>(shared, startA, rows, startB, columns, width, 3);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store<TTarget>(
        ArrayView<float> memory, TTarget target, int split, int firstRow, int firstColumn, int width)
        where TTarget : struct, IProductTarget
    {
        int down = firstRow + this.firstRow + (4 * row), right = firstColumn + this.firstColumn + (4 * column);
        if (TTarget.GathersMoments)
        {
            Gather(memory, target, split, down, right, width, 2, sums0, sums1, sums2, sums3);
            return;
        }

        Store(memory, target, split, down, right, width, sums0.C0, sums1.C0, sums2.C0, sums3.C0, sums0.C1, sums1.C1, sums2.C1,
            sums3.C1, sums0.C2, sums1.C2, sums2.C2, sums3.C2, sums0.C3, sums1.C3, sums2.C3, sums3.C3);
        Store(memory, target, split, down + 32, right, width, sums0.C4, sums1.C4, sums2.C4, sums3.C4, sums0.C5, sums1.C5,
            sums2.C5, sums3.C5, sums0.C6, sums1.C6, sums2.C6, sums3.C6, sums0.C7, sums1.C7, sums2.C7, sums3.C7);
    }

    /// <summary>Stores a warp's numbers of four rows side by side, four columns of each sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TTarget>(
        ArrayView<float> memory, TTarget target, int split, int row, int column, int width, Quad c00, Quad c01, Quad c02,
        Quad c03, Quad c10, Quad c11, Quad c12, Quad c13, Quad c20, Quad c21, Quad c22, Quad c23, Quad c30, Quad c31, Quad c32,
        Quad c33)
        where TTarget : struct, IProductTarget
    {
        // Columns that a warp has not are beyond the matrix.
        int beyond = target.Layout.Columns;
        target.Store(
            memory, split, row, column, width > 1 ? column + 16 : beyond, c00, c01, c10, c11, c20, c21, c30, c31);
        if (width > 2)
        {
            target.Store(
                memory, split, row, column + 32, width > 3 ? column + 48 : beyond, c02, c03, c12, c13, c22, c23, c32, c33);
        }
    }

    /// <summary>Stores a warp's numbers of eight rows, four columns of each sixteen, and gathers moments.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Gather<TTarget>(
        ArrayView<float> memory, TTarget target, int split, int row, int column, int width, int apart, WarpColumns c0,
        WarpColumns c1, WarpColumns c2, WarpColumns c3)
        where TTarget : struct, IProductTarget
    {
        int beyond = target.Layout.Columns;
        GatherTwo(memory, target, split, row, column, width > 1 ? column + 16 : beyond, apart, c0, c1);
        if (width > 2)
        {
            GatherTwo(memory, target, split, row, column + 32, width > 3 ? column + 48 : beyond, apart, c2, c3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void GatherTwo<TTarget>(
        ArrayView<float> memory, TTarget target, int split, int row, int column0, int column1, int apart, WarpColumns a,
        WarpColumns b)
        where TTarget : struct, IProductTarget =>
        target.Gather(
            memory, split, row, column0, column1, apart, new(a.C0, b.C0, a.C1, b.C1, a.C2, b.C2, a.C3, b.C3),
            new(a.C4, b.C4, a.C5, b.C5, a.C6, b.C6, a.C7, b.C7));

    // Four of the stage's terms.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddFour<TA, TB>(ArrayView<float> shared, int startA, int rows, int startB, int columns, int width, int four)
        where TA : struct, ITileSource
        where TB : struct, ITileSource
    {
        FourTerms upper, lower;
        if (TA.AlongTerms)
        {
            ref float at = ref shared[
                startA + ((firstRow + row) * ProductStage.Terms) + (4 * ProductStage.SwizzleTerms(four, row))];
            upper = FourTerms.Load(ref at, 0, 8 * ProductStage.Terms).Turned();
            lower = FourTerms.Load(ref at, 32 * ProductStage.Terms, 8 * ProductStage.Terms).Turned();
        }
        else
        {
            ref float at = ref shared[startA + firstRow + (4 * row)];
            upper = LoadOuters(ref at, 0, rows, four);
            lower = LoadOuters(ref at, 32, rows, four);
        }

        sums0 = Multiplied(upper, lower, LoadColumns<TB>(shared, startB, columns, 0, four), sums0);
        if (width > 1)
        {
            sums1 = Multiplied(upper, lower, LoadColumns<TB>(shared, startB, columns, 1, four), sums1);
        }

        if (width > 2)
        {
            sums2 = Multiplied(upper, lower, LoadColumns<TB>(shared, startB, columns, 2, four), sums2);
        }

        if (width > 3)
        {
            sums3 = Multiplied(upper, lower, LoadColumns<TB>(shared, startB, columns, 3, four), sums3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly FourTerms LoadColumns<TB>(ArrayView<float> shared, int startB, int columns, int sixteen, int four)
        where TB : struct, ITileSource
    {
        if (TB.AlongTerms)
        {
            // The lines of a thread's four columns are those of two neighbours in either half of the sixteen.
            ref float at = ref shared[
                startB + ((firstColumn + (2 * column)) * ProductStage.Terms) + (4 * ProductStage.SwizzleTerms(four, 2 * column))];
            int offset = 16 * ProductStage.Terms * sixteen;
            return new FourTerms
            {
                T0 = SharedTile.Load(ref at, offset), T1 = SharedTile.Load(ref at, offset + (8 * ProductStage.Terms)),
                T2 = SharedTile.Load(ref at, offset + ProductStage.Terms),
                T3 = SharedTile.Load(ref at, offset + (9 * ProductStage.Terms)),
            }.Turned();
        }

        return LoadOuters(ref shared[startB + firstColumn + (4 * column)], 16 * sixteen, columns, four);
    }

    // Four outer indices side by side, of four terms.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FourTerms LoadOuters(ref float at, int offset, int extent, int four) =>
        FourTerms.Load(ref at, offset + (4 * four * extent), extent);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WarpColumns Multiplied(FourTerms upper, FourTerms lower, FourTerms right, WarpColumns sums) =>
        Multiplied(upper.T3, lower.T3, right.T3, Multiplied(upper.T2, lower.T2, right.T2, Multiplied(
            upper.T1, lower.T1, right.T1, Multiplied(upper.T0, lower.T0, right.T0, sums))));

    // Adds the products of a term.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WarpColumns Multiplied(Quad upper, Quad lower, Quad right, WarpColumns sums) => new()
    {
        C0 = Quad.MultiplyAdd(upper.X, right, sums.C0), C1 = Quad.MultiplyAdd(upper.Y, right, sums.C1),
        C2 = Quad.MultiplyAdd(upper.Z, right, sums.C2), C3 = Quad.MultiplyAdd(upper.W, right, sums.C3),
        C4 = Quad.MultiplyAdd(lower.X, right, sums.C4), C5 = Quad.MultiplyAdd(lower.Y, right, sums.C5),
        C6 = Quad.MultiplyAdd(lower.Z, right, sums.C6), C7 = Quad.MultiplyAdd(lower.W, right, sums.C7),
    };

    /// <summary>Four outer indices of four terms.</summary>
    private struct FourTerms
    {
        public Quad T0, T1, T2, T3;

        /// <summary>Four quads, so many floats apart.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static FourTerms Load(ref float at, int offset, int apart) => new()
        {
            T0 = SharedTile.Load(ref at, offset), T1 = SharedTile.Load(ref at, offset + apart),
            T2 = SharedTile.Load(ref at, offset + (2 * apart)), T3 = SharedTile.Load(ref at, offset + (3 * apart)),
        };

        /// <summary>Rows as columns.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly FourTerms Turned() => new()
        {
            T0 = new(T0.X, T1.X, T2.X, T3.X), T1 = new(T0.Y, T1.Y, T2.Y, T3.Y), T2 = new(T0.Z, T1.Z, T2.Z, T3.Z),
            T3 = new(T0.W, T1.W, T2.W, T3.W),
        };
    }
}
