
namespace PacGen.Kernels;

/// <summary>What the per-parameter kernels ask of their regions.</summary>
internal static class Arena
{
    /// <summary>Checks that regions lie on a device and are equally long.</summary>
    public static void Require(Device device, params ReadOnlySpan<Region> regions)
    {
        foreach (Region region in regions)
        {
            if (region.Buffer.Device != device)
            {
                throw new ArgumentException(
                    $"A region lies on {region.Buffer.Device.Name}, not on {device.Name}.",
                    nameof(regions));
            }

            if (region.Count != regions[0].Count)
            {
                throw new ArgumentException(
                    $"The regions of a per-parameter kernel are equally long, but one has {region.Count} elements and another "
                    + $"{regions[0].Count}.",
                    nameof(regions));
            }
        }
    }

    /// <summary>Checks the same, and that there are as many as some kernel takes.</summary>
    public static void Require(Device device, Type kernel, int count, ReadOnlySpan<Region> regions)
    {
        if (regions.Length != count)
        {
            throw new ArgumentException(
                $"{kernel.Name.Split('`')[0]} takes {count} regions, but {regions.Length} came.", nameof(regions));
        }

        Require(device, regions);
    }

    /// <summary>The error for a device without a kernel.</summary>
    public static NotSupportedException Unsupported(Device device, string kernel) =>
        new($"{device.Name} has no {kernel} kernel.");
}
