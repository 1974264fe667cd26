using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// A tensor that a pass over columns reads four numbers at a time: of the shape that is passed over, a number a column, or one.
/// </summary>
/// <param name="region">Its memory.</param>
/// <param name="source">The shape that is passed over.</param>
/// <param name="shape">Its own.</param>
internal readonly struct ColumnArgument(Region region, Shape source, Shape shape)
{
    private readonly ArrayView<float> memory = GpuDevice.View(region);
    private readonly int row = shape.Count == source.Count ? 1 : 0, column = shape.Count == 1 ? 0 : 1;
    private readonly int wide = shape.Count > 1 && region.Start % Quad.Count == 0 ? 1 : 0;

    /// <summary>Four numbers of a row.</summary>
    /// <param name="at">Where they stand among all, counted in fours.</param>
    /// <param name="place">Where they stand in their row, counted in fours.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Load(int at, int place)
    {
        int start = Quad.Count * (((at - place) * row) + (place * column));
        Quad quad;
        if (wide != 0)
        {
            quad = Quad.Load(memory, start);
        }
        else
        {
            quad = new Quad(
                memory[start], memory[start + column], memory[start + (2 * column)], memory[start + (3 * column)]);
        }

        return quad;
    }

    /// <summary>Writes four numbers as two pairs of bfloat16, of a tensor of the whole shape that starts on 8 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StorePairs(int at, Quad value) => Pair.Store(memory, 2 * at, value.InPairs());

    /// <summary>Writes four numbers of a tensor of the whole shape.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int at, Quad value)
    {
        int start = Quad.Count * at;
        if (wide != 0)
        {
            Quad.Store(memory, start, value);
        }
        else
        {
            memory[start] = value.X;
            memory[start + 1] = value.Y;
            memory[start + 2] = value.Z;
            memory[start + 3] = value.W;
        }
    }
}

/// <summary>The arguments of a pass's expressions, of which there are as many as a type argument says.</summary>
internal readonly struct ColumnArguments
{
    private readonly ColumnArgument x0, x1, x2, x3, x4, x5, x6, x7;

    public ColumnArguments(Shape source, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> regions)
    {
        x0 = Of(source, shapes, regions, 0);
        x1 = Of(source, shapes, regions, 1);
        x2 = Of(source, shapes, regions, 2);
        x3 = Of(source, shapes, regions, 3);
        x4 = Of(source, shapes, regions, 4);
        x5 = Of(source, shapes, regions, 5);
        x6 = Of(source, shapes, regions, 6);
        x7 = Of(source, shapes, regions, 7);
    }

    /// <summary>A number of arguments as a type.</summary>
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "A program that was compiled to native code has no GPU.")]
    public static Type Count(int arguments)
    {
        Type type = typeof(NoArgument);
        for (int i = 0; i < arguments; i++)
        {
            type = typeof(Another<>).MakeGenericType(type);
        }

        return type;
    }

    /// <summary>All that the expressions read at a place; loads of what there isn't are left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ColumnValues Load<TCount>(int at, int place)
        where TCount : struct, IArgumentCount
    {
        Quad q1 = default, q2 = default, q3 = default, q4 = default, q5 = default, q6 = default, q7 = default;
        Quad q0 = x0.Load(at, place);
        if (TCount.Count > 1)
        {
            q1 = x1.Load(at, place);
        }

        if (TCount.Count > 2)
        {
            q2 = x2.Load(at, place);
        }

        if (TCount.Count > 3)
        {
            q3 = x3.Load(at, place);
        }

        if (TCount.Count > 4)
        {
            q4 = x4.Load(at, place);
        }

        if (TCount.Count > 5)
        {
            q5 = x5.Load(at, place);
        }

        if (TCount.Count > 6)
        {
            q6 = x6.Load(at, place);
        }

        if (TCount.Count > 7)
        {
            q7 = x7.Load(at, place);
        }

        return new ColumnValues(q0, q1, q2, q3, q4, q5, q6, q7);
    }

    private static ColumnArgument Of(Shape source, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> regions, int index)
    {
        int existing = index < regions.Length ? index : 0;
        return new ColumnArgument(regions[existing], source, shapes[existing]);
    }
}

/// <summary>The arguments' numbers at a place.</summary>
[method: MethodImpl(MethodImplOptions.AggressiveInlining)]
internal readonly struct ColumnValues(Quad q0, Quad q1, Quad q2, Quad q3, Quad q4, Quad q5, Quad q6, Quad q7)
{
    private readonly Quad q0 = q0, q1 = q1, q2 = q2, q3 = q3, q4 = q4, q5 = q5, q6 = q6, q7 = q7;

    /// <summary>An expression of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Evaluate<TExpression>()
        where TExpression : struct, IExpression => MapGpu<TExpression>.Four(q0, q1, q2, q3, q4, q5, q6, q7);
}
