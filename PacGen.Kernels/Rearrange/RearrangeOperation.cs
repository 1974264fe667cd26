namespace PacGen.Kernels;

/// <summary>An operation that copies elements to other places, and leaves zeros where none comes.</summary>
public abstract record RearrangeOperation : VectorOperation
{
    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">A tensor is too large for the kernel's counting, or more than six axes move on
    /// their own.</exception>
    public sealed override Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        StridedBox?[] boxes = Boxes(shapes);
        using LaunchParts parts = new(device);
        if (boxes.Sum(box => box?.Count ?? 0) != output.Count)
        {
            parts.Add(new ClearGpu(device, Name, output));
        }

        for (int i = 0; i < boxes.Length; i++)
        {
            if (boxes[i] is { } box)
            {
                parts.Add(new StridedCopyGpu(device, Name, box, inputs[i], output));
            }
        }

        return parts.ToLaunch();
    }

    /// <summary>For each input the elements that are copied and their places; null where none is.</summary>
    private protected abstract StridedBox?[] Boxes(ReadOnlySpan<Shape> shapes);

    private protected sealed override unsafe Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        StridedBox?[] boxes = Boxes(shapes);
        float* y = CpuDevice.Address(output);
        using LaunchParts parts = new(device);
        if (boxes.Sum(box => box?.Count ?? 0) != output.Count)
        {
            parts.Add(new ClearLaunch(device, y, output.Count));
        }

        for (int i = 0; i < boxes.Length; i++)
        {
            if (boxes[i] is { } box)
            {
                parts.Add(new StridedCopy<T>(device, box, CpuDevice.Address(inputs[i]), y));
            }
        }

        return parts.ToLaunch();
    }
}
