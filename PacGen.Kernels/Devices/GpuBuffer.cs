using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels.Devices;

/// <summary>Floats in the memory of a <see cref="GpuDevice"/>.</summary>
public sealed class GpuBuffer : Buffer
{
    private readonly GpuDevice device;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> memory;

    internal GpuBuffer(GpuDevice device, MemoryBuffer1D<float, Stride1D.Dense> memory)
    {
        this.device = device;
        this.memory = memory;
    }

    /// <inheritdoc/>
    public override Device Device => device;

    /// <inheritdoc/>
    public override long Count => memory.Length;

    internal ArrayView<float> View
    {
        get
        {
            ObjectDisposedException.ThrowIf(memory.IsDisposed, this);
            return memory.View.AsContiguous();
        }
    }

    /// <inheritdoc/>
    public override void Write(long start, ReadOnlySpan<float> source)
    {
        ArrayView<float> part = Part(start, source.Length);
        if (source.Length > 0)
        {
            part.CopyFromCPU(device.Accelerator.DefaultStream, ref MemoryMarshal.GetReference(source), source.Length);
        }
    }

    /// <inheritdoc/>
    public override void Read(long start, Span<float> destination)
    {
        ArrayView<float> part = Part(start, destination.Length);
        if (destination.Length > 0)
        {
            part.CopyToCPU(device.Accelerator.DefaultStream, ref MemoryMarshal.GetReference(destination), destination.Length);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Memory that nobody disposed is ILGPU's to free.
        if (disposing)
        {
            memory.Dispose();
        }
    }

    private ArrayView<float> Part(long start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + count, Count, nameof(count));
        return View.SubView(start, count);
    }
}
