using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// Sweeps over the same elements as one: a task takes its range of each in turn. What a later one reads of an earlier one's
/// output, or of the same input, is in the cache still, and the workers are woken once.
/// </summary>
internal sealed class SweepLaunch : CpuLaunch
{
    private readonly ISweep[] sweeps;
    private readonly Launch[] launches;
    private readonly long share;

    private SweepLaunch(CpuDevice device, Launch[] launches, ISweep[] sweeps, ISweep cut)
        : base(device)
    {
        this.launches = launches;
        this.sweeps = sweeps;
        share = cut.ElementsPerTask;
        Tasks = cut.Tasks;
    }

    public override int Tasks { get; }

    /// <summary>Some launches as one sweep, or null where they don't take the same ranges.</summary>
    public static SweepLaunch? TryCreate(CpuDevice device, IReadOnlyList<Launch> launches)
    {
        ISweep[] sweeps = [.. launches.OfType<ISweep>()];
        if (sweeps.Length < launches.Count || launches.Count == 0)
        {
            return null;
        }

        return sweeps.MaxBy(sweep => sweep.ElementsPerTask) is { ElementsPerTask: > 0 } cut && Array.TrueForAll(
            sweeps,
            sweep => sweep.Elements == cut.Elements
                && (sweep.ElementsPerTask == 0 || (sweep.ElementsPerTask, sweep.Tasks) == (cut.ElementsPerTask, cut.Tasks)))
            ? new SweepLaunch(device, [.. launches], sweeps, cut) : null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        long start = task * share, end = task == Tasks - 1 ? sweeps[0].Elements : start + share;
        foreach (ISweep sweep in sweeps)
        {
            sweep.RunRange(task, start, end, worker);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Array.ForEach(launches, launch => launch.Dispose());
        }

        base.Dispose(disposing);
    }
}
