using PacGen.Core.Bounds;

namespace PacGen.Nn;

/// <summary>
/// Passes over sets of images in evaluation mode at the weights w: mean loss, accuracy, outputs, losses in [0, 1].
/// </summary>
internal sealed class EvaluationPass : IDisposable
{
    private const int Batch = 250;
    private readonly int most;
    private float[] outputs = [];

    /// <param name="model">The model.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="images">Images of the size that comes.</param>
    /// <param name="loss">The loss of a batch.</param>
    /// <param name="most">The most images that are passed at once.</param>
    public EvaluationPass(Module model, ParameterArena arena, SampleSet images, Func<Tensor, Tensor, Tensor> loss, int most)
    {
        this.most = Math.Min(most, Batch);
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
        double loss = 0;
        int size = checked((int)(Graph.For(BatchOf(set)).Output.Count / BatchOf(set))), width = set.Target.Width;
        MetricTally[] tallies = [.. metrics.Select(metric => metric.Start(set.Target, size))];
        Normalization? scale = ScaleOf(set, size);
        float[] target = new float[width];
        Run(set, batch =>
        {
            float mean = Graph.Loss();
            if (!float.IsFinite(mean))
            {
                throw failure(mean, NonFiniteSearch.Find(Graph, batch.Samples, batch.Targets, 0));
            }

            loss += (double)mean * batch.Count;
            if (tallies.Length == 0)
            {
                return;
            }

            outputs = outputs.Length < batch.Count * size ? new float[batch.Count * size] : outputs;
            Graph.Output(outputs.AsSpan(0, batch.Count * size));
            for (int i = 0; i < batch.Count; i++)
            {
                Span<float> output = outputs.AsSpan(i * size, size);
                batch.Targets.Slice(i * width, width).CopyTo(target);
                scale?.Undo(output, output);
                scale?.Undo(target, target);
                foreach (MetricTally tally in tallies)
                {
                    tally.Add(output, target);
                }
            }
        }, cancellation);
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
            batch =>
            {
                float[] some = new float[Graph.For(batch.Count).Output.Count];
                Graph.Output(some);
                ScaleOf(set, some.Length / batch.Count)?.Undo(some, some);
                all.AddRange(some);
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
            set, batch => Graph.AddLosses(batch.Targets, bounded, ref outputs, ref zeroOne, ref crossEntropy), cancellation);
        return new GibbsLosses(zeroOne / set.Count, crossEntropy / set.Count, set.Count);
    }

    /// <summary>Whether a classifier is wrong, sample by sample.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public bool[] Wrong(SampleSet set, BoundedCrossEntropy bounded, CancellationToken cancellation)
    {
        List<bool> wrong = [];
        float[] some = [];
        Run(
            set,
            batch =>
            {
                int classes = Graph.Classes;
                Array.Resize(ref some, checked((int)Graph.For(batch.Count).Output.Count));
                Graph.Output(some);
                for (int i = 0; i < batch.Count; i++)
                {
                    wrong.Add(ClassLoss.Of(some.AsSpan(i * classes, classes), (int)batch.Targets[i], bounded).ZeroOne > 0);
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

    private void Run(SampleSet set, Action<Batch> each, CancellationToken cancellation = default)
    {
        using BatchLoader loader = BatchLoader.Sequential(set, BatchOf(set));
        loader.Start(0);
        while (loader.TryNext(out Batch batch))
        {
            cancellation.ThrowIfCancellationRequested();
            Graph.Run(batch.Samples, batch.Targets);
            each(batch);
        }
    }
}
