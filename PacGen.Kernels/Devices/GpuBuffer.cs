using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>Floats in the memory of a <see cref="GpuDevice"/>.</summary>
public sealed class GpuBuffer : DeviceBuffer
{
    private readonly GpuDevice device;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> memory;

    internal GpuBuffer(GpuDevice device, MemoryBuffer1D<float, Stride1D.Dense> memory)
    {
        this.device = device;
        this.memory = memory;
        device.Account(memory.Length);
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

    /// <summary>The address of the first element on a CUDA device, the memory's handle on OpenCL.</summary>
    internal nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(memory.IsDisposed, this);
            return memory.NativePtr;
        }
    }

    /// <inheritdoc/>
    public override unsafe void Write(long start, ReadOnlySpan<float> source)
    {
        if (IsPart(start, source.Length))
        {
            // ILGPU takes the address of what it copies without pinning it, and waits for the copy.
            fixed (float* pinned = source)
            {
                try
                {
                    View.SubView(start, source.Length).CopyFromCPU(device.Accelerator.DefaultStream, ref *pinned, source.Length);
                }
                catch (Exception failure) when (GpuDevice.IsDriverFailure(failure))
                {
                    throw device.Failed("values were sent to it", failure);
                }
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">A launch met input that makes no sense, such as a label that is no class; the
    /// message names the operation, the row and the value.</exception>
    public override unsafe void Read(long start, Span<float> destination)
    {
        if (IsPart(start, destination.Length))
        {
            fixed (float* pinned = destination)
            {
                try
                {
                    View.SubView(start, destination.Length).CopyToCPU(
                        device.Accelerator.DefaultStream, ref *pinned, destination.Length);
                }
                catch (Exception failure) when (GpuDevice.IsDriverFailure(failure))
                {
                    throw device.Failed("results were read", failure);
                }
            }

            device.Faults.Check();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Memory that nobody disposed is ILGPU's to free.
        if (disposing && !memory.IsDisposed)
        {
            device.Account(-memory.Length);
            GpuDevice.Free(memory);
        }
    }

    /// <summary>Checks a part's range; says whether there is anything in it.</summary>
    private bool IsPart(long start, int count)
    {
        ObjectDisposedException.ThrowIf(memory.IsDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + count, Count, nameof(count));
        return count > 0;
    }
}
