using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
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

    /// <summary>The work.</summary>
    public static Work Of(CpuDevice device) => new(
        "fused multiply-adds", 2.0 * Rounds * Chains * CpuDevice.Width * device.Threads * TasksPerThread, 0, 0, (_, _) =>
        {
            FmaCeiling launch = new(device);
            return new PreparedWork(device, launch.Run, launch);
        });

    public override void RunTask(int task, int worker) => sinks[task] = CpuDevice.Width switch
    {
        16 => Sum<Float16>(),
        8 => Sum<Float8>(),
        _ => Sum<Float4>(),
    };

    // Twelve chains cover the latency of four cycles on two ports, and what loads leave of the registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe float Sum<T>()
        where T : unmanaged, IMemoryLane<T>
    {
        T x = T.Constant(0.999f), y = T.Constant(0.001f);
        T a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < Rounds; n++)
        {
            a = T.Fma(a, x, y);
            b = T.Fma(b, x, y);
            c = T.Fma(c, x, y);
            d = T.Fma(d, x, y);
            e = T.Fma(e, x, y);
            f = T.Fma(f, x, y);
            g = T.Fma(g, x, y);
            h = T.Fma(h, x, y);
            i = T.Fma(i, x, y);
            j = T.Fma(j, x, y);
            k = T.Fma(k, x, y);
            l = T.Fma(l, x, y);
        }

        // Any number of them all: what nobody reads, the compiler leaves out.
        float* sums = stackalloc float[T.Count];
        T.Store(sums, a + b + c + d + e + f + g + h + i + j + k + l);
        return *sums;
    }
}
