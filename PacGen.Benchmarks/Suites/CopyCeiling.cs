using PacGen.Kernels.Devices;

namespace PacGen.Benchmarks.Suites;

/// <summary>The most bytes a second that the device's threads can read and write: a copy of memory far larger than the caches.</summary>
internal sealed class CopyCeiling(CpuDevice device) : CpuLaunch(device)
{
    private const int Count = 1 << 25, Part = 1 << 18;
    private readonly float[] source = Filled(), destination = Filled();

    /// <inheritdoc/>
    public override int Tasks => Count / Part;

    /// <summary>The bytes that a run reads and writes.</summary>
    public static double Bytes => 2.0 * sizeof(float) * Count;

    /// <inheritdoc/>
    public override void RunTask(int task, int worker) => source.AsSpan(task * Part, Part).CopyTo(destination.AsSpan(task * Part, Part));

    // Written once, so that the pages are there.
    private static float[] Filled()
    {
        float[] values = GC.AllocateUninitializedArray<float>(Count);
        values.AsSpan().Fill(1);
        return values;
    }
}
