namespace PacGen.Kernels.Devices;

/// <summary>A kernel bound to its memory. Running it allocates nothing managed; on a GPU it only enqueues.</summary>
public abstract class Launch
{
    /// <summary>Runs the kernel.</summary>
    public abstract void Run();
}
