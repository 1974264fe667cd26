using System.Runtime.CompilerServices;

namespace PacGen.Core.Lanes;

/// <summary>Words side by side: the unsigned twin of <see cref="Twice{T, TWords}"/>.</summary>
/// <typeparam name="T">The words of one.</typeparam>
/// <param name="low">The first.</param>
/// <param name="high">The second.</param>
public readonly struct TwiceWords<T>(T low, T high) : IWords<TwiceWords<T>>
    where T : struct, IWords<T>
{
    internal readonly T Low = low, High = high;

    /// <inheritdoc/>
    public static int Count => 2 * T.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwiceWords<T> Constant(uint value) => new(T.Constant(value), T.Constant(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwiceWords<T> Sequence(uint start) => new(T.Sequence(start), T.Sequence(unchecked(start + (uint)T.Count)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwiceWords<T> operator +(TwiceWords<T> a, TwiceWords<T> b) => new(a.Low + b.Low, a.High + b.High);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwiceWords<T> operator ^(TwiceWords<T> a, TwiceWords<T> b) => new(a.Low ^ b.Low, a.High ^ b.High);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwiceWords<T> MultiplyLow(TwiceWords<T> a, TwiceWords<T> b) =>
        new(T.MultiplyLow(a.Low, b.Low), T.MultiplyLow(a.High, b.High));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwiceWords<T> MultiplyHigh(TwiceWords<T> a, TwiceWords<T> b) =>
        new(T.MultiplyHigh(a.Low, b.Low), T.MultiplyHigh(a.High, b.High));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwiceWords<T> ShiftRight(TwiceWords<T> a, int count) =>
        new(T.ShiftRight(a.Low, count), T.ShiftRight(a.High, count));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(ref TwiceWords<T> a, ref TwiceWords<T> b, ref TwiceWords<T> c, ref TwiceWords<T> d)
    {
        T a0 = a.Low, b0 = b.Low, c0 = c.Low, d0 = d.Low, a1 = a.High, b1 = b.High, c1 = c.High, d1 = d.High;
        T.Interleave(ref a0, ref b0, ref c0, ref d0);
        T.Interleave(ref a1, ref b1, ref c1, ref d1);
        a = new(a0, b0);
        b = new(c0, d0);
        c = new(a1, b1);
        d = new(c1, d1);
    }
}
