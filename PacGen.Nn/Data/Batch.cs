namespace PacGen.Nn;

/// <summary>
/// One batch of samples. It shows the loader's own memory, which is filled anew: use it, or copy it to a device, before the next
/// call of <see cref="BatchLoader.TryNext"/>, <see cref="BatchLoader.Start"/> or <see cref="BatchLoader.Dispose"/>.
/// </summary>
public readonly ref struct Batch
{
    internal Batch(int index, int count, ReadOnlySpan<float> samples, ReadOnlySpan<float> targets)
    {
        Index = index;
        Count = count;
        Samples = samples;
        Targets = targets;
    }

    /// <summary>Which batch of the epoch it is, from 0.</summary>
    public int Index { get; }

    /// <summary>How many samples it has: the batch size, or fewer in an epoch's last.</summary>
    public int Count { get; }

    /// <summary>The normalised samples, one behind the other, images NHWC; in memory that does not move (pinned).</summary>
    public ReadOnlySpan<float> Samples { get; }

    /// <summary>
    /// Their targets, <see cref="TargetForm.Width"/> numbers each, a class as its number; in memory that does not move (pinned).
    /// </summary>
    public ReadOnlySpan<float> Targets { get; }
}
