using System.Diagnostics;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>The steps of a run's epochs, and where the present one stands.</summary>
/// <param name="pipeline">Runs the steps.</param>
/// <param name="data">The images.</param>
/// <param name="optimizer">Whose learning rate the schedule moves.</param>
/// <param name="options">How the run trains.</param>
/// <param name="failure">Says why a step failed.</param>
/// <param name="recorder">Keeps steps' losses.</param>
internal sealed class EpochTraining(
    TrainingPipeline pipeline, Dataset data, Optimizer optimizer, TrainingOptions options, StepFailure failure,
    RunRecorder recorder)
{
    private const int EventsOfAnEpoch = 50;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(100);
    private readonly Stopwatch whole = new();
    private readonly Communicator ranks = options.Communicator ?? Communicator.Alone;
    private double startedAt;

    /// <summary>Where the present epoch stands.</summary>
    public EpochPosition Position { get; set; }

    /// <summary>
    /// Batches of an epoch in their order, varied as the options say; of each the samples that this rank passes.
    /// </summary>
    public BatchLoader CreateLoader() => ranks.Size == 1 ? CreateWholeLoader() : BatchLoader.Shared(
        data.Train, options.BatchSize, options.Seed, pipeline.OwnOf, options.Augmentation, options.Threads(data));

    private BatchLoader CreateWholeLoader() => BatchLoader.Shuffled(
        data.Train, options.BatchSize, options.Seed, augmentation: options.Augmentation,
        threads: options.Threads(data));

    /// <summary>Starts the clock by which the time left is estimated.</summary>
    /// <param name="epochsDone">The epochs that are done already.</param>
    public void StartClock(int epochsDone)
    {
        startedAt = epochsDone + ((double)Position.Batch / options.Batches(data));
        whole.Restart();
    }

    /// <summary>The time that the rest of the run will take, by the time that it took so far; 0 where that isn't known.</summary>
    public TimeSpan Remaining(double epochsDone) =>
        epochsDone > startedAt ? whole.Elapsed * ((options.Epochs - epochsDone) / (epochsDone - startedAt)) : TimeSpan.Zero;

    /// <summary>Trains an epoch, or the rest of it.</summary>
    /// <param name="loader">Gives its batches.</param>
    /// <param name="epoch">Which, counted from 1.</param>
    /// <param name="save">Writes a checkpoint.</param>
    /// <param name="progress">Notified some times a second.</param>
    /// <param name="cancellation">Stops after the present step.</param>
    /// <returns>The mean of the steps' losses; null where it was stopped.</returns>
    /// <exception cref="TrainingException">A step failed; those behind it changed nothing.</exception>
    public double? Train(
        BatchLoader loader, int epoch, Action save, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        int batches = options.Batches(data), seenBefore = Position.Seen, submitted = Position.Batch;
        long started = Stopwatch.GetTimestamp(), reported = started;
        double secondsBefore = Position.Seconds;
        loader.Start(epoch, submitted);
        while (!ranks.Any(cancellation.IsCancellationRequested) && loader.TryNext(out Batch batch))
        {
            pipeline.Submit(batch, epoch, optimizer.LearningRate * options.Schedule.Factor(
                (double)(epoch - 1) + ((double)submitted / batches)));
            submitted++;

            // Steps are waited for where what they came to is asked for, and not before.
            bool keeps = options.Checkpoints?.EverySteps is { } every && (pipeline.Steps + pipeline.InFlight) % every == 0
                && submitted < batches;
            bool reports = progress is not null && Stopwatch.GetElapsedTime(reported) > ProgressInterval;
            float loss = CompleteTo(keeps || reports || submitted == batches ? 0 : pipeline.Depth - 1, batches);
            if (keeps)
            {
                Position = Position with { Seconds = secondsBefore + Stopwatch.GetElapsedTime(started).TotalSeconds };
                save();
            }

            if (reports)
            {
                reported = Stopwatch.GetTimestamp();
                double pace = (Position.Seen - seenBefore) / Stopwatch.GetElapsedTime(started).TotalSeconds;
                progress!.Report(new TrainingProgress(
                    TrainingPhase.Training, epoch, options.Epochs, Position.Batch, batches, loss, pace,
                    Remaining(epoch - 1 + ((double)Position.Batch / batches))));
            }
        }

        CompleteTo(0, batches);
        return Position.Batch == batches ? Position.LossSum / Position.Seen : null;
    }

    /// <summary>Waits until no more than some steps are in flight, and books those that are completed.</summary>
    /// <returns>The loss of the last of them; NaN where there was none.</returns>
    /// <exception cref="TrainingException">A step failed; those behind it changed nothing.</exception>
    private float CompleteTo(int most, int batches)
    {
        float loss = float.NaN;
        while (pipeline.InFlight > most)
        {
            TrainingStep step = Complete();
            loss = step.Loss;
            Position = Position with { Batch =
                Position.Batch + 1, Seen = Position.Seen + step.Count, LossSum = Position.LossSum + ((double)loss * step.Count) };
            if (recorder.HasEvents && pipeline.Steps % Math.Max(1, batches / EventsOfAnEpoch) == 0)
            {
                recorder.Step(pipeline.Steps, loss, step.Rate);
            }
        }

        return loss;
    }

    /// <summary>One step, and its loss. It allocates nothing managed.</summary>
    public float Step(in Batch batch, int epoch, double rate)
    {
        pipeline.Submit(batch, epoch, rate);
        return Complete().Loss;
    }

    private TrainingStep Complete()
    {
        TrainingStep step = pipeline.Complete();
        if (step.End != StepEnd.Done)
        {
            using BatchLoader loader = CreateWholeLoader();
            throw failure.Of(step, loader);
        }

        return step;
    }
}
