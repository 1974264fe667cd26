using PacGen.Core.Bounds;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Passes over sets of images in evaluation mode at the weights w: mean loss, accuracy, outputs, losses in [0, 1].
/// </summary>
internal sealed class EvaluationPass : IDisposable
{
    private const int Batch = 250;
    private readonly int most;
    private readonly SampleForm form;

    /// <param name="model">The model.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="images">Images of the size that comes.</param>
    /// <param name="loss">The loss of a batch.</param>
    /// <param name="most">The most images that are passed at once.</param>
    public EvaluationPass(Module model, ParameterArena arena, SampleSet images, Func<Tensor, Tensor, Tensor> loss, int most)
    {
        (this.most, form) = (Math.Min(most, Batch), images.Form);
        Graph = new BatchGraph(model, arena, arena.Weights, null, loss, images.Form, null);
    }

    /// <summary>The pass's graph.</summary>
    public BatchGraph Graph { get; }

    /// <summary>How many images of a set are passed at once.</summary>
    public int BatchOf(SampleSet set) => Math.Min(most, set.Count);

    /// <summary>The mean loss and some metrics on a set.</summary>
    /// <param name="set">The samples.</param>
    /// <param name="metrics">The metrics.</param>
    /// <param name="failure">Makes the error where a batch's loss is not finite, from that loss and from where it began.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">A metric says nothing about these targets.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Evaluation Evaluate(
        SampleSet set, IReadOnlyList<Metric> metrics, Func<float, NonFiniteOrigin?, Exception> failure,
        CancellationToken cancellation)
    {
        Require(set, scores: true);
        Metric.RequireNames(metrics);
        double loss = 0;
        int size = SizeOf(set), width = set.Target.Width;
        MetricTally[] tallies = [.. metrics.Select(metric => metric.Start(set.Target, size))];
        Normalization? scale = ScaleOf(set, size);
        float[] target = new float[width];
        Run(
            set,
            tallies.Length > 0,
            (index, count, mean, outputs, targets) =>
            {
                if (!float.IsFinite(mean))
                {
                    throw failure(mean, Find(set, index));
                }

                loss += (double)mean * count;
                for (int i = 0; i < count && tallies.Length > 0; i++)
                {
                    Span<float> output = outputs.Slice(i * size, size);
                    targets.Slice(i * width, width).CopyTo(target);
                    scale?.Undo(output, output);
                    scale?.Undo(target, target);
                    foreach (MetricTally tally in tallies)
                    {
                        tally.Add(output, target);
                    }
                }
            },
            cancellation);
        Dictionary<string, double> values = [];
        for (int i = 0; i < tallies.Length; i++)
        {
            values[metrics[i].Name] = tallies[i].Value;
        }

        return new Evaluation(loss / set.Count, values);
    }

    /// <summary>The model's outputs for a set, (N, …) in row-major order; values in their own units.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public float[] Predict(SampleSet set, CancellationToken cancellation = default)
    {
        List<float> all = [];
        Run(
            set,
            true,
            (_, count, _, outputs, _) =>
            {
                ScaleOf(set, outputs.Length / count)?.Undo(outputs, outputs);
                all.AddRange(outputs);
            },
            cancellation);
        return [.. all];
    }

    /// <summary>The 0-1 loss and the bounded cross-entropy of a classifier on a set, one look at each image.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public GibbsLosses Losses(SampleSet set, BoundedCrossEntropy bounded, CancellationToken cancellation)
    {
        double zeroOne = 0, crossEntropy = 0;
        Run(
            set,
            true,
            (_, _, _, outputs, targets) => ClassLoss.Add(outputs, targets, bounded, ref zeroOne, ref crossEntropy),
            cancellation);
        return new GibbsLosses(zeroOne / set.Count, crossEntropy / set.Count, set.Count);
    }

    /// <summary>Whether a classifier is wrong, sample by sample.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public bool[] Wrong(SampleSet set, BoundedCrossEntropy bounded, CancellationToken cancellation)
    {
        List<bool> wrong = [];
        Run(
            set,
            true,
            (_, count, _, outputs, targets) =>
            {
                int classes = outputs.Length / count;
                for (int i = 0; i < count; i++)
                {
                    wrong.Add(ClassLoss.Of(outputs.Slice(i * classes, classes), (int)targets[i], bounded).ZeroOne > 0);
                }
            },
            cancellation);
        return [.. wrong];
    }

    /// <inheritdoc/>
    public void Dispose() => Graph.Dispose();

    /// <summary>How the values that a network gives were standardised; null where its outputs are something else.</summary>
    private static Normalization? ScaleOf(SampleSet set, int outputs) =>
        set.Target.Scale is { } scale && scale.Channels == outputs ? scale : null;

    /// <summary>Refuses samples of another form than the graph's, whose numbers would lie elsewhere than it reads them.</summary>
    /// <param name="set">The samples.</param>
    /// <param name="scores">Whether their targets are looked at, too.</param>
    /// <exception cref="ArgumentException">They are of another form.</exception>
    public void Require(SampleSet set, bool scores)
    {
        if (set.SampleShape != form.Shape || set.Target.Width != form.Target.Width
            || (scores && set.Target.Kind != form.Target.Kind))
        {
            throw new ArgumentException(
                $"The samples are {set}, but the passes were made for samples of {form.Shape} with {form.Target}.", nameof(set));
        }
    }

    /// <summary>How many numbers the output has a sample.</summary>
    private int SizeOf(SampleSet set) => checked((int)(Graph.For(BatchOf(set)).Output.Count / BatchOf(set)));

    /// <summary>Where a batch of a set first has a number that is not finite.</summary>
    private NonFiniteOrigin? Find(SampleSet set, int index)
    {
        using BatchLoader loader = BatchLoader.Sequential(set, BatchOf(set));
        loader.Start(0, index);
        loader.TryNext(out Batch batch);
        Graph.Run(batch.Samples, batch.Targets);
        return NonFiniteSearch.Find(Graph, batch.Samples, batch.Targets, 0);
    }

    /// <summary>
    /// Passes a set: the ranks take its batches in turn, and all look at what came of each in the set's order.
    /// </summary>
    private void Run(SampleSet set, bool wantsOutputs, EachBatch each, CancellationToken cancellation = default)
    {
        Require(set, scores: false);
        DataParallel parallel = Graph.Arena.Parallel;
        Communicator ranks = parallel.Ranks;
        int batch = BatchOf(set), size = wantsOutputs ? SizeOf(set) : 0, width = set.Target.Width;
        int targets = 1 + (batch * size), room = targets + (batch * width);
        float[] own = new float[room], all = new float[room * ranks.Size];
        using BatchLoader loader = BatchLoader.Shared(
            set, batch, null, (index, count) => (0, index % ranks.Size == ranks.Rank ? count : 0));
        loader.Start(0);
        for (int first = 0; first < loader.BatchCount; first += ranks.Size)
        {
            parallel.ThrowIfCancelled(cancellation);
            for (int rank = 0; rank < ranks.Size && loader.TryNext(out Batch next); rank++)
            {
                if (rank == ranks.Rank)
                {
                    Graph.Run(next.Samples, next.Targets);
                    own[0] = Graph.Loss();
                    Graph.Output(own.AsSpan(1, next.Count * size));
                    next.Targets.CopyTo(own.AsSpan(targets));
                }
            }

            ranks.Gather<float>(own, all);
            for (int rank = 0; rank < ranks.Size && first + rank < loader.BatchCount; rank++)
            {
                int count = Math.Min(batch, set.Count - ((first + rank) * batch));
                Span<float> part = all.AsSpan(rank * room, room);
                each(first + rank, count, part[0], part.Slice(1, count * size), part.Slice(targets, count * width));
            }
        }
    }

    /// <summary>
    /// Sees a batch: which, of how many samples, its mean loss, its outputs where they are wanted, its targets.
    /// </summary>
    private delegate void EachBatch(
        int index, int count, float loss, Span<float> outputs, ReadOnlySpan<float> targets);
}
