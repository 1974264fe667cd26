namespace PacGen.Nn;

/// <summary>
/// One batch of images. It shows the loader's own memory, which is filled anew: use it, or copy it to a device, before the next
/// call of <see cref="BatchLoader.TryNext"/>, <see cref="BatchLoader.Start"/> or <see cref="BatchLoader.Dispose"/>.
/// </summary>
public readonly ref struct Batch
{
    internal Batch(int index, ReadOnlySpan<float> images, ReadOnlySpan<float> labels)
    {
        Index = index;
        Images = images;
        Labels = labels;
    }

    /// <summary>Which batch of the epoch it is, from 0.</summary>
    public int Index { get; }

    /// <summary>How many images it has: the batch size, or fewer in an epoch's last.</summary>
    public int Count => Labels.Length;

    /// <summary>The normalised images, NHWC; in memory that does not move (pinned).</summary>
    public ReadOnlySpan<float> Images { get; }

    /// <summary>Their classes, each as a float; in memory that does not move (pinned).</summary>
    public ReadOnlySpan<float> Labels { get; }
}
