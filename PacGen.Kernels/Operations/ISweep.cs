namespace PacGen.Kernels;

/// <summary>
/// A launch that passes over elements from the first to the last, in tasks that each take a range of them: several such can take
/// each range one after the other, while it is in a core's cache.
/// </summary>
internal interface ISweep
{
    /// <summary>How many elements it passes over.</summary>
    long Elements { get; }

    /// <summary>How many tasks it has.</summary>
    int Tasks { get; }

    /// <summary>The elements of each task but the last, which takes the rest; 0 where any number will do.</summary>
    long ElementsPerTask { get; }

    /// <summary>Takes a range: a task's, if the launch has tasks of its own.</summary>
    void RunRange(int task, long start, long end, int worker);
}
