namespace PacGen.Kernels.Devices;

/// <summary>A machine that runs kernels: the CPU with SIMD, or a GPU or simulator through ILGPU.</summary>
public abstract class Device : IDisposable
{
    /// <summary>What the device is, for people.</summary>
    public abstract string Name { get; }

    /// <summary>Memory for <paramref name="count"/> floats, zeroed.</summary>
    /// <exception cref="OutOfMemoryException">The device has no such memory left; the message says how much was asked for.</exception>
    public abstract Buffer Allocate(long count);

    /// <summary>Binds an operation to its memory: the launch that a compiled graph replays.</summary>
    /// <param name="operation">What to compute.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="inputs">The inputs' memory.</param>
    /// <param name="output">The output's memory; of the operation's output shape. Never overlaps an input, unless the operation allows it.</param>
    /// <exception cref="NotSupportedException">The device has no kernel for the operation.</exception>
    public abstract Launch Bind(Operation operation, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output);

    /// <summary>Waits until everything launched has finished.</summary>
    public abstract void Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the device's own resources.</summary>
    protected abstract void Dispose(bool disposing);
}
