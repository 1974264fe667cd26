namespace PacGen.Kernels.Devices;

/// <summary>Launches that run one after the other, and the memory between them.</summary>
/// <param name="between">Memory that the launches hand each other; kept alive and disposed with them.</param>
/// <param name="launches">The launches.</param>
internal sealed class LaunchSequence(Buffer[] between, params Launch[] launches) : Launch
{
    /// <inheritdoc/>
    public override void Run()
    {
        foreach (Launch launch in launches)
        {
            launch.Run();
        }

        GC.KeepAlive(between);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Array.ForEach(launches, launch => launch.Dispose());
            Array.ForEach(between, buffer => buffer?.Dispose());
        }

        base.Dispose(disposing);
    }
}
