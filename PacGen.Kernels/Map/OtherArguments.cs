using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>How many arguments an expression has, in a product beside its first, as a type argument.</summary>
internal interface IArgumentCount
{
    /// <summary>0 to 4 in a product, to 8 in a pass over columns.</summary>
    static abstract int Count { get; }

    /// <summary>Those that are known to be one number each: a bit for each argument, the lowest for the first.</summary>
    static abstract int OfOneNumber { get; }
}

/// <summary>None.</summary>
internal readonly struct NoArgument : IArgumentCount
{
    static int IArgumentCount.Count => 0;

    static int IArgumentCount.OfOneNumber => 0;
}

/// <summary>One more than <typeparamref name="TOthers"/>.</summary>
internal readonly struct Another<TOthers> : IArgumentCount
    where TOthers : struct, IArgumentCount
{
    static int IArgumentCount.Count => TOthers.Count + 1;

    static int IArgumentCount.OfOneNumber => TOthers.OfOneNumber;
}

/// <summary>The same, and the further one is one number.</summary>
internal readonly struct AnotherNumber<TOthers> : IArgumentCount
    where TOthers : struct, IArgumentCount
{
    static int IArgumentCount.Count => TOthers.Count + 1;

    static int IArgumentCount.OfOneNumber => TOthers.OfOneNumber | (1 << TOthers.Count);
}

/// <summary>What is known of the number of an expression's arguments without a type.</summary>
internal static class OtherArguments
{
    /// <summary>The most.</summary>
    public const int Most = 4;

    /// <summary>A number of arguments as a type.</summary>
    public static Type Count(int others) => others switch
    {
        0 => typeof(NoArgument),
        1 => typeof(Another<NoArgument>),
        2 => typeof(Another<Another<NoArgument>>),
        3 => typeof(Another<Another<Another<NoArgument>>>),
        Most => typeof(Another<Another<Another<Another<NoArgument>>>>),
        _ => throw new ArgumentOutOfRangeException(nameof(others)),
    };

    /// <summary>Arguments as a type that says which of them are one number.</summary>
    /// <param name="shapes">Their shapes.</param>
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "A program that was compiled to native code has no GPU.")]
    public static Type Count(ReadOnlySpan<Shape> shapes)
    {
        Type type = typeof(NoArgument);
        foreach (Shape shape in shapes)
        {
            type = (shape.Count == 1 ? typeof(AnotherNumber<>) : typeof(Another<>)).MakeGenericType(type);
        }

        return type;
    }

    /// <summary>The arguments' memory; in the place of those that there are not, any.</summary>
    /// <param name="any">Memory of the shape that is computed.</param>
    /// <param name="target">That shape.</param>
    /// <param name="shapes">The arguments' shapes.</param>
    /// <param name="regions">Their memory.</param>
    public static ExpressionArgument[] Of(
        Region any, Shape target, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> regions)
    {
        ExpressionArgument[] arguments = new ExpressionArgument[Most];
        for (int i = 0; i < Most; i++)
        {
            arguments[i] = i < regions.Length
                ? new ExpressionArgument(regions[i], target, shapes[i]) : new ExpressionArgument(any, target, target);
        }

        return arguments;
    }
}

/// <summary>The further arguments of four numbers.</summary>
internal struct OtherQuads
{
    public Quad X1, X2, X3, X4;
}

/// <summary>An expression whose first argument is at hand, and the memory of up to four others: a map's bits.</summary>
internal struct OtherArguments<TExpression, TOthers>
    where TExpression : struct, IExpression
    where TOthers : struct, IArgumentCount
{
    private ExpressionArgument x1, x2, x3, x4;

    /// <param name="arguments">Four; those that the expression does not have are any.</param>
    public OtherArguments(ExpressionArgument[] arguments) =>
        (x1, x2, x3, x4) = (arguments[0], arguments[1], arguments[2], arguments[3]);

    /// <summary>The expression at four columns on of a row.</summary>
    /// <param name="first">The first argument there.</param>
    /// <param name="wide">Whether the columns begin on 16 bytes.</param>
    /// <param name="last">The last column.</param>
    /// <param name="start">Where the row begins.</param>
    /// <param name="column">The first of the columns.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Evaluate(Quad first, bool wide, int last, int start, int column)
    {
        OtherQuads quads = default;
        if (TOthers.Count > 0)
        {
            quads.X1 = x1.Load(wide, last, start, column);
        }

        if (TOthers.Count > 1)
        {
            quads.X2 = x2.Load(wide, last, start, column);
        }

        if (TOthers.Count > 2)
        {
            quads.X3 = x3.Load(wide, last, start, column);
        }

        if (TOthers.Count > 3)
        {
            quads.X4 = x4.Load(wide, last, start, column);
        }

        return Evaluate(first, quads);
    }

    /// <summary>The further arguments of four numbers.</summary>
    /// <param name="start0">Where their row, or the first two's, begins.</param>
    /// <param name="start1">Where the last two's row begins.</param>
    /// <param name="column">The first of the columns.</param>
    /// <param name="last">The last column of all.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly OtherQuads Load<TPlaces>(int start0, int start1, int column, int last)
        where TPlaces : struct, IArgumentPlaces
    {
        OtherQuads quads = default;
        if (TOthers.Count > 0)
        {
            quads.X1 = Load<TPlaces>(x1, 1, start0, start1, column, last);
        }

        if (TOthers.Count > 1)
        {
            quads.X2 = Load<TPlaces>(x2, 2, start0, start1, column, last);
        }

        if (TOthers.Count > 2)
        {
            quads.X3 = Load<TPlaces>(x3, 4, start0, start1, column, last);
        }

        if (TOthers.Count > 3)
        {
            quads.X4 = Load<TPlaces>(x4, 8, start0, start1, column, last);
        }

        return quads;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Load<TPlaces>(ExpressionArgument argument, int bit, int start0, int start1, int column, int last)
        where TPlaces : struct, IArgumentPlaces => (TOthers.OfOneNumber & bit) != 0
        ? Quad.Constant(argument.Load(0, 0)) : TPlaces.Load(argument, start0, start1, column, last);

    /// <summary>The expression of four numbers and their further arguments.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Evaluate(Quad first, OtherQuads quads) =>
        MapGpu<TExpression>.Four(first, quads.X1, quads.X2, quads.X3, quads.X4, default, default, default);

    /// <summary>The expression at one column of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Evaluate(float first, int start, int column)
    {
        float n1 = 0f, n2 = 0f, n3 = 0f, n4 = 0f;
        if (TOthers.Count > 0)
        {
            n1 = x1.Load(start, column);
        }

        if (TOthers.Count > 1)
        {
            n2 = x2.Load(start, column);
        }

        if (TOthers.Count > 2)
        {
            n3 = x3.Load(start, column);
        }

        if (TOthers.Count > 3)
        {
            n4 = x4.Load(start, column);
        }

        MapGpu<TExpression>.Numbers numbers = new(first, n1, n2, n3, n4, 0f, 0f, 0f);
        return TExpression.Evaluate<GpuFloat, MapGpu<TExpression>.Numbers>(in numbers).Value;
    }
}
