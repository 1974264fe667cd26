namespace PacGen.Kernels;

/// <summary>A pooling over images (N, H, W, C), with SIMD along the channels.</summary>
/// <param name="Geometry">The windows.</param>
public abstract record PoolOperation(PoolGeometry Geometry) : VectorOperation
{
    /// <summary>A vector spans channels only, so it must not be wider than they are many; the last one overlaps its neighbour.</summary>
    private protected sealed override int WidthFor(ReadOnlySpan<Shape> shapes, int width)
    {
        int channels = shapes[0][3];
        while (width > channels)
        {
            width = width == 4 ? 1 : width / 2;
        }

        return width;
    }
}
