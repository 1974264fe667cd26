using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// An argument of an expression that a GPU's product or reduction computes: of the shape that it computes, a number for each
/// index of that shape's last axis, its columns, or one number.
/// </summary>
/// <param name="region">Its memory.</param>
/// <param name="target">The shape that is computed.</param>
/// <param name="shape">Its own shape.</param>
internal struct ExpressionArgument(Region region, Shape target, Shape shape)
{
    private ArrayView<float> memory = GpuDevice.View(region);
    private int row = shape.Count == target.Count ? 1 : 0, column = shape.Count == 1 ? 0 : 1;

    /// <summary>Whether there are arguments of a shape.</summary>
    /// <param name="target">The shape that is computed.</param>
    /// <param name="shape">The argument's shape, which broadcasts to it.</param>
    public static bool Reads(Shape target, Shape shape) => shape.Count == target.Count || shape.Count == 1
        || IsOfColumns(target, shape);

    /// <summary>Whether an argument has a number for each column.</summary>
    public static bool IsOfColumns(Shape target, Shape shape) => shape.Count > 1 && shape.Count < target.Count
        && shape.Rank > 0 && target.Rank > 0 && shape.Count == target[-1] && shape[-1] == target[-1];

    /// <summary>The numbers of four columns on of a row.</summary>
    /// <param name="wide">Whether they begin on 16 bytes.</param>
    /// <param name="last">The last column: what lies behind it is read as it is.</param>
    /// <param name="start">Where the row begins.</param>
    /// <param name="first">The first column.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Load(bool wide, int last, int start, int first)
    {
        Quad quad;
        if (wide & column != 0)
        {
            quad = LoadQuad(start, first);
        }
        else
        {
            quad = LoadOnes(last, start, first);
        }

        return quad;
    }

    /// <summary>The numbers of four columns on of a row that begin on 16 bytes; not of an argument of one number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad LoadQuad(int start, int first) => Quad.Load(memory, (start * row) + first);

    /// <summary>The numbers of four columns on of a row, one by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad LoadOnes(int last, int start, int first) => new(
        Load(start, first), Load(start, IntrinsicMath.Min(first + 1, last)), Load(start, IntrinsicMath.Min(first + 2, last)),
        Load(start, IntrinsicMath.Min(first + 3, last)));

    /// <summary>The numbers of two columns on of a row that begin on 8 bytes; not of an argument of one number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Pair LoadPair(int start, int first) => Pair.Load(memory, (start * row) + first);

    /// <summary>The number of a column of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Load(int start, int at) => memory[(start * row) + (at * column)];
}
