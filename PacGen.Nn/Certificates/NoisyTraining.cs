using System.Diagnostics;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Training of the centre w of the noise: each step's gradient of the cross-entropy is taken at w + u, u drawn anew; with a
/// prior, the gradient of its KL is added. After each epoch the noise may get new levels.
/// </summary>
internal sealed class NoisyTraining : IDisposable
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(100);
    private readonly ParameterArena arena;
    private readonly NoisyWeights noise;
    private readonly Module model;
    private readonly ulong seed;
    private readonly SecondMomentPass secondMoment;
    private readonly DeviceBuffer h, strength;
    private int number;

    /// <param name="model">The model.</param>
    /// <param name="arena">Its parameters, w.</param>
    /// <param name="noise">What makes w + u.</param>
    /// <param name="seed">The run's seed.</param>
    public NoisyTraining(Module model, ParameterArena arena, NoisyWeights noise, ulong seed)
    {
        (this.model, this.arena, this.noise, this.seed) = (model, arena, noise, seed);
        secondMoment = new SecondMomentPass(model, arena, Loss.CrossEntropy, int.MaxValue, int.MaxValue);
        try
        {
            h = arena.Device.Allocate(arena.Count);
            strength = arena.Device.Allocate(1);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The steps of all trainings so far.</summary>
    public long Steps { get; private set; }

    /// <summary>
    /// What keeps the trainings from now on; null for nothing. Only for plans without anchor, learnt σ, subspace or rounding,
    /// which are not kept.
    /// </summary>
    public KeptTrainings? Kept { get; set; }

    /// <summary>
    /// The diagonal of the cross-entropy's Hessian at w, estimated as B times the mean of the squared gradients of mini-batches
    /// of B images, whole ones in the images' order. Where the gradient of all images vanishes this is, in the mean over batches,
    /// that of single images: the diagonal of the empirical Fisher matrix.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="TrainingException">A gradient is not finite.</exception>
    public double[] Curvature(SampleSet images, int batchSize, CancellationToken cancellation)
    {
        using BatchLoader loader = BatchLoader.Sequential(images, batchSize);
        secondMoment.Run(arena.Weights, h, loader, images.Count / batchSize, cancellation);
        float[] squares = new Region(h).ToArray();
        return Array.TrueForAll(squares, float.IsFinite)
            ? Array.ConvertAll(squares, square => (double)batchSize * square)
            : throw new TrainingException("Certify: gradients at the trained weights are not finite: lower the learning rate.");
    }

    /// <summary>
    /// Trains; an optimizer that learns a posterior takes its gradients at samples of that, in place of the noise's.
    /// </summary>
    /// <param name="plan">What on, how long and how.</param>
    /// <param name="progress">Notified of the steps done, all steps, the mean loss of late and the time left.</param>
    /// <param name="cancellation">Stops before the next step.</param>
    /// <returns>The Hessian's diagonal that such an optimizer learnt; null of another.</returns>
    /// <exception cref="TrainingException">The loss or the gradient became NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public double[]? Run(TrainingPlan plan, Action<long, long, double, TimeSpan>? progress, CancellationToken cancellation)
    {
        Optimizer optimizer = plan.Optimizer.For(plan.Images.Count);
        bool isOwn = optimizer.LearnsPosterior;
        if (optimizer.ChoosesPoint && !isOwn)
        {
            throw new ArgumentException(
                $"Certify perturbs the weights itself: give it the rule without perturbation, not {plan.Optimizer}.");
        }

        number++;
        KeptTraining? kept = Kept?.Find(number, plan);
        if (kept?.Epochs == plan.Epochs)
        {
            Kept!.Load(number, arena, null);
            Steps = kept.Steps;
            return null;
        }

        DataParallel parallel = arena.Parallel;
        using TrainingPipeline pipeline = new(model, arena, optimizer, plan.Images, new PipelineOptions
        {
            Seed = seed,
            BatchSize = plan.BatchSize,
            Parts = parallel.Parts,
            Statistics = RunningStatistics.Reestimated,
            IsEvaluation = plan.IsFrozen,
            ForwardWeights = isOwn ? null : noise.Weights,
            BeforePass = isOwn ? null
                : plan.Rounded is { } rounded ? _ => noise.Weights.Write(0, rounded(arena.Save()))
                : step => noise.Draw(plan.Stream, (uint)step),
            AfterPass = plan.Subspace is { } subspace ? gradients => Project(gradients, subspace)
                : plan.Anchor is null ? null : gradients => Pull(gradients, plan),
        });
        using BatchLoader loader = BatchLoader.Shared(
            plan.Images, plan.BatchSize, plan.Seed, pipeline.OwnOf, plan.Augmentation);
        using StatisticsPass? statistics = pipeline.States is { } states
            ? new StatisticsPass(model, arena, plan.Images, Loss.CrossEntropy, plan.BatchSize / parallel.Parts, seed, states)
            : null;
        LearningRateSchedule schedule = LearningRateSchedule.Cosine(plan.Epochs);
        long total = (long)plan.Epochs * loader.BatchCount, step = 0, before = 0;
        long started = Stopwatch.GetTimestamp(), reported = started;
        double recent = 0;
        if (kept is not null)
        {
            Kept!.Load(number, arena, pipeline.Session);
            pipeline.Session.Counters = kept.Optimizer;
            pipeline.Steps = before = step = (long)kept.Epochs * loader.BatchCount;
            Steps = kept.Steps;
        }

        for (int epoch = 1 + (kept?.Epochs ?? 0); epoch <= plan.Epochs; epoch++)
        {
            if (epoch > 1)
            {
                statistics?.Run(step, cancellation);
            }

            if (!isOwn)
            {
                plan.BeforeEpoch(epoch);
            }

            strength.Write(0, [(float)(plan.AnchorStrength?.Invoke() ?? 1)]);

            loader.Start(epoch);
            while (loader.TryNext(out Batch batch))
            {
                parallel.ThrowIfCancelled(cancellation);
                double factor = schedule.Factor((double)step / loader.BatchCount);
                plan.Sigma?.Prepare(step, factor);
                pipeline.Submit(batch, epoch, plan.Optimizer.LearningRate * factor);
                TrainingStep done = pipeline.Complete();
                if (done.End != StepEnd.Done)
                {
                    throw new TrainingException(
                        $"Certify: the loss became {done.Loss} at step {step + 1} of {total}, or its gradient infinite: lower " +
                        $"the learning rate.");
                }

                step++;
                Steps++;
                recent = step == before + 1 ? done.Loss : (0.98 * recent) + (0.02 * done.Loss);
                if (progress is not null && Stopwatch.GetElapsedTime(reported) > ProgressInterval)
                {
                    reported = Stopwatch.GetTimestamp();
                    progress(step, total, recent, Stopwatch.GetElapsedTime(started) * ((double)(total - step) / (step - before)));
                }
            }

            if (epoch < plan.Epochs)
            {
                Kept?.Save(number, plan, new KeptTraining([], epoch, Steps, pipeline.Session.Counters), arena, pipeline.Session);
            }
        }

        statistics?.Run(step, cancellation);
        Kept?.Save(number, plan, new KeptTraining([], plan.Epochs, Steps, pipeline.Session.Counters), arena, null);
        return pipeline.Session.PosteriorPrecisions() is { } precisions ? Array.ConvertAll(precisions, p => (double)p) : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        secondMoment.Dispose();
        h?.Dispose();
        strength?.Dispose();
    }

    /// <summary>g ← its part along a subspace.</summary>
    private CompiledGraph Project(DeviceBuffer gradients, SignSubspace subspace)
    {
        Tensor g = Tensor.Input(new Shape(checked((int)arena.Count)), "g"), next = subspace.Project(g);
        return CompiledGraph.Compile(
            arena.Device, [next], new Dictionary<Tensor, Region> { [g] = new(gradients), [next] = new(gradients) });
    }

    /// <summary>g ← g + (w − w₀)·precision·strength; and a step of σ, where it is learnt.</summary>
    private CompiledGraph Pull(DeviceBuffer gradients, TrainingPlan plan)
    {
        Shape shape = new(checked((int)arena.Count));
        Tensor g = Tensor.Input(shape, "g"), w = Tensor.Input(shape, "w");
        Tensor factor = Tensor.Input(Shape.Scalar, "strength"), precision = Tensor.Constant(shape, plan.AnchorPrecision!);
        Tensor next = g + ((w - Tensor.Constant(shape, plan.Anchor!)) * precision * factor);
        Dictionary<Tensor, Region> bindings = new()
        {
            [g] = new(gradients),
            [w] = new(arena.Weights),
            [factor] = new(strength),
            [next] = new(gradients),
        };
        Tensor[] ofSigma = plan.Sigma?.Update(g, w, precision, factor, bindings) ?? [];
        return CompiledGraph.Compile(arena.Device, [next, .. ofSigma], bindings);
    }
}
