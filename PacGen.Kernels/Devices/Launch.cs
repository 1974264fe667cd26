namespace PacGen.Kernels.Devices;

/// <summary>A kernel bound to its memory. Running it allocates nothing managed; on a GPU it only enqueues.</summary>
public abstract class Launch : IDisposable
{
    /// <summary>Runs the kernel.</summary>
    public abstract void Run();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns memory that the launch itself holds; the memory that it was bound to is its owner's.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
