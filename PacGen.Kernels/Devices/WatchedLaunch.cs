namespace PacGen.Kernels;

/// <summary>Launches of a GPU, of which what the driver refuses is said for people.</summary>
internal sealed class WatchedLaunch(GpuDevice device, Launch launch) : Launch
{
    /// <summary>The launch.</summary>
    public Launch Watched => launch;

    /// <inheritdoc/>
    public override bool MayBeRecorded => launch.MayBeRecorded;

    /// <inheritdoc/>
    public override void Run()
    {
        try
        {
            launch.Run();
        }
        catch (Exception failure) when (GpuDevice.IsDriverFailure(failure))
        {
            throw device.Failed("kernels were launched", failure);
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
