using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>How many further arguments an epilogue has, as a type argument.</summary>
internal interface IArgumentCount
{
    /// <summary>0 to 4.</summary>
    static abstract int Count { get; }
}

/// <summary>None.</summary>
internal readonly struct NoArgument : IArgumentCount
{
    static int IArgumentCount.Count => 0;
}

/// <summary>One more than <typeparamref name="TOthers"/>.</summary>
internal readonly struct Another<TOthers> : IArgumentCount
    where TOthers : struct, IArgumentCount
{
    static int IArgumentCount.Count => TOthers.Count + 1;
}

/// <summary>
/// A further argument of a product's epilogue: of the output's shape, a number a column, or one number.
/// </summary>
/// <param name="region">Its memory.</param>
/// <param name="target">The output's shape.</param>
/// <param name="shape">Its own shape.</param>
internal struct EpilogueArgument(Region region, Shape target, Shape shape)
{
    private ArrayView<float> memory = GpuDevice.View(region);
    private int row = shape.Count == target.Count ? 1 : 0, column = shape.Count == 1 ? 0 : 1;

    /// <summary>Whether an epilogue reads arguments of a shape.</summary>
    /// <param name="target">The output's shape.</param>
    /// <param name="shape">The argument's shape, which broadcasts to it.</param>
    public static bool Reads(Shape target, Shape shape) => shape.Count == target.Count || shape.Count == 1
        || (shape.Rank > 0 && target.Rank > 0 && shape.Count == target[-1] && shape[-1] == target[-1]);

    /// <summary>The numbers of four columns on of a row.</summary>
    /// <param name="layout">The output's layout.</param>
    /// <param name="start">Where the row begins.</param>
    /// <param name="first">The first column.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Load(ProductTarget layout, int start, int first)
    {
        Quad quad;
        if (layout.IsWide & column != 0)
        {
            quad = Quad.Load(memory, (start * row) + first);
        }
        else
        {
            // What lies behind the last column is read as the last one, and not stored.
            int last = layout.Columns - 1;
            quad = new Quad(
                Load(start, first), Load(start, IntrinsicMath.Min(first + 1, last)),
                Load(start, IntrinsicMath.Min(first + 2, last)), Load(start, IntrinsicMath.Min(first + 3, last)));
        }

        return quad;
    }

    /// <summary>The number of a column of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Load(int start, int at) => memory[(start * row) + (at * column)];
}
