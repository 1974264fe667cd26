using ILGPU.Runtime.Cuda;

namespace PacGen.Kernels;

/// <summary>
/// A launch on a second stream: it begins when all that was launched before it is done, and what is launched after it goes on
/// beside it. Recorded, it is a branch of the graph.
/// </summary>
internal sealed class CudaBeside : Launch
{
    private readonly GpuDevice device;
    private readonly CudaDriver driver;
    private readonly CudaStream main, side;
    private readonly Launch launch;
    private nint begun, done;

    public CudaBeside(GpuDevice device, CudaDriver driver, CudaStream main, CudaStream side, Launch launch)
    {
        (this.device, this.driver, this.main, this.side, this.launch) = (device, driver, main, side, launch);
        device.Accelerator.Bind();
        Check(CudaAPI.CurrentAPI.CreateEvent(out begun, CudaEventFlags.CU_EVENT_DISABLE_TIMING));
        Check(CudaAPI.CurrentAPI.CreateEvent(out done, CudaEventFlags.CU_EVENT_DISABLE_TIMING));
    }

    /// <inheritdoc/>
    public override bool MayBeRecorded => launch.MayBeRecorded;

    /// <inheritdoc/>
    public override void Run()
    {
        device.Accelerator.Bind();
        Check(CudaAPI.CurrentAPI.RecordEvent(begun, main.StreamPtr));
        Check(driver.Wait(side.StreamPtr, begun));
        device.LaunchOn(side);
        try
        {
            launch.Run();
        }
        finally
        {
            device.LaunchOn(main);
        }

        Check(CudaAPI.CurrentAPI.RecordEvent(done, side.StreamPtr));
    }

    /// <summary>Makes what is launched from here on wait for it.</summary>
    public void Await()
    {
        device.Accelerator.Bind();
        Check(driver.Wait(main.StreamPtr, done));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            launch.Dispose();
            if (!device.Accelerator.IsDisposed)
            {
                device.Accelerator.Bind();
                _ = begun == 0 ? default : CudaAPI.CurrentAPI.DestroyEvent(begun);
                _ = done == 0 ? default : CudaAPI.CurrentAPI.DestroyEvent(done);
            }

            (begun, done) = (0, 0);
        }

        base.Dispose(disposing);
    }

    private void Check(CudaError error)
    {
        if (error != CudaError.CUDA_SUCCESS)
        {
            throw device.Failed("launches were put side by side", new CudaException(error));
        }
    }
}

/// <summary>A launch with waiting for launches beside it, before and behind it.</summary>
internal sealed class AwaitingLaunch(CudaBeside[] before, Launch launch, CudaBeside[] behind) : Launch
{
    /// <inheritdoc/>
    public override bool MayBeRecorded => launch.MayBeRecorded;

    /// <inheritdoc/>
    public override void Run()
    {
        foreach (CudaBeside beside in before)
        {
            beside.Await();
        }

        launch.Run();
        foreach (CudaBeside beside in behind)
        {
            beside.Await();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            launch.Dispose();
        }

        base.Dispose(disposing);
    }
}
