namespace PacGen.Kernels;

/// <summary>A run of floats within a buffer: a whole tensor, or one parameter of the arena.</summary>
/// <param name="Buffer">The memory.</param>
/// <param name="Start">Its first element.</param>
/// <param name="Count">How many elements.</param>
public readonly record struct Region(DeviceBuffer Buffer, long Start, long Count)
{
    /// <summary>The whole of a buffer.</summary>
    /// <param name="buffer">The memory.</param>
    public Region(DeviceBuffer buffer)
        : this(buffer, 0, buffer.Count)
    {
    }

    /// <summary>A part of this region.</summary>
    /// <param name="start">Its first element, counted from this region's.</param>
    /// <param name="count">How many elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside.</exception>
    public Region Slice(long start, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + count, Count);
        return new Region(Buffer, Start + start, count);
    }

    /// <summary>Copies host values in.</summary>
    /// <param name="source">At most <see cref="Count"/> values; they go to the region's start.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are more values than elements.</exception>
    public void Write(ReadOnlySpan<float> source)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Length, Count, nameof(source));
        Buffer.Write(Start, source);
    }

    /// <summary>Copies the first values of the region to the host.</summary>
    /// <param name="destination">Where they go: at most <see cref="Count"/> places.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are more places than elements.</exception>
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
