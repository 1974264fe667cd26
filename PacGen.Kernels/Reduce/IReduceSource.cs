using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>What a GPU reduces, as a type argument of the kernel.</summary>
internal interface IReduceSource<TPack>
    where TPack : unmanaged, IPack<TPack>
{
    /// <summary>A pack of the tensor.</summary>
    /// <param name="at">Which, counted in packs.</param>
    /// <param name="column">Its column, counted in packs.</param>
    TPack Load(int at, int column);
}

/// <summary>A tensor in memory.</summary>
internal readonly struct InMemory<TPack>(ArrayView<TPack> memory) : IReduceSource<TPack>
    where TPack : unmanaged, IPack<TPack>
{
    private readonly ArrayView<TPack> memory = memory;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TPack Load(int at, int column) => memory[at];
}

/// <summary>An expression's values, four at a time.</summary>
internal readonly struct ComputedQuads<TExpression, TOthers>(
    ExpressionArgument first, OtherArguments<TExpression, TOthers> others) : IReduceSource<Quad>
    where TExpression : struct, IExpression
    where TOthers : struct, IArgumentCount
{
    private readonly ExpressionArgument first = first;
    private readonly OtherArguments<TExpression, TOthers> others = others;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Load(int at, int column)
    {
        int start = Quad.Count * (at - column), from = Quad.Count * column;
        return others.Evaluate(first.Load(true, from, start, from), true, from, start, from);
    }
}

/// <summary>The same, one at a time.</summary>
internal readonly struct ComputedOnes<TExpression, TOthers>(
    ExpressionArgument first, OtherArguments<TExpression, TOthers> others) : IReduceSource<One>
    where TExpression : struct, IExpression
    where TOthers : struct, IArgumentCount
{
    private readonly ExpressionArgument first = first;
    private readonly OtherArguments<TExpression, TOthers> others = others;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public One Load(int at, int column) => new(others.Evaluate(first.Load(at - column, column), at - column, column));
}
