namespace PacGen.Kernels;

/// <summary>
/// A kernel on the CPU: a fixed number of independent tasks that the device's workers share. Each task writes outputs of its
/// own and no sum is split between tasks in a way that depends on the number of workers, so results don't either.
/// </summary>
/// <param name="device">The device whose workers run it.</param>
public abstract class CpuLaunch(CpuDevice device) : Launch
{
    /// <summary>The device whose workers run it.</summary>
    protected CpuDevice Device { get; } = device;

    /// <summary>How many tasks the launch consists of; fixed by the shapes, never by the number of workers.</summary>
    public abstract int Tasks { get; }

    /// <summary>
    /// Runs one task. <paramref name="worker"/> is below <see cref="CpuDevice.Threads"/> and names the scratch memory to use.
    /// </summary>
    /// <param name="task">The task, from 0.</param>
    /// <param name="worker">Who runs it, from 0: it has its own scratch memory.</param>
    public abstract void RunTask(int task, int worker);

    /// <inheritdoc/>
    public sealed override void Run() => Device.Run(this);
}
