using ILGPU.Runtime.Cuda;

namespace PacGen.Kernels;

/// <summary>
/// Values go through one of two slots in turn: the host writes them into page-locked memory, a stream of its own copies them to a
/// staging place on the GPU while kernels run, and the kernels' stream waits for that copy and takes them from there to where
/// they belong. So neither the host nor the kernels wait while the other side is ahead, and the place's address stays what it is.
/// </summary>
internal sealed unsafe class CudaUpload : Upload
{
    private readonly GpuDevice device;
    private readonly CudaDriver driver;
    private readonly CudaStream kernels, copies;
    private readonly Region target;
    private readonly DeviceBuffer?[] staging = new DeviceBuffer?[2];
    private readonly nint[] host = new nint[2], copied = new nint[2], taken = new nint[2];
    private int slot;

    /// <exception cref="CudaException">There is no page-locked memory left.</exception>
    /// <exception cref="DeviceException">There is no memory left on the GPU.</exception>
    public CudaUpload(GpuDevice device, CudaDriver driver, CudaStream kernels, CudaStream copies, Region target)
    {
        (this.device, this.driver, this.kernels, this.copies, this.target) = (device, driver, kernels, copies, target);
        try
        {
            for (int i = 0; i < staging.Length; i++)
            {
                staging[i] = device.AllocateUncleared(target.Count, "copies on their way to the GPU");
                Check(Api.AllocateHostMemory(out host[i], (nint)(target.Count * sizeof(float))));
                Check(Api.CreateEvent(out copied[i], CudaEventFlags.CU_EVENT_DISABLE_TIMING));
                Check(Api.CreateEvent(out taken[i], CudaEventFlags.CU_EVENT_DISABLE_TIMING));

                // The staging place is zeroed on the kernels' stream: the first copy into it comes after that.
                Check(Api.RecordEvent(taken[i], kernels.StreamPtr));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private static CudaAPI Api => CudaAPI.CurrentAPI;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> source)
    {
        ObjectDisposedException.ThrowIf(staging[slot] is null, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Length, target.Count, nameof(source));
        if (source.IsEmpty)
        {
            return;
        }

        try
        {
            int now = slot;
            slot = 1 - slot;
            nint bytes = (nint)source.Length * sizeof(float), stage = GpuDevice.Address(new Region(staging[now]!));
            device.Accelerator.Bind();

            // The copy of the last but one send may still read this slot.
            Check(Api.SynchronizeEvent(copied[now]));
            source.CopyTo(new Span<float>((void*)host[now], source.Length));
            Check(driver.Wait(copies.StreamPtr, taken[now]));
            Check(Api.MemcpyAsync(stage, host[now], bytes, copies));
            Check(Api.RecordEvent(copied[now], copies.StreamPtr));
            Check(driver.Wait(kernels.StreamPtr, copied[now]));
            Check(Api.MemcpyAsync(GpuDevice.Address(target), stage, bytes, kernels));
            Check(Api.RecordEvent(taken[now], kernels.StreamPtr));
        }
        catch (CudaException failure)
        {
            throw device.Failed("a batch was sent to it", failure);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing || device.Accelerator.IsDisposed)
        {
            return;
        }

        device.Accelerator.Bind();
        for (int i = 0; i < staging.Length; i++)
        {
            if (copied[i] != 0)
            {
                _ = Api.SynchronizeEvent(copied[i]);
                _ = Api.DestroyEvent(copied[i]);
                copied[i] = 0;
            }

            if (taken[i] != 0)
            {
                _ = Api.SynchronizeEvent(taken[i]);
                _ = Api.DestroyEvent(taken[i]);
                taken[i] = 0;
            }

            if (host[i] != 0)
            {
                _ = Api.FreeHostMemory(host[i]);
                host[i] = 0;
            }

            staging[i]?.Dispose();
            staging[i] = null;
        }
    }

    private static void Check(CudaError error) => CudaException.ThrowIfFailed(error);
}
