namespace PacGen.Kernels;

/// <summary>Launches that run one after the other, and the memory between them.</summary>
/// <param name="between">Memory that the launches hand each other; kept alive and disposed with them.</param>
/// <param name="launches">The launches.</param>
internal sealed class LaunchSequence(DeviceBuffer[] between, params Launch[] launches) : Launch
{
    /// <inheritdoc/>
    public override bool MayBeRecorded => Array.TrueForAll(launches, launch => launch.MayBeRecorded);

    /// <summary>
    /// Some launches in their order, as one: those in a row that may be recorded are handed over to be made one, if there are
    /// several.
    /// </summary>
    public static Launch Of(IReadOnlyList<Launch> launches, Func<Launch[], Launch> record)
    {
        List<Launch> parts = [];
        List<Launch> run = [];
        foreach (Launch launch in launches)
        {
            if (launch.MayBeRecorded)
            {
                run.Add(launch);
                continue;
            }

            EndRun();
            parts.Add(launch);
        }

        EndRun();
        return parts.Count == 1 ? parts[0] : new LaunchSequence([], [.. parts]);

        void EndRun()
        {
            if (run.Count > 0)
            {
                parts.Add(run.Count == 1 ? run[0] : record([.. run]));
                run.Clear();
            }
        }
    }

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
