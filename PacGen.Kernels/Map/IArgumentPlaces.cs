using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>Which four numbers of an argument a thread loads together, and how, as a type argument.</summary>
internal interface IArgumentPlaces
{
    /// <summary>Loads them.</summary>
    /// <param name="argument">The argument.</param>
    /// <param name="start0">Where their row, or the first two's, begins.</param>
    /// <param name="start1">Where the last two's row begins.</param>
    /// <param name="column">The first of the columns.</param>
    /// <param name="last">The last column of all; what lies behind it is read as it is.</param>
    static abstract Quad Load(ExpressionArgument argument, int start0, int start1, int column, int last);
}

/// <summary>Four columns of a row in 16 bytes.</summary>
internal readonly struct QuadsOfARow : IArgumentPlaces
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Load(ExpressionArgument argument, int start0, int start1, int column, int last) =>
        argument.LoadQuad(start0, column);
}

/// <summary>Four columns of a row, one by one.</summary>
internal readonly struct OnesOfARow : IArgumentPlaces
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Load(ExpressionArgument argument, int start0, int start1, int column, int last) =>
        argument.LoadOnes(last, start0, column);
}

/// <summary>Two columns of two rows, each in 8 bytes.</summary>
internal readonly struct PairsOfTwoRows : IArgumentPlaces
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Load(ExpressionArgument argument, int start0, int start1, int column, int last)
    {
        Pair first = argument.LoadPair(start0, column), second = argument.LoadPair(start1, column);
        return new(first.X, first.Y, second.X, second.Y);
    }
}

/// <summary>Two columns of two rows, one by one.</summary>
internal readonly struct OnesOfTwoRows : IArgumentPlaces
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Load(ExpressionArgument argument, int start0, int start1, int column, int last)
    {
        int next = IntrinsicMath.Min(column + 1, last);
        return new(
            argument.Load(start0, column), argument.Load(start0, next), argument.Load(start1, column),
            argument.Load(start1, next));
    }
}
