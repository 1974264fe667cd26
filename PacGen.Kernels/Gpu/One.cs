using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>One float.</summary>
internal readonly struct One(float value) : IPack<One>
{
    private readonly float value = value;

    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static One Constant(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static One Sequence(float start) => new(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static One Add(One a, One b) => new(GpuArithmetic.Add(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static One Multiply(One a, One b) => new(GpuArithmetic.Multiply(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static One MultiplyAdd(One a, One b, One c) => new(GpuArithmetic.MultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static One Combine<TReduction>(One a, One b)
        where TReduction : struct, IReduction => new(TReduction.Combine(new GpuFloat(a.value), new GpuFloat(b.value)).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Fold<TReduction>(One a)
        where TReduction : struct, IReduction => a.value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Take(One key, One value, ref One best, ref One chosen)
    {
        GpuFloat takes = PoolSelect.Takes(new GpuFloat(key.value), new GpuFloat(best.value));
        best = new(GpuFloat.Select(takes, new(key.value), new(best.value)).Value);
        chosen = new(GpuFloat.Select(takes, new(value.value), new(chosen.value)).Value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static One WhereEqual(One a, One b, One value) =>
        new(GpuFloat.Select(GpuFloat.Equal(new(a.value), new(b.value)), new(value.value), new(0f)).Value);
}
