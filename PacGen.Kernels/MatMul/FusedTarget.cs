using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// Where a product's numbers go once an expression has been computed of them and of up to four further arguments. The expression
/// is a map's, with the same bits.
/// </summary>
internal struct FusedTarget<TExpression, TOthers> : IProductTarget
    where TExpression : struct, IExpression
    where TOthers : struct, IArgumentCount
{
    private ProductTarget layout;
    private OtherArguments<TExpression, TOthers> others;

    /// <param name="layout">Where the results go, in one part.</param>
    /// <param name="arguments">The expression's arguments from the second on; those that it does not have are any.</param>
    public FusedTarget(ProductTarget layout, ExpressionArgument[] arguments)
    {
        this.layout = layout;
        others = new OtherArguments<TExpression, TOthers>(arguments);
    }

    /// <inheritdoc/>
    public readonly ProductTarget Layout => layout;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(
        ArrayView<float> memory, int split, int row, int column0, int column1, Quad numbers0, Quad numbers1)
    {
        if (row < layout.Rows)
        {
            int start = layout.Start(split, row);
            StoreQuad(memory, start, column0, numbers0);
            StoreQuad(memory, start, column1, numbers1);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePairs(
        ArrayView<float> memory, int split, int row, int column, float x0, float y0, float x1, float y1, float x2, float y2,
        float x3, float y3)
    {
        if (row < layout.Rows)
        {
            int start = layout.Start(split, row);
            StoreOne(memory, start, column, x0);
            StoreOne(memory, start, column + 1, y0);
            StoreOne(memory, start, column + 8, x1);
            StoreOne(memory, start, column + 9, y1);
            StoreOne(memory, start, column + 16, x2);
            StoreOne(memory, start, column + 17, y2);
            StoreOne(memory, start, column + 24, x3);
            StoreOne(memory, start, column + 25, y3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void StoreQuad(ArrayView<float> memory, int start, int column, Quad numbers)
    {
        if (column < layout.Columns)
        {
            layout.Store(memory, start, column, others.Evaluate(numbers, layout.IsWide, layout.Columns - 1, start, column));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void StoreOne(ArrayView<float> memory, int start, int column, float number)
    {
        if (column < layout.Columns)
        {
            memory[start + column] = others.Evaluate(number, start, column);
        }
    }
}
