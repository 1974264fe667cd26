using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Estimates a model's running statistics anew at the present weights w: the average of the batches' statistics over one pass in
/// training mode, in an order of its own that does not depend on the step; in parts by <see cref="ParameterArena.Parallel"/>.
/// </summary>
internal sealed class StatisticsPass : IDisposable
{
    /// <summary>What helps where a batch's mean or variance doesn't fit single precision.</summary>
    public const string Advice =
        "lower the learning rate, or start from smaller weights, so that the mean and the variance of a " +
        "layer's inputs fit single precision";

    private readonly SampleSet images;
    private readonly int batchSize;
    private readonly ulong seed;
    private readonly StateUpdate states;

    /// <param name="model">The model; it has state.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="images">What is passed.</param>
    /// <param name="loss">The loss of a batch.</param>
    /// <param name="batchSize">Images at once.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="states">The copy of the state that the pass moves.</param>
    public StatisticsPass(
        Module model, ParameterArena arena, SampleSet images, Func<Tensor, Tensor, Tensor> loss, int batchSize, ulong seed,
        StateUpdate states)
    {
        (this.images, this.batchSize, this.seed, this.states) = (images, batchSize, seed, states);
        Graph = new BatchGraph(
            model, arena, arena.Weights, null, loss, images.Form, seed,
            RunningStatistics.Reestimated, states: states);
    }

    /// <summary>The pass's graph.</summary>
    public BatchGraph Graph { get; }

    /// <summary>The step at whose weights the statistics were last estimated; -1 for none.</summary>
    public long Step { get; set; } = -1;

    /// <summary>Estimates the statistics.</summary>
    /// <param name="step">The steps that are in the weights.</param>
    /// <param name="cancellation">Stops between two batches; the statistics are then as they were.</param>
    /// <exception cref="TrainingException">A statistic would become NaN or infinite; all are as they were.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Run(long step, CancellationToken cancellation)
    {
        using BatchLoader loader = BatchLoader.Shuffled(images, batchSize, seed, dropLast: true);
        Region[] moved = [.. Graph.For(batchSize).States.Select(states.Of)];
        states.Begin();
        TreeSum<float> sums = new(checked((int)moved.Sum(region => region.Count)));
        Span<float> mean = sums.Run(
            Graph.Arena.Parallel,
            loader.BatchCount,
            (index, place, sum) =>
            {
                if (place == 0)
                {
                    Write(moved, sum);
                    loader.Start(0, index);
                }

                loader.TryNext(out Batch batch);
                Graph.Run(batch.Samples, batch.Targets, index, 1.0 / (place + 1));
            },
            (batches, sum) =>
            {
                if (batches > 0)
                {
                    // The mean over the part's batches, in its share.
                    Read(moved, sum, (float)((double)batches / loader.BatchCount));
                }
            },
            cancellation);
        Write(moved, mean);
        if (!states.IsFinite())
        {
            (StateTensor state, float value) = states.FirstNonFinite()!.Value;
            throw new TrainingException(
                $"The running statistics at the weights after step {step} would not be finite, {state.Name} {value}: " +
                    $"{Advice}. The statistics are as they were.")
            {
                Step = step,
                Layer = NonFiniteOrigin.ModuleOf(state.Name),
            };
        }

        states.Keep();
        Step = step;
    }

    /// <inheritdoc/>
    public void Dispose() => Graph.Dispose();

    private static void Write(Region[] regions, ReadOnlySpan<float> values)
    {
        foreach (Region region in regions)
        {
            region.Write(values[..(int)region.Count]);
            values = values[(int)region.Count..];
        }
    }

    private static void Read(Region[] regions, Span<float> values, float share)
    {
        foreach (Region region in regions)
        {
            Span<float> some = values[..(int)region.Count];
            region.Read(some);
            foreach (ref float value in some)
            {
                value *= share;
            }

            values = values[some.Length..];
        }
    }
}
