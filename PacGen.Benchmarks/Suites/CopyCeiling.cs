using System.Runtime.Intrinsics;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// The most bytes a second that the device's threads can read and write: a copy of memory far larger than the caches, past the
/// caches, since a plain store would first read the line that it overwrites.
/// </summary>
internal sealed class CopyCeiling : CpuLaunch
{
    private const int Count = 1 << 25, Part = 1 << 18;
    private readonly DeviceBuffer source, destination;

    /// <param name="device">The device.</param>
    public CopyCeiling(CpuDevice device)
        : base(device)
    {
        source = device.Allocate(Count);
        destination = device.Allocate(Count);
    }

    public override int Tasks => Count / Part;

    /// <summary>The work.</summary>
    public static Work Of(CpuDevice device) => new(
        $"copy past the caches, {Count:N0} numbers", 0, 2.0 * sizeof(float) * Count, 2.0 * sizeof(float) * Count, (_, _) =>
        {
            CopyCeiling launch = new(device);
            return new PreparedWork(device, launch.Run, launch);
        });

    public override unsafe void RunTask(int task, int worker)
    {
        float* from = CpuDevice.Address(new Region(source).Slice((long)task * Part, Part));
        float* to = CpuDevice.Address(new Region(destination).Slice((long)task * Part, Part));
        for (int i = 0; i < Part; i += 16)
        {
            Vector256.Load(from + i).StoreAlignedNonTemporal(to + i);
            Vector256.Load(from + i + 8).StoreAlignedNonTemporal(to + i + 8);
        }
    }

    protected override void Dispose(bool disposing)
    {
        source.Dispose();
        destination.Dispose();
        base.Dispose(disposing);
    }
}
