namespace PacGen.Kernels;

/// <summary>A kernel bound to its memory. Running it allocates nothing managed; on a GPU it only enqueues.</summary>
public abstract class Launch : IDisposable
{
    /// <summary>Runs the kernel.</summary>
    public abstract void Run();

    /// <summary>
    /// Whether a device may record what a run does and repeat that: each run starts the same kernels with the same arguments, and
    /// does nothing on the host. False for a launch whose settings change between its runs.
    /// </summary>
    public virtual bool MayBeRecorded => true;

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
