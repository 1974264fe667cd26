using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>What a pass over columns sums, as a type argument of the kernel.</summary>
internal interface IColumnSource
{
    /// <summary>Whether the second sum is that of squares about the first one's mean.</summary>
    static abstract bool IsMoments { get; }

    /// <summary>Whether there is a second sum.</summary>
    static abstract bool HasSecond { get; }

    /// <summary>The values at a place, counted in fours.</summary>
    /// <param name="at">Where it stands among all.</param>
    /// <param name="place">Where it stands in its row.</param>
    TwoQuads Load(int at, int place);

    /// <summary>Stores what was loaded, where it is stored: apart, for no load can pass a store.</summary>
    /// <param name="at">Where it stands among all, counted in fours.</param>
    /// <param name="values">The values there.</param>
    void Store(int at, TwoQuads values);
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

    static bool IColumnSource.HasSecond => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TwoQuads Load(int at, int place) => new(arguments.Load<TCount>(at, place).Evaluate<TExpression>(), default);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int at, TwoQuads values)
    {
    }
}

/// <summary>Σ e₀ and Σ e₁ of the same arguments, which are loaded once.</summary>
internal readonly struct ColumnSums<TFirst, TSecond, TCount>(ColumnArguments arguments) : IColumnSource
    where TFirst : struct, IExpression
    where TSecond : struct, IExpression
    where TCount : struct, IArgumentCount
{
    private readonly ColumnArguments arguments = arguments;

    static bool IColumnSource.IsMoments => false;

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
}

/// <summary>Σ e and Σ (e − m)².</summary>
internal readonly struct ColumnMoments<TExpression, TCount>(ColumnArguments arguments) : IColumnSource
    where TExpression : struct, IExpression
    where TCount : struct, IArgumentCount
{
    private readonly ColumnArguments arguments = arguments;

    static bool IColumnSource.IsMoments => true;

    static bool IColumnSource.HasSecond => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TwoQuads Load(int at, int place) => new(arguments.Load<TCount>(at, place).Evaluate<TExpression>(), default);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int at, TwoQuads values)
    {
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

    static bool IColumnSource.HasSecond => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TwoQuads Load(int at, int place) => new(arguments.Load<TCount>(at, place).Evaluate<TExpression>(), default);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int at, TwoQuads values) => stored.Store(at, values.First);
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
}
