namespace PacGen.Kernels;

/// <summary>
/// Sends host values to one place of a device again and again, such as each step's batch. What is launched after a
/// <see cref="Write"/> finds the new values, what was launched before it the old ones.
/// </summary>
public abstract class Upload : IDisposable
{
    /// <summary>
    /// Sends values to the first elements of the place. The source may be changed once this returns; where the device works by
    /// itself, this waits for nothing but, at the third send in a row, the copy of the first. Allocates nothing managed.
    /// </summary>
    /// <param name="source">The values.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are more values than the place holds.</exception>
    public abstract void Write(ReadOnlySpan<float> source);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns the memory that values pass through; the place itself is its owner's.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
