using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>Values that are summed, or sums of them.</summary>
internal interface IColumnParts
{
    /// <summary>The values at a place, counted in fours.</summary>
    /// <param name="at">Where it stands among all.</param>
    /// <param name="place">Where it stands in its row.</param>
    TwoQuads Load(int at, int place);
}

/// <summary>What a pass over columns sums, as a type argument of the kernel.</summary>
internal interface IColumnSource : IColumnParts
{
    /// <summary>Whether the second sum is that of squares about the first one's mean.</summary>
    static abstract bool IsMoments { get; }

    /// <summary>Whether there is a second sum.</summary>
    static abstract bool HasSecond { get; }

    /// <summary>Stores what was loaded, where it is stored: apart, for no load can pass a store.</summary>
    /// <param name="at">Where it stands among all, counted in fours.</param>
    /// <param name="values">The values there.</param>
    void Store(int at, TwoQuads values);

    /// <summary>
    /// How many rows' moments stand at a place, the mean as a distance from the column's first number; 1 for numbers.
    /// </summary>
    static abstract int RowsAtPlace { get; }

    /// <summary>The columns' first numbers, from which their means are kept apart.</summary>
    /// <param name="place">Where they stand in their row.</param>
    Quad Origin(int place);
}

/// <summary>Four numbers of each of two sums.</summary>
[method: MethodImpl(MethodImplOptions.AggressiveInlining)]
internal readonly struct TwoQuads(Quad first, Quad second)
{
    public readonly Quad First = first, Second = second;
}

/// <summary>Σ e.</summary>
internal readonly struct ColumnSum<TExpression, TCount>(ColumnArguments arguments) : IColumnSource
    where TExpression : struct, IExpression
    where TCount : struct, IArgumentCount
{
    private readonly ColumnArguments arguments = arguments;

    static bool IColumnSource.IsMoments => false;

    static int IColumnSource.RowsAtPlace => 1;

    static bool IColumnSource.HasSecond => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TwoQuads Load(int at, int place) => new(arguments.Load<TCount>(at, place).Evaluate<TExpression>(), default);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int at, TwoQuads values)
    {
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Origin(int place) => default;
}

/// <summary>Σ e₀ and Σ e₁ of the same arguments, which are loaded once.</summary>
internal readonly struct ColumnSums<TFirst, TSecond, TCount>(ColumnArguments arguments) : IColumnSource
    where TFirst : struct, IExpression
    where TSecond : struct, IExpression
    where TCount : struct, IArgumentCount
{
    private readonly ColumnArguments arguments = arguments;

    static bool IColumnSource.IsMoments => false;

    static int IColumnSource.RowsAtPlace => 1;

    static bool IColumnSource.HasSecond => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TwoQuads Load(int at, int place)
    {
        ColumnValues values = arguments.Load<TCount>(at, place);
        return new TwoQuads(values.Evaluate<TFirst>(), values.Evaluate<TSecond>());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int at, TwoQuads values)
    {
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Origin(int place) => default;
}

/// <summary>Σ e and Σ (e − m)².</summary>
internal readonly struct ColumnMoments<TExpression, TCount>(ColumnArguments arguments) : IColumnSource
    where TExpression : struct, IExpression
    where TCount : struct, IArgumentCount
{
    private readonly ColumnArguments arguments = arguments;

    static bool IColumnSource.IsMoments => true;

    static int IColumnSource.RowsAtPlace => 1;

    static bool IColumnSource.HasSecond => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TwoQuads Load(int at, int place) => new(arguments.Load<TCount>(at, place).Evaluate<TExpression>(), default);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int at, TwoQuads values)
    {
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Origin(int place) => Load(place, place).First;
}

/// <summary>Σ e and Σ (e − m)², e = x or x + b, of the moments of x that the product's kernel has gathered.</summary>
/// <param name="numbers">x.</param>
/// <param name="shift">b.</param>
/// <param name="isShifted">Whether there is a b; else it is any.</param>
/// <param name="moments">The moments, of a shape of their own.</param>
/// <param name="squaresFrom">Where among them the squares begin, counted in fours.</param>
internal readonly struct GatheredMoments(
    ColumnArgument numbers, ColumnArgument shift, bool isShifted, ColumnArgument moments, int squaresFrom) : IColumnSource
{
    private readonly ColumnArgument numbers = numbers, shift = shift, moments = moments;
    private readonly int shifted = isShifted ? 1 : 0, squaresFrom = squaresFrom;

    static bool IColumnSource.IsMoments => true;

    static int IColumnSource.RowsAtPlace => ProductMoments.PartRows;

    static bool IColumnSource.HasSecond => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TwoQuads Load(int at, int place)
    {
        Quad distance = moments.Load(at, 0), squares = moments.Load(squaresFrom + at, 0);
        Quad first = numbers.Load((ProductMoments.PartRows * (at - place)) + place, place), origin = numbers.Load(place, place);
        return new TwoQuads(Quad.Add(Quad.MultiplyAdd(origin, Quad.Constant(-1f), first), distance), squares);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int at, TwoQuads values)
    {
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Origin(int place)
    {
        Quad origin = numbers.Load(place, place);
        if (shifted != 0)
        {
            origin = Quad.Add(origin, shift.Load(place, place));
        }

        return origin;
    }
}

/// <summary>e, which is stored, and Σ e.</summary>
internal readonly struct StoredColumnSum<TExpression, TCount>(ColumnArguments arguments, ColumnArgument stored) : IColumnSource
    where TExpression : struct, IExpression
    where TCount : struct, IArgumentCount
{
    private readonly ColumnArguments arguments = arguments;
    private readonly ColumnArgument stored = stored;

    static bool IColumnSource.IsMoments => false;

    static int IColumnSource.RowsAtPlace => 1;

    static bool IColumnSource.HasSecond => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TwoQuads Load(int at, int place) => new(arguments.Load<TCount>(at, place).Evaluate<TExpression>(), default);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int at, TwoQuads values) => stored.Store(at, values.First);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Origin(int place) => default;
}

/// <summary>e, which is stored in pairs of bfloat16, in single precision too where a type argument says so, and Σ e.</summary>
internal readonly struct PairedColumnSum<TExpression, TCount, TStored>(
    ColumnArguments arguments, ColumnArgument stored, ColumnArgument pairs) : IColumnSource
    where TExpression : struct, IExpression
    where TCount : struct, IArgumentCount
    where TStored : struct, IPairsStored
{
    private readonly ColumnArguments arguments = arguments;
    private readonly ColumnArgument stored = stored, pairs = pairs;

    static bool IColumnSource.IsMoments => false;

    static int IColumnSource.RowsAtPlace => 1;

    static bool IColumnSource.HasSecond => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TwoQuads Load(int at, int place) => new(arguments.Load<TCount>(at, place).Evaluate<TExpression>(), default);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int at, TwoQuads values)
    {
        if (TStored.BesideNumbers)
        {
            stored.Store(at, values.First);
        }

        pairs.StorePairs(at, values.First);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Origin(int place) => default;
}
