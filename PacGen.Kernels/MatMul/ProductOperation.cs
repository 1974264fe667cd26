namespace PacGen.Kernels;

/// <summary>An operation that sums products of its two inputs' numbers by the kernels that matrix products have.</summary>
public abstract record ProductOperation : Operation
{
    /// <inheritdoc/>
    public sealed override bool IsProduct => true;

    /// <summary>As what the kernel of a GPU with tensor cores multiplies.</summary>
    internal Precision Precision { get; init; }

    /// <inheritdoc/>
    public sealed override Operation? InBFloat16(Device device) =>
        device is GpuDevice { HasTensorCores: true } ? this with { Precision = Precision.BFloat16 } : null;
}
