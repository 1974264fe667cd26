using System.Runtime.InteropServices;

namespace PacGen.Kernels;

/// <summary>
/// Native memory, aligned to a cache line and pooled by its device: fresh pages cost more than the arithmetic on them.
/// </summary>
public sealed unsafe class CpuBuffer : DeviceBuffer
{
    private readonly CpuDevice device;
    private float* pointer;
    private long count;

    internal CpuBuffer(CpuDevice device, float* pointer, long count, int sizeClass)
    {
        this.device = device;
        this.pointer = pointer;
        this.count = count;
        SizeClass = sizeClass;
        device.Account(count);
    }

    /// <inheritdoc/>
    public override Device Device => device;

    /// <inheritdoc/>
    public override long Count => count;

    /// <summary>The address of the first element.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    public float* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(pointer == null, this);
            return pointer;
        }
    }

    internal int SizeClass { get; private set; }

    /// <summary>Has another buffer's memory from then on, and gives back its own.</summary>
    internal void Take(CpuBuffer other)
    {
        float* own = pointer;
        pointer = other.pointer;
        other.pointer = own;
        (count, other.count) = (other.count, count);
        (SizeClass, other.SizeClass) = (other.SizeClass, SizeClass);
        other.Dispose();
    }

    /// <inheritdoc/>
    public override void Write(long start, ReadOnlySpan<float> source) => source.CopyTo(Span(start, source.Length));

    /// <inheritdoc/>
    public override void Read(long start, Span<float> destination) => Span(start, destination.Length).CopyTo(destination);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        float* released = pointer;
        pointer = null;
        if (released == null)
        {
            return;
        }

        device.Account(-count);
        if (disposing)
        {
            device.Return(released, SizeClass);
        }
        else
        {
            HostMemory.Free(released);
        }
    }

    /// <summary>Frees memory that nobody disposed.</summary>
    ~CpuBuffer() => Dispose(false);

    private Span<float> Span(long start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + count, Count, nameof(count));
        return new Span<float>(Pointer + start, count);
    }
}
