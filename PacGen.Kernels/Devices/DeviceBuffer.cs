namespace PacGen.Kernels;

/// <summary>Floats in a device's memory.</summary>
public abstract class DeviceBuffer : IDisposable
{
    /// <summary>The device whose memory this is.</summary>
    public abstract Device Device { get; }

    /// <summary>How many floats.</summary>
    public abstract long Count { get; }

    /// <summary>Copies host values into the buffer, from its element <paramref name="start"/> on.</summary>
    /// <param name="start">The first element that is written.</param>
    /// <param name="source">The values.</param>
    public abstract void Write(long start, ReadOnlySpan<float> source);

    /// <summary>
    /// Copies values of the buffer to the host, from its element <paramref name="start"/> on; waits for the work that makes them.
    /// </summary>
    /// <param name="start">The first element that is read.</param>
    /// <param name="destination">Where the values go.</param>
    public abstract void Read(long start, Span<float> destination);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns the memory to the device.</summary>
    protected abstract void Dispose(bool disposing);
}
