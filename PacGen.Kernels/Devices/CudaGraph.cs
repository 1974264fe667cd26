using ILGPU.Runtime.Cuda;

namespace PacGen.Kernels;

/// <summary>
/// Launches that are recorded as one CUDA graph and replayed, which asks far less of the host than launching each. The first run
/// launches them one by one, for kernels that are loaded at their first launch; the second records. Where the driver refuses any
/// of it, the device records no more, and they go on one by one.
/// </summary>
internal sealed class CudaGraph(GpuDevice device, CudaDriver driver, CudaStream stream, Launch[] launches) : Launch
{
    /// <summary>The environment variable that, as 0, has launches run one by one.</summary>
    public const string EnvironmentVariable = "PACGEN_CUDA_GRAPHS";

    private nint instance;
    private bool hasRun;

    /// <summary>False: a graph is not recorded into another.</summary>
    public override bool MayBeRecorded => false;

    /// <summary>Why graphs can't be recorded on this machine, or are not to be; empty where they can.</summary>
    public static string Obstacle() =>
        Environment.GetEnvironmentVariable(EnvironmentVariable)?.Trim() == "0" ? $"{EnvironmentVariable} is 0"
        : CudaDriver.Instance is { HasGraphs: true } ? "" : "it takes a driver for CUDA 11.4 or newer";

    /// <inheritdoc/>
    public override void Run()
    {
        if (instance == 0 && hasRun && device.RecordsGraphs)
        {
            Record();
        }

        if (instance != 0)
        {
            device.Accelerator.Bind();
            if (driver.Launch(instance, stream.StreamPtr) is not CudaError.CUDA_SUCCESS and var error)
            {
                device.StopRecording($"launching a graph gave {error}");
                Free();
            }
            else
            {
                return;
            }
        }

        RunEach();
        hasRun = true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Free();
            Array.ForEach(launches, launch => launch.Dispose());
        }

        base.Dispose(disposing);
    }

    private void Record()
    {
        device.Accelerator.Bind();
        CudaError error = driver.BeginCapture(stream.StreamPtr);
        if (error != CudaError.CUDA_SUCCESS)
        {
            device.StopRecording($"beginning to record gave {error}");
            return;
        }

        string refused = "";
        try
        {
            RunEach();
        }
#pragma warning disable CA1031 // Nothing has run yet: whatever is wrong with a launch itself is thrown when it runs by itself.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            refused = failure.Message.ReplaceLineEndings(" ").Trim();
        }

        error = driver.EndCapture(stream.StreamPtr, out nint graph);
        if (refused.Length == 0 && error == CudaError.CUDA_SUCCESS)
        {
            error = driver.Instantiate(graph, out instance);
        }

        if (graph != 0)
        {
            _ = driver.DestroyGraph(graph);
        }

        if (refused.Length > 0 || error != CudaError.CUDA_SUCCESS)
        {
            instance = 0;
            device.StopRecording(refused.Length > 0 ? $"recording a launch failed: {refused}" : $"recording gave {error}");
        }
    }

    private void RunEach()
    {
        foreach (Launch launch in launches)
        {
            launch.Run();
        }
    }

    private void Free()
    {
        if (instance != 0 && !device.Accelerator.IsDisposed)
        {
            device.Accelerator.Bind();
            _ = driver.DestroyInstance(instance);
        }

        instance = 0;
    }
}
