using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Runs training steps: perturb, pass a batch, update. A step is submitted and completed later; up to <see cref="Depth"/> may be
/// in flight, which is 1 where the device is waited for.
/// </summary>
/// <example>
/// <code>
/// using TrainingPipeline pipeline = new(model, arena, new Adam(1e-3), data.Train);
/// while (loader.TryNext(out Batch batch))
/// {
///     pipeline.Submit(batch, epoch, rate: 1e-3);
///     CompleteTo(pipeline.Depth - 1);
/// }
///
/// CompleteTo(0);
///
/// void CompleteTo(int most)
/// {
///     while (pipeline.InFlight &gt; most)
///     {
///         TrainingStep step = pipeline.Complete();
///         if (step.End != StepEnd.Done) { throw new InvalidOperationException($"{step}"); }
///     }
/// }
/// </code>
/// </example>
public sealed class TrainingPipeline : IDisposable
{
    private readonly ParameterArena arena;
    private readonly PipelineOptions options;
    private readonly Queue<TrainingStep> inFlight = new();
    private readonly GradientSum? accumulation;
    private readonly OverlappedSum? ranksSum;
    private readonly DataParallel parallel;
    private readonly CompiledGraph? afterPass;
    private readonly Launch? keepStates, loadStates;
    private readonly Dictionary<Region, Launch> keepLoss = [];
    private readonly int width;

    /// <summary>Prepares steps; graphs are compiled for each size of batch when it first comes.</summary>
    /// <param name="model">What is trained.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="optimizer">How the weights are updated.</param>
    /// <param name="images">Samples of the shape that is trained on.</param>
    /// <param name="options">Everything else; defaults without it.</param>
    public TrainingPipeline(
        Module model, ParameterArena arena, Optimizer optimizer, SampleSet images, PipelineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(images);
        this.options = options ??= new PipelineOptions();
        options.Validate();
        this.arena = arena;
        parallel = new DataParallel(options.Parts, arena.Parallel.Ranks);
        width = images.Target.Width;
        try
        {
            Gradients = arena.Device.Allocate(arena.Count, "the gradients");
            Session = optimizer.Attach(arena, Gradients, options.Seed, options.SecondMomentBeta);
            afterPass = options.AfterPass?.Invoke(Gradients);
            if (!options.IsEvaluation && options.Statistics != RunningStatistics.Kept && arena.States.Count > 0)
            {
                Session.States = States = new StateUpdate(arena);
            }

            if (options.Parts > 1)
            {
                // Behind the gradient stand the model's state as the part moved it, and the part's loss.
                long states = States?.Next.Count ?? 0;
                accumulation = new GradientSum(Gradients, parallel.Own, states + 1);
                if (States is not null)
                {
                    Shape shape = new(checked((int)states));
                    Region moved = accumulation.More.Slice(0, states);
                    keepStates = arena.Device.Bind(FusedMap.BroadcastTo(shape), [shape], [States.Next], moved);
                    loadStates = arena.Device.Bind(FusedMap.BroadcastTo(shape), [shape], [moved], States.Next);
                }

                if (parallel.Ranks.Size > 1)
                {
                    ranksSum = new OverlappedSum(arena, accumulation, parallel.Ranks, options.OverlapSums, KeepRest);
                }
            }

            if (options.Average is { } how)
            {
                Average = new AveragedWeights(arena, how);
                Session.Average = how.IsOfSteps ? Average : null;
            }

            Graph = new BatchGraph(
                model, arena, options.ForwardWeights ?? Session.ForwardWeights, accumulation?.Part ?? Gradients, options.Loss
                    ?? Loss.Of(images.Target),
                images.Form, options.IsEvaluation ? null : options.Seed, options.Statistics, states: States,
                precision: options.Precision);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The steps that were completed.</summary>
    public long Steps { get; internal set; }

    /// <summary>The steps that were submitted and not yet completed.</summary>
    public int InFlight => inFlight.Count;

    /// <summary>How many steps may be in flight.</summary>
    public int Depth => Session.Depth;

    /// <summary>The gradients, in the arena's layout.</summary>
    public DeviceBuffer Gradients { get; }

    /// <summary>The optimizer at work.</summary>
    public OptimizerSession Session { get; }

    /// <summary>The pass: loss and gradients.</summary>
    internal BatchGraph Graph { get; }

    /// <summary>The copy of the model's state that a pass moves; null where it moves none.</summary>
    internal StateUpdate? States { get; }

    /// <summary>The average of the weights; null where none is kept.</summary>
    internal AveragedWeights? Average { get; }

    /// <summary>The memory that gradients of parts take, in bytes.</summary>
    internal long AccumulationBytes => accumulation?.Bytes ?? 0;

    /// <summary>Submits a step. It allocates nothing managed.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <param name="rate">The learning rate.</param>
    /// <exception cref="InvalidOperationException"><see cref="Depth"/> steps are in flight.</exception>
    public void Submit(in Batch batch, int epoch, double rate) => Submit(batch.Samples, batch.Targets, epoch, batch.Index, rate);

    /// <summary>Submits a step on samples of one's own.</summary>
    /// <param name="images">The samples of the batch, one behind the other.</param>
    /// <param name="labels">Their targets.</param>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <param name="index">Which batch of the epoch, from 0.</param>
    /// <param name="rate">The learning rate.</param>
    /// <exception cref="InvalidOperationException"><see cref="Depth"/> steps are in flight.</exception>
    public void Submit(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, int epoch, int index, double rate)
    {
        int batch = Graph.CountOf(labels);
        if (labels.IsEmpty || batch * width != labels.Length || images.Length % batch != 0)
        {
            throw new ArgumentException($"{images.Length} numbers are no samples for {labels.Length} targets.", nameof(labels));
        }

        long step = Steps + inFlight.Count;

        // A limit that no norm exceeds: the gradient is looked at before it changes anything.
        Session.Begin(epoch, rate, options.ClipNorm ?? double.PositiveInfinity);
        Average?.Begin(epoch);
        inFlight.Enqueue(new TrainingStep(epoch, index, batch, rate));
        if (accumulation is null && options.BeforePass is null && afterPass is null
            && Graph.TryRunStep(images, labels, step, Session))
        {
            return;
        }

        options.BeforePass?.Invoke(step);
        Session.Perturb(epoch);
        bool isFinite;
        do
        {
            if (accumulation is null)
            {
                RunPart(images, labels, 0, step);
                isFinite = Session.Observe(Graph.LossRegion, 1, first: true);
            }
            else
            {
                RunParts(images, labels, step);
                isFinite = Session.Observe(BatchLoss, 1, first: true);
            }
        }
        while (isFinite && Session.TryNextPoint());

        afterPass?.Run();
        Session.Submit();
    }

    /// <summary>
    /// Waits for the oldest step in flight. Where it did not end well, it changed nothing but what <see cref="StepEnd"/> says,
    /// and those behind it changed nothing and are forgotten.
    /// </summary>
    /// <returns>What became of the step.</returns>
    /// <exception cref="InvalidOperationException">No step is in flight.</exception>
    public TrainingStep Complete()
    {
        TrainingStep step = inFlight.Dequeue();
        StepOutcome outcome = Session.Complete();
        if (outcome.End == StepEnd.Done)
        {
            Steps++;
            Average?.Took(step.Epoch);
        }
        else
        {
            inFlight.Clear();
            Average?.Forget();
        }

        return step with { Loss = (float)outcome.Loss, End = outcome.End };
    }

    /// <summary>
    /// Where the time of a pass goes: the launches of loss and gradients on a batch, each with its shortest time.
    /// </summary>
    /// <param name="images">The samples of the batch, one behind the other.</param>
    /// <param name="labels">Their targets.</param>
    /// <param name="runs">How often the pass is run.</param>
    public IReadOnlyList<LaunchTime> Profile(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, int runs = 10)
    {
        Graph.Run(images, labels);
        return Graph.For(Graph.CountOf(labels)).Graph.Profile(runs);
    }

    /// <summary>The memory of a pass over a batch between its inputs and its outputs, in bytes.</summary>
    /// <param name="batch">How many samples.</param>
    public long IntermediateBytes(int batch) => Graph.For(batch).Graph.IntermediateBytes;

    /// <summary>Ends an epoch, where an average of the weights at the ends of epochs is kept.</summary>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <exception cref="InvalidOperationException">Steps are in flight.</exception>
    public void EndEpoch(int epoch)
    {
        if (InFlight > 0)
        {
            throw new InvalidOperationException($"{InFlight} steps are in flight: complete them first.");
        }

        Average?.EndEpoch(epoch);
    }

    /// <summary>The weights to evaluate: the average where one is kept and has begun, else w.</summary>
    public DeviceBuffer EvaluatedWeights => Average?.Evaluated ?? arena.Weights;

    /// <summary>Forgets the steps in flight: what is in the weights is then uncertain.</summary>
    /// <returns>Whether there were any.</returns>
    internal bool Forget()
    {
        bool any = inFlight.Count > 0;
        inFlight.Clear();
        Average?.Forget();
        return any;
    }

    /// <summary>Where the loss of a batch in parts is.</summary>
    private Region BatchLoss => accumulation!.More.Slice(accumulation.More.Count - 1, 1);

    /// <summary>
    /// Passes the parts of this rank, and sums over all: then every rank has the batch's gradient, state and loss.
    /// </summary>
    private void RunParts(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, long step)
    {
        int batch = Graph.CountOf(labels), first = parallel.First, end = first;
        while (end < first + parallel.Own && PartOf(batch, end).Count > 0)
        {
            end++;
        }

        for (int part = first; part < end; part++)
        {
            bool last = part == end - 1;
            int count = PartOf(batch, part).Count;
            double portion = (double)count / batch;
            Action<int>? after = last ? ranksSum?.Begin(Graph.For(count), part - first, portion) : null;
            RunPart(images, labels, part, step, after);
            if (after is null)
            {
                accumulation!.Add(portion, part - first, last);
            }
        }

        if (end == first)
        {
            // A smaller last batch has fewer parts.
            accumulation!.Clear();
        }

        ranksSum?.Finish();
        accumulation!.Spread();
        loadStates?.Run();
    }

    /// <summary>The samples of a batch that this rank passes.</summary>
    internal (int Start, int Count) OwnOf(int index, int batch)
    {
        int size = options.PartSize == 0 ? batch : options.PartSize, start = Math.Min(parallel.First * size, batch);
        return (start, Math.Min(parallel.Own * size, batch - start));
    }

    /// <summary>The images of a part of a batch; none behind its last.</summary>
    internal (int Start, int Count) PartOf(int batch, int part)
    {
        int size = options.PartSize == 0 ? batch : options.PartSize, start = part * size;
        return (start, Math.Min(size, batch - start));
    }

    /// <summary>Adds a part's gradient to the batch's, where it is passed in parts, all by this process.</summary>
    internal void Add(int batch, int part)
    {
        if (accumulation is not null)
        {
            bool last = PartOf(batch, part + 1).Count <= 0;
            accumulation.Add((double)PartOf(batch, part).Count / batch, part, last);
            if (last)
            {
                accumulation.Spread();
            }
        }
    }

    /// <summary>
    /// Passes a part of a batch; each has a step number of its own, for dropout, and moves the model's state as it was before the
    /// step.
    /// </summary>
    /// <param name="images">The batch's samples.</param>
    /// <param name="labels">Their targets.</param>
    /// <param name="part">Which part.</param>
    /// <param name="step">The step.</param>
    /// <param name="after">Called after each launch, where it keeps the part's loss and state itself; null for neither.</param>
    internal void RunPart(
        ReadOnlySpan<float> images, ReadOnlySpan<float> labels, int part, long step, Action<int>? after = null)
    {
        (int start, int count) = PartOf(Graph.CountOf(labels), part);
        int size = images.Length / Graph.CountOf(labels);
        if (part > 0)
        {
            States?.Begin();
        }

        Graph.Run(
            images.Slice(start * size, count * size), labels.Slice(start * width, count * width), (step * options.Parts) + part,
            after: after);
        if (accumulation is not null && after is null)
        {
            KeepRest();
        }
    }

    /// <summary>Brings the part's loss and moved state behind its gradient.</summary>
    private void KeepRest()
    {
        if (!keepLoss.TryGetValue(Graph.LossRegion, out Launch? keep))
        {
            Shape one = new(1);
            keepLoss[Graph.LossRegion] = keep =
                arena.Device.Bind(FusedMap.BroadcastTo(one), [one], [Graph.LossRegion], BatchLoss);
        }

        keep.Run();
        keepStates?.Run();
    }

    /// <summary>Where a part of a batch first has a number that is not finite, or null.</summary>
    internal NonFiniteOrigin? FindNonFinite(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, int part, long step)
    {
        (int start, int count) = PartOf(Graph.CountOf(labels), part);
        int size = images.Length / Graph.CountOf(labels);
        return NonFiniteSearch.Find(
            Graph, images.Slice(start * size, count * size), labels.Slice(start * width, count * width),
            (step * options.Parts) + part);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Graph?.Dispose();
        afterPass?.Dispose();
        keepStates?.Dispose();
        loadStates?.Dispose();
        foreach (Launch keep in keepLoss.Values)
        {
            keep.Dispose();
        }

        ranksSum?.Dispose();
        accumulation?.Dispose();
        Session?.Dispose();
        States?.Dispose();
        Average?.Dispose();
        Gradients?.Dispose();
    }
}
