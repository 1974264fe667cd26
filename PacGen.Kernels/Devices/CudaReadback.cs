using ILGPU.Runtime.Cuda;

namespace PacGen.Kernels;

/// <summary>
/// Copies some bytes of a GPU's memory to the host without anybody waiting: into one of two page-locked slots in turn, behind
/// what was launched so far. What is launched later does not hold it up.
/// </summary>
internal sealed unsafe class CudaReadback : IDisposable
{
    private readonly GpuDevice device;
    private readonly CudaStream kernels;
    private readonly nint source;
    private readonly int bytes;
    private readonly nint[] host = new nint[2], copied = new nint[2];

    /// <param name="device">The device.</param>
    /// <param name="kernels">The stream that the values are made on.</param>
    /// <param name="source">Where they are.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <exception cref="CudaException">There is no page-locked memory left.</exception>
    public CudaReadback(GpuDevice device, CudaStream kernels, nint source, int bytes)
    {
        (this.device, this.kernels, this.source, this.bytes) = (device, kernels, source, bytes);
        device.Accelerator.Bind();
        try
        {
            for (int i = 0; i < host.Length; i++)
            {
                CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.AllocateHostMemory(out host[i], bytes));
                CudaException.ThrowIfFailed(
                    CudaAPI.CurrentAPI.CreateEvent(out copied[i], CudaEventFlags.CU_EVENT_DISABLE_TIMING));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Enqueues a copy of the present values into a slot.</summary>
    public void Send(int slot)
    {
        device.Accelerator.Bind();
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.MemcpyAsync(host[slot], source, bytes, kernels));
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.RecordEvent(copied[slot], kernels.StreamPtr));
    }

    /// <summary>Waits for the copy into a slot, and for nothing behind it.</summary>
    public ReadOnlySpan<byte> Receive(int slot)
    {
        device.Accelerator.Bind();
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.SynchronizeEvent(copied[slot]));
        return new ReadOnlySpan<byte>((void*)host[slot], bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (device.Accelerator.IsDisposed)
        {
            return;
        }

        device.Accelerator.Bind();
        for (int i = 0; i < host.Length; i++)
        {
            if (copied[i] != 0)
            {
                _ = CudaAPI.CurrentAPI.SynchronizeEvent(copied[i]);
                _ = CudaAPI.CurrentAPI.DestroyEvent(copied[i]);
            }

            if (host[i] != 0)
            {
                _ = CudaAPI.CurrentAPI.FreeHostMemory(host[i]);
            }

            host[i] = copied[i] = 0;
        }
    }
}
