using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>Four floats that a GPU thread loads and stores at once, in 16 bytes.</summary>
internal struct Quad : IPack<Quad>
{
    public float X, Y, Z, W;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad(float x, float y, float z, float w)
    {
        X = x;
        Y = y;
        Z = z;
        W = w;
    }

    /// <summary>The four rounded to bfloat16, two in the place of a float, the first in its lower half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Pair InPairs() => new(
        BitConverter.Int32BitsToSingle(TensorCore.Pack(X, Y)), BitConverter.Int32BitsToSingle(TensorCore.Pack(Z, W)));

    /// <summary>a · b + c with one rounding each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad MultiplyAdd(float a, Quad b, Quad c) => new(
        GpuArithmetic.MultiplyAdd(a, b.X, c.X),
        GpuArithmetic.MultiplyAdd(a, b.Y, c.Y),
        GpuArithmetic.MultiplyAdd(a, b.Z, c.Z),
        GpuArithmetic.MultiplyAdd(a, b.W, c.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Add(Quad a, Quad b) => new(
        GpuArithmetic.Add(a.X, b.X), GpuArithmetic.Add(a.Y, b.Y), GpuArithmetic.Add(a.Z, b.Z), GpuArithmetic.Add(a.W, b.W));

    /// <summary>
    /// Loads the four floats from <paramref name="start"/> on, a multiple of 4 in memory that is aligned to 16 bytes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Load(ArrayView<float> memory, int start) => memory.Cast<Quad>().AsAligned(16)[start >> 2];

    /// <summary>
    /// Stores four floats from <paramref name="start"/> on, a multiple of 4 in memory that is aligned to 16 bytes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ArrayView<float> memory, int start, Quad value) =>
        memory.Cast<Quad>().AsAligned(16)[start >> 2] = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Constant(float value) => new(value, value, value, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Sequence(float start) =>
        new(start, GpuArithmetic.Add(start, 1f), GpuArithmetic.Add(start, 2f), GpuArithmetic.Add(start, 3f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Multiply(Quad a, Quad b) => new(
        GpuArithmetic.Multiply(a.X, b.X), GpuArithmetic.Multiply(a.Y, b.Y), GpuArithmetic.Multiply(a.Z, b.Z),
        GpuArithmetic.Multiply(a.W, b.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad MultiplyAdd(Quad a, Quad b, Quad c) => new(
        GpuArithmetic.MultiplyAdd(a.X, b.X, c.X), GpuArithmetic.MultiplyAdd(a.Y, b.Y, c.Y),
        GpuArithmetic.MultiplyAdd(a.Z, b.Z, c.Z), GpuArithmetic.MultiplyAdd(a.W, b.W, c.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Combine<TReduction>(Quad a, Quad b)
        where TReduction : struct, IReduction => new(
        Combined<TReduction>(a.X, b.X), Combined<TReduction>(a.Y, b.Y), Combined<TReduction>(a.Z, b.Z),
        Combined<TReduction>(a.W, b.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Fold<TReduction>(Quad a)
        where TReduction : struct, IReduction =>
            Combined<TReduction>(Combined<TReduction>(a.X, a.Y), Combined<TReduction>(a.Z, a.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Take(Quad key, Quad value, ref Quad best, ref Quad chosen)
    {
        GpuFloat takesX = Takes(key.X, best.X), takesY = Takes(key.Y, best.Y), takesZ = Takes(key.Z, best.Z), takesW = Takes(
            key.W, best.W);
        best = new(
            Select(takesX, key.X, best.X), Select(takesY, key.Y, best.Y), Select(takesZ, key.Z, best.Z),
            Select(takesW, key.W, best.W));
        chosen = new(
            Select(takesX, value.X, chosen.X), Select(takesY, value.Y, chosen.Y), Select(takesZ, value.Z, chosen.Z),
            Select(takesW, value.W, chosen.W));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad WhereEqual(Quad a, Quad b, Quad value) => new(
        Select(GpuFloat.Equal(new(a.X), new(b.X)), value.X, 0f),
        Select(GpuFloat.Equal(new(a.Y), new(b.Y)), value.Y, 0f),
        Select(GpuFloat.Equal(new(a.Z), new(b.Z)), value.Z, 0f),
        Select(GpuFloat.Equal(new(a.W), new(b.W)), value.W, 0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Combined<TReduction>(float a, float b)
        where TReduction : struct, IReduction => TReduction.Combine(new GpuFloat(a), new GpuFloat(b)).Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static GpuFloat Takes(float key, float best) => PoolSelect.Takes(new GpuFloat(key), new GpuFloat(best));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Select(GpuFloat mask, float whenTrue, float whenFalse) =>
        GpuFloat.Select(mask, new(whenTrue), new(whenFalse)).Value;
}
