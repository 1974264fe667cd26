using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// The most multiply-adds that the device's threads can do: a loop of fused multiply-adds on registers, nothing else.
/// </summary>
internal sealed class FmaCeiling(CpuDevice device) : CpuLaunch(device)
{
    private const int Rounds = 1 << 16, Chains = 12, TasksPerThread = 4;
    private readonly float[] sinks = new float[device.Threads * TasksPerThread];

    public override int Tasks => sinks.Length;

    /// <summary>The additions and multiplications of a run.</summary>
    public double Flops => 2.0 * Rounds * Chains * CpuDevice.Width * Tasks;

    public override void RunTask(int task, int worker) => sinks[task] = CpuDevice.Width switch
    {
        16 => Wide512(),
        8 => Wide256(),
        _ => Wide128(),
    };

    // Twelve chains cover the latency of four cycles on two ports, and what loads leave of the registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Wide512()
    {
        Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(0.001f);
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < Rounds; n++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y);
            b = Vector512.FusedMultiplyAdd(b, x, y);
            c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y);
            e = Vector512.FusedMultiplyAdd(e, x, y);
            f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y);
            h = Vector512.FusedMultiplyAdd(h, x, y);
            i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y);
            k = Vector512.FusedMultiplyAdd(k, x, y);
            l = Vector512.FusedMultiplyAdd(l, x, y);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Wide256()
    {
        Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(0.001f);
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < Rounds; n++)
        {
            a = Vector256.FusedMultiplyAdd(a, x, y);
            b = Vector256.FusedMultiplyAdd(b, x, y);
            c = Vector256.FusedMultiplyAdd(c, x, y);
            d = Vector256.FusedMultiplyAdd(d, x, y);
            e = Vector256.FusedMultiplyAdd(e, x, y);
            f = Vector256.FusedMultiplyAdd(f, x, y);
            g = Vector256.FusedMultiplyAdd(g, x, y);
            h = Vector256.FusedMultiplyAdd(h, x, y);
            i = Vector256.FusedMultiplyAdd(i, x, y);
            j = Vector256.FusedMultiplyAdd(j, x, y);
            k = Vector256.FusedMultiplyAdd(k, x, y);
            l = Vector256.FusedMultiplyAdd(l, x, y);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Wide128()
    {
        Vector128<float> x = Vector128.Create(0.999f), y = Vector128.Create(0.001f);
        Vector128<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < Rounds; n++)
        {
            a = Vector128.FusedMultiplyAdd(a, x, y);
            b = Vector128.FusedMultiplyAdd(b, x, y);
            c = Vector128.FusedMultiplyAdd(c, x, y);
            d = Vector128.FusedMultiplyAdd(d, x, y);
            e = Vector128.FusedMultiplyAdd(e, x, y);
            f = Vector128.FusedMultiplyAdd(f, x, y);
            g = Vector128.FusedMultiplyAdd(g, x, y);
            h = Vector128.FusedMultiplyAdd(h, x, y);
            i = Vector128.FusedMultiplyAdd(i, x, y);
            j = Vector128.FusedMultiplyAdd(j, x, y);
            k = Vector128.FusedMultiplyAdd(k, x, y);
            l = Vector128.FusedMultiplyAdd(l, x, y);
        }

        return Vector128.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
