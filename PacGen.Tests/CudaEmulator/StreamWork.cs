namespace PacGen.Tests.CudaEmulator;

/// <summary>A piece of work on a stream or in a graph; null as an action where it is there to be waited for only.</summary>
internal sealed class StreamWork(Action? action, IEnumerable<StreamWork> after)
{
    private StreamWork[] after = [.. after.Where(work => !work.IsDone).Distinct()];

    public bool IsDone { get; private set; }

    /// <summary>When it was done, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long DoneAt { get; private set; }

    /// <summary>What has to be done before.</summary>
    public IReadOnlyList<StreamWork> After => after;

    public bool IsReady => !IsDone && Array.TrueForAll(after, work => work.IsDone);

    public void Run()
    {
        if (!IsReady)
        {
            throw new InvalidOperationException("Work runs once, behind what it waits for.");
        }

        try
        {
            action?.Invoke();
        }
        finally
        {
            DoneAt = System.Diagnostics.Stopwatch.GetTimestamp();
            IsDone = true;
            after = [];
        }
    }

    /// <summary>Counts as done, and is not: the device has failed.</summary>
    public void Drop()
    {
        IsDone = true;
        after = [];
    }

    /// <summary>The same work to be done once more: a node of a graph that is launched again.</summary>
    public StreamWork Again(IEnumerable<StreamWork> behind) => new(action, behind);
}
