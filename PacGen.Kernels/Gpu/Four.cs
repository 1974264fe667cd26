using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PacGen.Kernels.Gpu;

/// <summary>Four floats, which a GPU loads and stores with one instruction.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct Four(float x, float y, float z, float w) : IPack<Four>
{
    private readonly float x = x, y = y, z = z, w = w;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four Constant(float value) => new(value, value, value, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four Sequence(float start) =>
        new(start, GpuArithmetic.Add(start, 1f), GpuArithmetic.Add(start, 2f), GpuArithmetic.Add(start, 3f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four Add(Four a, Four b) => new(
        GpuArithmetic.Add(a.x, b.x), GpuArithmetic.Add(a.y, b.y), GpuArithmetic.Add(a.z, b.z), GpuArithmetic.Add(a.w, b.w));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four Multiply(Four a, Four b) => new(
        GpuArithmetic.Multiply(a.x, b.x), GpuArithmetic.Multiply(a.y, b.y), GpuArithmetic.Multiply(a.z, b.z), GpuArithmetic.Multiply(a.w, b.w));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four Combine<TReduction>(Four a, Four b)
        where TReduction : struct, IReduction => new(
        Combined<TReduction>(a.x, b.x), Combined<TReduction>(a.y, b.y), Combined<TReduction>(a.z, b.z), Combined<TReduction>(a.w, b.w));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Fold<TReduction>(Four a)
        where TReduction : struct, IReduction => Combined<TReduction>(Combined<TReduction>(a.x, a.y), Combined<TReduction>(a.z, a.w));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Take(Four key, Four value, ref Four best, ref Four chosen)
    {
        GpuFloat takesX = Takes(key.x, best.x), takesY = Takes(key.y, best.y), takesZ = Takes(key.z, best.z), takesW = Takes(key.w, best.w);
        best = new(Select(takesX, key.x, best.x), Select(takesY, key.y, best.y), Select(takesZ, key.z, best.z), Select(takesW, key.w, best.w));
        chosen = new(
            Select(takesX, value.x, chosen.x), Select(takesY, value.y, chosen.y), Select(takesZ, value.z, chosen.z), Select(takesW, value.w, chosen.w));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four WhereEqual(Four a, Four b, Four value) => new(
        Select(GpuFloat.Equal(new(a.x), new(b.x)), value.x, 0f),
        Select(GpuFloat.Equal(new(a.y), new(b.y)), value.y, 0f),
        Select(GpuFloat.Equal(new(a.z), new(b.z)), value.z, 0f),
        Select(GpuFloat.Equal(new(a.w), new(b.w)), value.w, 0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Combined<TReduction>(float a, float b)
        where TReduction : struct, IReduction => TReduction.Combine(new GpuFloat(a), new GpuFloat(b)).Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static GpuFloat Takes(float key, float best) => PoolSelect.Takes(new GpuFloat(key), new GpuFloat(best));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Select(GpuFloat mask, float whenTrue, float whenFalse) => GpuFloat.Select(mask, new(whenTrue), new(whenFalse)).Value;
}
