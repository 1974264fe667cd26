namespace PacGen.Kernels;

/// <summary>A run of floats within a buffer: a whole tensor, or one parameter of the arena.</summary>
/// <param name="Buffer">The memory.</param>
/// <param name="Start">Its first element.</param>
/// <param name="Count">How many elements.</param>
public readonly record struct Region(DeviceBuffer Buffer, long Start, long Count)
{
    /// <summary>The whole of a buffer.</summary>
    public Region(DeviceBuffer buffer)
        : this(buffer, 0, buffer.Count)
    {
    }

    /// <summary>A part of this region.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside.</exception>
    public Region Slice(long start, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + count, Count);
        return new Region(Buffer, Start + start, count);
    }

    /// <summary>Copies host values in.</summary>
    public void Write(ReadOnlySpan<float> source)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Length, Count, nameof(source));
        Buffer.Write(Start, source);
    }

    /// <summary>Copies the first values of the region to the host.</summary>
    public void Read(Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, Count, nameof(destination));
        Buffer.Read(Start, destination);
    }

    /// <summary>The values, copied to the host.</summary>
    public float[] ToArray()
    {
        float[] values = new float[Count];
        Read(values);
        return values;
    }
}
