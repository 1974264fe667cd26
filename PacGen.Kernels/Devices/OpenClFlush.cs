using ILGPU.Runtime.OpenCL;

namespace PacGen.Kernels;

/// <summary>Has the driver begin what was enqueued, which some leave until the host waits for it.</summary>
internal sealed class OpenClFlush(CLStream queue) : Launch
{
    /// <inheritdoc/>
    public override void Run() => CLException.ThrowIfFailed(CLAPI.CurrentAPI.FlushCommandQueue(queue.CommandQueue));
}
