using System.Diagnostics;
using PacGen.Core.Lanes;
using PacGen.Kernels.Devices;
using PacGen.Nn.Checkpoints;
using PacGen.Nn.Data;
using Buffer = PacGen.Kernels.Devices.Buffer;

namespace PacGen.Nn;

/// <summary>
/// Trains a model on a data set and says after each epoch how it does. Only the training pass sees the optimizer's
/// perturbation; evaluation and score use the weights w themselves, and running statistics as <see cref="RunningStatistics"/> says.
/// </summary>
public sealed partial class Trainer : IDisposable
{
    private const int EvaluationBatch = 250;
    private const int EventsOfAnEpoch = 50;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(100);
    private readonly Module model;
    private readonly Dataset data;
    private readonly Optimizer optimizer;
    private readonly TrainingOptions options;
    private readonly Buffer gradients;
    private readonly OptimizerSession session;
    private readonly BatchGraph training;
    private readonly BatchGraph evaluation;
    private readonly BatchGraph? estimation;
    private readonly GradientSum? accumulation;
    private readonly StateUpdate? states;
    private readonly RunningStatistics statistics;
    private readonly List<EpochResult> results = [];
    private readonly Queue<StepUnderWay> underWay = new();
    private readonly RunRecorder recorder;
    private long statisticsOf = -1;
    private float[] outputs = [];

    /// <summary>Prepares a run: makes the model's parameters on the device and draws their first values.</summary>
    /// <param name="model">What to train.</param>
    /// <param name="data">What to train and test on.</param>
    /// <param name="optimizer">How to update the weights.</param>
    /// <param name="options">Everything else; defaults without it.</param>
    /// <exception cref="ArgumentException">An option is out of range, the batch is larger than the training set, or a label has no output.</exception>
    /// <exception cref="PacGen.Kernels.ShapeException">The model does not fit the images.</exception>
    /// <exception cref="TrainingException">The run takes far more memory than is free.</exception>
    public Trainer(Module model, Dataset data, Optimizer optimizer, TrainingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(optimizer);
        this.model = model;
        this.data = data;
        this.optimizer = optimizer;
        this.options = options ??= new TrainingOptions();
        recorder = new RunRecorder(options);
        if (options.Epochs < 1)
        {
            throw new ArgumentException($"The number of epochs is {options.Epochs}, but must be at least 1.", nameof(options));
        }

        if (options.BatchSize < 1 || options.BatchSize > data.Train.Count)
        {
            throw new ArgumentException(
                $"The batch size is {options.BatchSize}, but must be between 1 and the {data.Train.Count} training images of {data.Name}.", nameof(options));
        }

        if (options.Accumulate < 1 || options.BatchSize % options.Accumulate != 0)
        {
            int[] ways = [.. Enumerable.Range(1, options.BatchSize).Where(parts => options.BatchSize % parts == 0)];
            throw new ArgumentException(
                $"A batch of {options.BatchSize} can't be passed in {options.Accumulate} equal parts: accumulate over {string.Join(", ", ways)}.", nameof(options));
        }

        if (options.EarlyStop is < 1)
        {
            throw new ArgumentException($"The epochs to wait for a better one are {options.EarlyStop}, but must be at least 1.", nameof(options));
        }

        if (options.BestBy == EpochQuantity.Psi && options.Score is null)
        {
            throw new ArgumentException("The best epoch is to be told by Ψ, but no score is asked for: ask for one, or tell it by another quantity.", nameof(options));
        }

        if (options.ClipNorm is { } limit)
        {
            SinglePrecision.Positive(limit, "The gradient's largest norm", nameof(options));
        }

        options.Score?.Validate(data.Train.Count);
        options.Checkpoints?.Validate();
        if ((data.Test.Height, data.Test.Width, data.Test.Channels) != (data.Train.Height, data.Train.Width, data.Train.Channels))
        {
            throw new ArgumentException($"The test images of {data.Name} differ in size from its training images.", nameof(data));
        }

        Device device = options.Device ?? Device.Best();
        long? free = device.FreeBytes;
        long before = device.AllocatedBytes;
        try
        {
            int[] image = [data.Train.Height, data.Train.Width, data.Train.Channels];
            Arena = new ParameterArena(model, device, options.Seed, draw: false);
            RequireRoom(free, image);
            Arena.Draw();
            gradients = device.Allocate(Arena.Count, "the gradients");
            session = optimizer.Attach(Arena, gradients, options.Seed);
            if (options.Score?.Curvature == CurvatureSource.Training && session.SecondMoment is null)
            {
                throw new ArgumentException($"The score wants h of training, but {optimizer} keeps none: use Adam without weight decay, AdamW or a perturbed optimizer, or take h from a pass.", nameof(options));
            }

            accumulation = options.Accumulate > 1 ? new GradientSum(gradients) : null;
            statistics = options.RunningStatistics ?? (optimizer is PerturbedOptimizer ? RunningStatistics.Reestimated : RunningStatistics.FromTrainingPass);
            if (statistics != RunningStatistics.Kept && Arena.States.Count > 0)
            {
                session.States = states = new StateUpdate(Arena);
            }

            training = new BatchGraph(
                model, Arena, session.ForwardWeights, accumulation?.Part ?? gradients, options.Loss, image, options.Seed, statistics, states: states);
            evaluation = new BatchGraph(model, Arena, Arena.Weights, null, options.Loss, image, null);
            if (statistics == RunningStatistics.Reestimated && Arena.States.Count > 0)
            {
                estimation = new BatchGraph(model, Arena, Arena.Weights, null, options.Loss, image, options.Seed, RunningStatistics.Reestimated, states: states);
            }

            training.Plan(PartSize);
            if (options.Loss == PacGen.Nn.Loss.CrossEntropy && training.Classes < data.Train.Classes)
            {
                throw new ArgumentException(
                    $"{model.GetType().Name} has {training.Classes} outputs, but {data.Name} has {data.Train.Classes} classes: its last layer needs one for each.", nameof(model));
            }

            LabelCheck.Require(model, options.Loss, data.Train, $"{data.Name}'s training images");
            LabelCheck.Require(model, options.Loss, data.Test, $"{data.Name}'s test images");

            Memory = TakeMemory(free, before, image);
        }
        catch
        {
            // Nobody gets this trainer to dispose of it.
            Dispose();
            throw;
        }
    }

    /// <summary>The model's parameters: weights can be read and loaded here.</summary>
    public ParameterArena Arena { get; }

    /// <summary>What the run takes, known before its first step.</summary>
    public MemoryEstimate Memory { get; }

    /// <summary>The best epoch so far by <see cref="TrainingOptions.BestBy"/>, the earliest of equals; null before the first.</summary>
    public EpochResult? Best => results.Aggregate((EpochResult?)null, (best, result) => best is null || result.IsBetter(best, options.BestBy) ? result : best);

    /// <summary>Whether the run has ended, or would on its next epoch, as <see cref="TrainingOptions.EarlyStop"/> says.</summary>
    public bool StoppedEarly => options.EarlyStop is { } patience && Best is { } best && results[^1].Epoch - best.Epoch >= patience;

    /// <summary>What a run was at when it was stopped within an epoch; null where it was not.</summary>
    public TrainingPhase? StoppedWhile { get; private set; }

    /// <summary>How many training steps have been taken.</summary>
    public long Steps { get; private set; }

    /// <summary>The epochs that are done.</summary>
    public IReadOnlyList<EpochResult> Results => results;

    /// <summary>
    /// Trains. A cancelled run finishes the step that it is in and returns what it has: <see cref="Steps"/> counts the steps that
    /// are in the weights, and the result holds the epochs that were completed. Where it was evaluating or scoring, that epoch is not: a
    /// resumed run has its steps and evaluates again. On a GPU steps that were submitted, up to 32, are finished.
    /// </summary>
    /// <param name="onEpoch">Called after each epoch.</param>
    /// <param name="progress">Told where the run stands, some times a second.</param>
    /// <param name="cancellation">Stops the run after the present step.</param>
    /// <returns>The epochs that were completed.</returns>
    /// <exception cref="TrainingException">The loss, the gradient, or what the run keeps beside the weights became NaN or infinite; the message says in which layer that began.</exception>
    /// <exception cref="InvalidOperationException">An earlier run was stopped within an epoch: going on would show some images twice.</exception>
    public IReadOnlyList<EpochResult> Run(
        Action<EpochResult>? onEpoch = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (StoppedWhile is not null)
        {
            throw new InvalidOperationException("The run was stopped within an epoch; a new trainer starts anew, with these weights where its arena loads them.");
        }

        try
        {
            recorder.Open();
            return Go(onEpoch, progress, cancellation);
        }
        catch (TrainingException failure)
        {
            TrainingException told = recorder.Failure(failure);
            if (told != failure)
            {
                throw told;
            }

            throw;
        }
        finally
        {
            recorder.Close();
            if (underWay.Count > 0)
            {
                // Something else failed while steps were under way, whose outcomes nobody will know: what is in the weights is uncertain.
                underWay.Clear();
                StoppedWhile = TrainingPhase.Training;
            }
        }
    }

    private List<EpochResult> Go(Action<EpochResult>? onEpoch, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        SaveCheckpoint();
        recorder.Begin(log => log.Settings(model, data, optimizer, options, statistics, Arena));
        using BatchLoader loader = CreateLoader();
        Stopwatch whole = Stopwatch.StartNew();
        startedAt = results.Count + ((double)position.Batch / loader.BatchCount);
        for (int epoch = results.Count + 1; epoch <= options.Epochs && !StoppedEarly && !cancellation.IsCancellationRequested; epoch++)
        {
            Stopwatch clock = Stopwatch.StartNew();
            double before = position.Seconds;
            double? stepLoss = TrainEpoch(loader, epoch, whole, progress, cancellation);
            double seconds = before + clock.Elapsed.TotalSeconds;
            TrainingPhase phase = TrainingPhase.Training;
            if (stepLoss is not { } loss || Judge(epoch, loss, seconds, Tell, cancellation) is not { } result)
            {
                // Steps that were taken are kept, also an epoch's last: what remains of that is its evaluation.
                position = position with { Seconds = seconds };
                StoppedWhile = phase;
                SaveCheckpoint();
                break;
            }

            results.Add(result);
            position = default;
            recorder.Epoch(result, Steps, data.Train.Count / result.Seconds);
            SaveCheckpoint(best: Best == result);
            onEpoch?.Invoke(result);

            void Tell(TrainingPhase now)
            {
                phase = now;
                progress?.Report(new TrainingProgress(now, epoch, options.Epochs, 0, 0, stepLoss!.Value, 0, Remaining(whole, epoch)));
            }
        }

        if (StoppedEarly)
        {
            recorder.Stop($"no better {options.BestBy} for {options.EarlyStop} epochs; the best is epoch {Best!.Epoch}'s");
        }

        return results;
    }

    /// <summary>Evaluates and scores an epoch; null where that was cancelled.</summary>
    private EpochResult? Judge(int epoch, double stepLoss, double seconds, Action<TrainingPhase> tell, CancellationToken cancellation)
    {
        try
        {
            tell(TrainingPhase.Evaluating);
            (double trainLoss, double trainAccuracy) = Evaluate(data.Train, cancellation);
            (double testLoss, double testAccuracy) = Evaluate(data.Test, cancellation);
            PacGenScore? score = null;
            if (options.Score is { } scoring)
            {
                tell(TrainingPhase.Scoring);
                score = Score(scoring, cancellation);
                if (score is null)
                {
                    return null;
                }
            }

            return new EpochResult(epoch, trainLoss, trainAccuracy, testLoss, testAccuracy, score, seconds) { StepLoss = stepLoss };
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>What training does to the model's running statistics: what was asked for, or the default for the optimizer.</summary>
    public RunningStatistics RunningStatistics => statistics;

    /// <summary>
    /// Estimates the model's running statistics anew at the present weights w: the average of the batches' statistics
    /// over one pass over the training set in training mode, in an order of its own that does not depend on the step. Where
    /// <see cref="RunningStatistics"/> says so, this happens by itself before evaluation, prediction and score whenever steps have been
    /// taken since; it need only be called after other weights were loaded. Nothing happens where statistics are not re-estimated.
    /// </summary>
    /// <param name="cancellation">Stops between two batches; the statistics are then as they were.</param>
    /// <exception cref="TrainingException">A statistic would become NaN or infinite; all are as they were.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void ReestimateStatistics(CancellationToken cancellation = default)
    {
        if (estimation is null)
        {
            return;
        }

        using BatchLoader loader = BatchLoader.Shuffled(data.Train, PartSize, options.Seed, dropLast: true);
        states!.Begin();
        foreach (StateTensor state in estimation.For(PartSize).States)
        {
            states.Of(state).Write(new float[state.Shape.Count]);
        }

        loader.Start(0);
        while (loader.TryNext(out Batch batch))
        {
            cancellation.ThrowIfCancellationRequested();
            estimation.Run(batch.Images, batch.Labels, batch.Index, 1.0 / (batch.Index + 1));
        }

        if (!states.IsFinite())
        {
            (StateTensor state, float value) = states.FirstNonFinite()!.Value;
            throw new TrainingException(
                $"The running statistics at the weights after step {Steps} would not be finite, {state.Name} {value}: {StatisticsAdvice}. The statistics are as they were.")
            {
                Step = Steps,
                Layer = NonFiniteOrigin.ModuleOf(state.Name),
            };
        }

        states.Keep();
        statisticsOf = Steps;
    }

    /// <summary><see cref="ReestimateStatistics"/> where steps have been taken since statistics were last estimated: before weights are saved within an epoch.</summary>
    /// <param name="cancellation">Stops between two batches; the statistics are then as before.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void RenewStatistics(CancellationToken cancellation = default)
    {
        if (statisticsOf != Steps)
        {
            ReestimateStatistics(cancellation);
        }
    }

    /// <summary>
    /// The step at whose weights the model's running statistics were last estimated, -1 for none; null where they are not re-estimated.
    /// </summary>
    public long? StatisticsStep => estimation is null ? null : statisticsOf;

    /// <summary>The mean loss and the accuracy of the unperturbed weights on a set, in evaluation mode.</summary>
    /// <param name="set">The images.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="TrainingException">The loss or a running statistic is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public (double Loss, double Accuracy) Evaluate(ImageSet set, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        RenewStatistics(cancellation);
        Arena.RequireFiniteState("The model can't be evaluated", Steps);
        using BatchLoader loader = BatchLoader.Sequential(set, EvaluationBatchOf(set));
        loader.Start(0);
        double loss = 0;
        long correct = 0;
        while (loader.TryNext(out Batch batch))
        {
            cancellation.ThrowIfCancellationRequested();
            evaluation.Run(batch.Images, batch.Labels);
            float mean = evaluation.Loss();
            if (!float.IsFinite(mean))
            {
                NonFiniteOrigin? origin = evaluation.FindNonFinite(batch.Images, batch.Labels, 0);
                throw new TrainingException($"The loss at the weights after step {Steps} is {mean}: {Advice(origin, "clip the gradient")}.{Began(origin)}") { Step = Steps, Layer = origin?.Layer };
            }

            loss += (double)mean * batch.Count;
            correct += evaluation.Correct(batch.Labels, ref outputs);
        }

        return (loss / set.Count, (double)correct / set.Count);
    }

    /// <summary>What the model says of some images, in evaluation mode: its outputs, (N, …) in row-major order, such as the logits of each class.</summary>
    /// <exception cref="TrainingException">A weight or a running statistic is NaN or infinite.</exception>
    public float[] Predict(ImageSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        RenewStatistics();
        Arena.RequireFinite("The model can't predict", Steps);
        using BatchLoader loader = BatchLoader.Sequential(set, EvaluationBatchOf(set));
        loader.Start(0);
        List<float> all = [];
        while (loader.TryNext(out Batch batch))
        {
            evaluation.Run(batch.Images, batch.Labels);
            float[] outputs = new float[evaluation.For(batch.Count).Output.Count];
            evaluation.Output(outputs);
            all.AddRange(outputs);
        }

        return [.. all];
    }

    /// <summary>The pacGen score Ψ (24) of the present weights, or null where it was cancelled.</summary>
    public PacGenScore? Score(ScoreOptions scoring, CancellationToken cancellation = default)
    {
        try
        {
            RenewStatistics(cancellation);
            using EmpiricalLoss subject = new(model, Arena, data.Train, options.Loss);
            return PacGenScorer.Measure(subject, scoring with { TrainingSecondMoment = session.SecondMoment }, null, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        recorder.Dispose();
        training?.Dispose();
        evaluation?.Dispose();
        estimation?.Dispose();
        accumulation?.Dispose();
        session?.Dispose();
        states?.Dispose();
        gradients?.Dispose();
        Arena?.Dispose();
    }

    private BatchLoader CreateLoader() => BatchLoader.Shuffled(
        data.Train, options.BatchSize, options.Seed, augmentation: options.Augmentation, threads: options.Augmentation is null ? 1 : 2);

    private double? TrainEpoch(BatchLoader loader, int epoch, Stopwatch whole, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        int batches = (data.Train.Count + options.BatchSize - 1) / options.BatchSize, seenBefore = position.Seen, submitted = position.Batch;
        long started = Stopwatch.GetTimestamp(), told = started;
        double secondsBefore = position.Seconds;
        loader.Start(epoch, submitted);
        while (!cancellation.IsCancellationRequested && loader.TryNext(out Batch batch))
        {
            Begin(batch, epoch, optimizer.LearningRate * options.Schedule.Factor((double)(epoch - 1) + ((double)submitted / batches)));
            submitted++;

            // Steps are waited for where what they came to is asked for, and not before.
            bool keeps = options.Checkpoints?.EverySteps is { } every && (Steps + underWay.Count) % every == 0 && submitted < batches;
            bool tells = progress is not null && Stopwatch.GetElapsedTime(told) > ProgressInterval;
            float loss = SettleTo(keeps || tells || submitted == batches ? 0 : session.Depth - 1, batches);
            if (keeps)
            {
                position = position with { Seconds = secondsBefore + Stopwatch.GetElapsedTime(started).TotalSeconds };
                SaveCheckpoint();
            }

            if (tells)
            {
                told = Stopwatch.GetTimestamp();
                double pace = (position.Seen - seenBefore) / Stopwatch.GetElapsedTime(started).TotalSeconds;
                progress!.Report(new TrainingProgress(
                    TrainingPhase.Training, epoch, options.Epochs, position.Batch, batches, loss, pace,
                    Remaining(whole, epoch - 1 + ((double)position.Batch / batches))));
            }
        }

        SettleTo(0, batches);
        return position.Batch == batches ? position.LossSum / position.Seen : null;
    }

    /// <summary>Waits until no more than some steps are under way, and books those that have ended.</summary>
    /// <returns>The loss of the last of them; NaN where there was none.</returns>
    private float SettleTo(int most, int batches)
    {
        float loss = float.NaN;
        while (underWay.Count > most)
        {
            StepUnderWay step = Settle();
            loss = step.Loss;
            position = position with { Batch = position.Batch + 1, Seen = position.Seen + step.Count, LossSum = position.LossSum + ((double)loss * step.Count) };
            if (recorder.HasEvents && Steps % Math.Max(1, batches / EventsOfAnEpoch) == 0)
            {
                recorder.Step(Steps, loss, step.Rate);
            }
        }

        return loss;
    }

    /// <summary>Images that are passed at once in training.</summary>
    private int PartSize => options.BatchSize / options.Accumulate;

    /// <summary>Images that are passed at once in evaluation: where memory is short in training, it is so here.</summary>
    private int EvaluationBatchOf(ImageSet set) => Math.Min(options.Accumulate > 1 ? Math.Min(PartSize, EvaluationBatch) : EvaluationBatch, set.Count);

    private TimeSpan Remaining(Stopwatch whole, double epochsDone) =>
        epochsDone > startedAt ? whole.Elapsed * ((options.Epochs - epochsDone) / (epochsDone - startedAt)) : TimeSpan.Zero;
}
