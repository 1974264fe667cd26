namespace PacGen.Kernels;

/// <summary>An operation that sums products of its two inputs' numbers by the kernels that matrix products have.</summary>
public abstract record ProductOperation : Operation
{
    /// <inheritdoc/>
    public sealed override bool IsProduct => true;

    /// <summary>As what the kernel of a GPU with tensor cores multiplies.</summary>
    internal Precision Precision { get; init; }

    /// <summary>Whether both inputs' memory holds pairs of neighbours in bfloat16, each in the place of a float.</summary>
    internal bool ReadsPairs { get; init; }

    /// <inheritdoc/>
    public sealed override Operation? InBFloat16(Device device) =>
        device is GpuDevice { HasTensorCores: true } ? this with { Precision = Precision.BFloat16 } : null;

    /// <inheritdoc/>
    public sealed override Operation? ReadingPairs(Device device, ReadOnlySpan<Shape> inputs)
    {
        bool reads = device is GpuDevice { StoresBFloat16: true } && Precision == Precision.BFloat16;
        foreach (Shape input in inputs)
        {
            reads &= PairMap.Takes(input);
        }

        return reads ? new PairProduct(this) : null;
    }

    /// <inheritdoc/>
    public sealed override Operation? WithEpilogue(
        Device device, Expression epilogue, Shape target, ReadOnlySpan<Shape> others) =>
        device is GpuDevice { FusesMaps: true } && ProductEpilogue.Takes(epilogue, target, others)
            ? new FusedProduct(this, epilogue, target) : null;

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">A tensor is too large for the kernel's counting.</exception>
    public sealed override Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Bind(device, shapes, inputs, output, null);

    /// <summary>Whether the kernel of a GPU whose warps can gather moments does so for some inputs.</summary>
    internal virtual bool GathersMoments(GpuDevice device, ReadOnlySpan<Shape> shapes) => false;

    /// <summary>The kernel on a GPU, with an expression of its numbers, or null for none.</summary>
    internal abstract Launch Bind(
        GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output, ProductEpilogue? epilogue);
}
