using System.Runtime.CompilerServices;

namespace PacGen.Core.Lanes;

/// <summary>
/// Two lanes side by side as one. A formula's steps wait for each other; over two lanes each step is written twice in a row, so
/// that a CPU, whose schedulers hold about three vectors of a long formula, finds work to do.
/// </summary>
/// <typeparam name="T">The lane.</typeparam>
/// <typeparam name="TWords">Its unsigned twin.</typeparam>
/// <param name="low">The first lane.</param>
/// <param name="high">The second.</param>
public readonly unsafe struct Twice<T, TWords>(T low, T high) : ILane<Twice<T, TWords>, TwiceWords<TWords>>, IMemoryLane<Twice<T, TWords>>
    where T : struct, ILane<T, TWords>, IMemoryLane<T>
    where TWords : struct, IWords<TWords>
{
    private readonly T low = low, high = high;

    /// <inheritdoc/>
    public static int Count => 2 * T.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Constant(float value) => new(T.Constant(value), T.Constant(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Load(float* address) => new(T.Load(address), T.Load(address + T.Count));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* address, Twice<T, TWords> value)
    {
        T.Store(address, value.low);
        T.Store(address + T.Count, value.high);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> operator +(Twice<T, TWords> a, Twice<T, TWords> b) => new(a.low + b.low, a.high + b.high);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> operator -(Twice<T, TWords> a, Twice<T, TWords> b) => new(a.low - b.low, a.high - b.high);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> operator *(Twice<T, TWords> a, Twice<T, TWords> b) => new(a.low * b.low, a.high * b.high);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> operator /(Twice<T, TWords> a, Twice<T, TWords> b) => new(a.low / b.low, a.high / b.high);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> operator -(Twice<T, TWords> a) => new(-a.low, -a.high);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Fma(Twice<T, TWords> a, Twice<T, TWords> b, Twice<T, TWords> c) =>
        new(T.Fma(a.low, b.low, c.low), T.Fma(a.high, b.high, c.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Min(Twice<T, TWords> a, Twice<T, TWords> b) => new(T.Min(a.low, b.low), T.Min(a.high, b.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Max(Twice<T, TWords> a, Twice<T, TWords> b) => new(T.Max(a.low, b.low), T.Max(a.high, b.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Abs(Twice<T, TWords> a) => new(T.Abs(a.low), T.Abs(a.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Sqrt(Twice<T, TWords> a) => new(T.Sqrt(a.low), T.Sqrt(a.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Round(Twice<T, TWords> a) => new(T.Round(a.low), T.Round(a.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Less(Twice<T, TWords> a, Twice<T, TWords> b) =>
        new(T.Less(a.low, b.low), T.Less(a.high, b.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> LessOrEqual(Twice<T, TWords> a, Twice<T, TWords> b) =>
        new(T.LessOrEqual(a.low, b.low), T.LessOrEqual(a.high, b.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Equal(Twice<T, TWords> a, Twice<T, TWords> b) =>
        new(T.Equal(a.low, b.low), T.Equal(a.high, b.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> And(Twice<T, TWords> maskA, Twice<T, TWords> maskB) =>
        new(T.And(maskA.low, maskB.low), T.And(maskA.high, maskB.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Select(Twice<T, TWords> mask, Twice<T, TWords> whenTrue, Twice<T, TWords> whenFalse) =>
        new(T.Select(mask.low, whenTrue.low, whenFalse.low), T.Select(mask.high, whenTrue.high, whenFalse.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Scale(Twice<T, TWords> a, Twice<T, TWords> n) =>
        new(T.Scale(a.low, n.low), T.Scale(a.high, n.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Exponent(Twice<T, TWords> a) => new(T.Exponent(a.low), T.Exponent(a.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Significand(Twice<T, TWords> a) => new(T.Significand(a.low), T.Significand(a.high));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Exp(Twice<T, TWords> a) => Elementary.Exp(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Log(Twice<T, TWords> a) => Elementary.Log(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Tanh(Twice<T, TWords> a) => Elementary.Tanh(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Sigmoid(Twice<T, TWords> a) => Elementary.Sigmoid(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> Erf(Twice<T, TWords> a, out Twice<T, TWords> complement) =>
        GaussianIntegral.Erf(a, out complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> InverseErf(Twice<T, TWords> p, Twice<T, TWords> complement) =>
        GaussianIntegral.InverseErf(p, complement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Twice<T, TWords> FromWords(TwiceWords<TWords> words) => new(T.FromWords(words.Low), T.FromWords(words.High));
}
