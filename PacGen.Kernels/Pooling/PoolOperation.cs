
namespace PacGen.Kernels;

/// <summary>A pooling over images (N, H, W, C), with SIMD along the channels.</summary>
/// <param name="Geometry">The windows.</param>
public abstract record PoolOperation(PoolGeometry Geometry) : VectorOperation
{
    /// <summary>
    /// A vector spans channels only, so it must not be wider than they are many; the last one overlaps its neighbour.
    /// </summary>
    private protected sealed override int WidthFor(ReadOnlySpan<Shape> shapes, int width)
    {
        int channels = shapes[0][3];
        while (width > channels)
        {
            width = width == 4 ? 1 : width / 2;
        }

        return width;
    }

    /// <summary>
    /// How a GPU's threads walk the images; <paramref name="walked"/> is the shape that has an element for each of them.
    /// </summary>
    private protected PoolWalk Walk<TPack>(GpuDevice device, Shape image, Shape walked)
        where TPack : unmanaged, IPack<TPack>
    {
        _ = Packs.Count(device, Name, image.Count);
        return new PoolWalk(Geometry, image, Packs.Count(device, Name, walked.Count), TPack.Count);
    }
}
