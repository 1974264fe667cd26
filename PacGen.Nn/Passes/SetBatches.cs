using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The batches of a set in its order, pass after pass: kept as floats where the set fits into 64 MiB, else gathered anew by a
/// thread.
/// </summary>
/// <param name="set">The set.</param>
/// <param name="size">How many samples a batch.</param>
/// <param name="arena">Says which ranks share the passes.</param>
internal sealed class SetBatches(SampleSet set, int size, ParameterArena arena) : IDisposable
{
    private const long LargestKept = 1L << 24;
    private List<(float[] Images, float[] Labels)>? kept;
    private BatchLoader? loader;
    private bool inTurn;

    /// <summary>How many there are.</summary>
    public int Count => ((set.Count - 1) / size) + 1;

    /// <summary>How many samples a batch has.</summary>
    public int CountOf(int index) => Math.Min(size, set.Count - (index * size));

    /// <summary>Begins a pass.</summary>
    /// <param name="takesTurns">Whether ranks take the batches in turn: the others' hold anything then.</param>
    public void Begin(bool takesTurns) => inTurn = takesTurns;

    /// <summary>The next batch, or the one at which a run of batches begins.</summary>
    /// <param name="index">Which, one behind the last.</param>
    /// <param name="begins">Whether it is not one behind the last.</param>
    public Batch Next(int index, bool begins)
    {
        if (kept is null && loader is null)
        {
            Gather();
        }

        if (kept is not null)
        {
            (float[] images, float[] labels) = kept[index];
            return new Batch(index, CountOf(index), images, labels);
        }

        if (begins)
        {
            loader!.Start(0, index);
        }

        loader!.TryNext(out Batch batch);
        return batch;
    }

    /// <inheritdoc/>
    public void Dispose() => loader?.Dispose();

    private void Gather()
    {
        if ((long)set.Count * set.SampleSize > LargestKept)
        {
            Communicator ranks = arena.Parallel.Ranks;
            loader = BatchLoader.Shared(
                set, size, null, (index, count) => (0, inTurn && index % ranks.Size != ranks.Rank ? 0 : count));
            return;
        }

        using BatchLoader batches = BatchLoader.Sequential(set, size);
        kept = [];
        batches.Start(0);
        while (batches.TryNext(out Batch batch))
        {
            kept.Add((batch.Samples.ToArray(), batch.Targets.ToArray()));
        }
    }
}
