using ILGPU;

namespace PacGen.Kernels;

/// <summary>Regions as packs.</summary>
internal static class Packs
{
    /// <summary>
    /// Whether rows of a length can be walked in fours: each row of each region starts at a multiple of 16 bytes.
    /// </summary>
    public static bool InFours(long rowLength, params ReadOnlySpan<Region> regions)
    {
        bool aligned = rowLength % Quad.Count == 0;
        foreach (Region region in regions)
        {
            aligned &= region.Start % Quad.Count == 0;
        }

        return aligned;
    }

    /// <summary>A region's memory as packs; the region starts at a multiple of one.</summary>
    public static ArrayView<TPack> View<TPack>(Region region)
        where TPack : unmanaged, IPack<TPack> => GpuDevice.View(region).Cast<TPack>();

    /// <summary>A number of elements as a kernel counts them.</summary>
    /// <exception cref="NotSupportedException">It is too large for that.</exception>
    public static int Count(GpuDevice device, string operation, long count) => count <= int.MaxValue / 2
        ? (int)count
        : throw new NotSupportedException(
            $"{operation}: {device.Name} walks at most {int.MaxValue / 2} elements of a tensor, not {count}.");
}
