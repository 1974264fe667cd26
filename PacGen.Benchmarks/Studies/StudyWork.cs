using System.Diagnostics;
using PacGen.Benchmarks.Training;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary>The work of a study: training a run, and measuring a moment of one.</summary>
/// <param name="store">Where what comes of it is kept.</param>
/// <param name="description">At which moments weights are kept, and what is measured.</param>
/// <param name="interval">The least time between two checkpoints of a training.</param>
internal sealed class StudyWork(StudyStore store, StudyDescription description, TimeSpan interval)
{
    private const int LeastArrays = 2;

    // Known of each training: after how many steps its cross-entropy was first no larger.
    private static readonly double[] Losses = [0.1, 0.01];

    /// <summary>The name by which a run's images are kept in the store.</summary>
    public static string ImagesOf(Dataset images) =>
        $"{images.Name}, {images.Train.Count} + {images.Test.Count}, {images.Fingerprint()}";

    /// <summary>Trains a run, from its last checkpoint where it was interrupted.</summary>
    /// <param name="run">The run.</param>
    /// <param name="images">What the store calls its images.</param>
    /// <param name="device">Where.</param>
    /// <param name="onEpoch">Called after each epoch.</param>
    /// <param name="failure">Why the run could not go on; null where it could.</param>
    /// <param name="stop">Stops after the present step.</param>
    /// <returns>Whether the run is at its end.</returns>
    /// <exception cref="IOException">What it came to can't be written.</exception>
    public bool Train(
        StudyRun run, string images, Device device, Action<StoredEpoch> onEpoch, out string? failure, CancellationToken stop)
    {
        Stopwatch clock = Stopwatch.StartNew();
        StudyTraining training = run.Training;
        string folder = $"run-{run.Number:00000}", checkpoints = Path.Combine(store.Folder, folder, "checkpoint");
        Directory.CreateDirectory(Path.Combine(store.Folder, folder));
        TrainingOptions options = training.Options with
        {
            Device = device,
            Checkpoints = new CheckpointOptions(checkpoints) { Keep = 1, Interval = interval },
        };
        failure = null;
        List<double> losses = [];
        bool atEnd = false;
        try
        {
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(stop);
            using Trainer trainer = Start(run, options, images, out int known);
            foreach (EpochResult result in trainer.Results)
            {
                losses.Add(result.TrainLoss);
                atEnd = training.EndsAt(result.Epoch, result.TrainLoss);
                if (result.Epoch > known)
                {
                    Keep(trainer, result);
                }
            }

            if (!atEnd)
            {
                trainer.RunUntilStopped(
                    result =>
                    {
                        losses.Add(result.TrainLoss);
                        atEnd = training.EndsAt(result.Epoch, result.TrainLoss);
                        Keep(trainer, result);
                        if (atEnd)
                        {
                            end.Cancel();
                        }
                    },
                    null,
                    end.Token);
            }
        }
        catch (TrainingException error) when (error.Step is not null)
        {
            // The run itself came to nothing. Whatever else stops it, such as a full disk, says nothing of its settings.
            failure = error.Message;
        }

        if (!atEnd && failure is null)
        {
            return false;
        }

        store.End(run.Number, failure, clock.Elapsed.TotalSeconds);
        Directory.Delete(checkpoints, recursive: true);
        return true;

        void Keep(Trainer trainer, EpochResult result)
        {
            IReadOnlyList<string> moments = description.Moments.Of(result.Epoch, losses, atEnd);
            string weights = $"{folder}/epoch-{result.Epoch:0000}.safetensors";
            if (moments.Count > 0)
            {
                WeightsFile.Save(
                    Path.Combine(store.Folder, weights), training.Model, run.Images!, trainer, options, "--output");
            }

            StoredEpoch epoch = new(
                run.Number, result.Epoch, trainer.Steps, result.TrainLoss, result.TrainAccuracy, result.TestLoss,
                result.TestAccuracy, result.StepLoss, result.Seconds);
            store.Add(epoch, [.. moments.Select(moment => new StoredMoment(run.Number, moment, result.Epoch, weights))]);
            onEpoch(epoch);
        }
    }

    /// <summary>A trainer at a run's last checkpoint; at its beginning where there is none that can be gone on from.</summary>
    /// <param name="run">The run.</param>
    /// <param name="options">How it trains.</param>
    /// <param name="images">What the store calls its images.</param>
    /// <param name="known">The epochs that the store has; of those that are done the last may be missing.</param>
    private Trainer Start(StudyRun run, TrainingOptions options, string images, out int known)
    {
        string folder = options.Checkpoints!.Folder;
        if (Directory.Exists(folder))
        {
            Trainer trainer = Make();
            try
            {
                trainer.Resume(folder);
                known = store.Resume(run.Number, trainer.Results.Count);
                long steps = (((run.Images!.Train.Count - 1) / options.BatchSize) + 1L) * trainer.Results.Count;

                // An epoch that a checkpoint has and the store lacks: its weights are there if no step was taken since.
                if (known == trainer.Results.Count || (known == trainer.Results.Count - 1 && trainer.Steps == steps))
                {
                    return trainer;
                }
            }
            catch (CheckpointException)
            {
                // Damaged, or of another version: the run begins anew, as it would without.
            }
            catch
            {
                trainer.Dispose();
                throw;
            }

            trainer.Dispose();
            Directory.Delete(folder, recursive: true);
        }

        store.Begin(run.Number, images, options.Device!.Name);
        known = 0;
        return Make();

        Trainer Make() => new(
            run.Training.Model.Create(run.Images!, options.Device!, LeastArrays), run.Images!, run.Training.Optimizer, options);
    }

    /// <summary>Which measures a moment lacks.</summary>
    /// <param name="moment">The moment.</param>
    /// <param name="taken">The names of those that it has.</param>
    public IReadOnlyList<string> Missing(StoredMoment moment, IEnumerable<string> taken) =>
        [.. (StudyMoments.IsByEpoch(moment.Moment) ? description.MeasuresByEpoch : description.Measures).Except(taken)];

    /// <summary>Takes measures of one epoch's weights, for each moment that the epoch is.</summary>
    /// <param name="run">The run.</param>
    /// <param name="moments">The moments, each with the names of the measures that it lacks.</param>
    /// <param name="epochs">The run's epochs.</param>
    /// <param name="device">Where.</param>
    /// <param name="onMeasure">Called after each.</param>
    /// <param name="stop">Stops between two passes.</param>
    /// <exception cref="CheckpointException">The weights are not there or damaged.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Take(
        StudyRun run, IReadOnlyList<(StoredMoment Moment, IReadOnlyList<string> Names)> moments,
        IReadOnlyList<StoredEpoch> epochs, Device device, Action<string> onMeasure, CancellationToken stop)
    {
        StoredMoment moment = moments[0].Moment;
        Dataset images = run.Images!;
        using WeightsFile file = WeightsFile.Open(Path.Combine(store.Folder, moment.Weights));
        (Module network, ParameterArena arena) = file.Load(run.Training.Model, images, null, device);
        using ParameterArena owned = arena;
        int count = description.MeasureImages == 0 ? images.Train.Count
            : Math.Min(description.MeasureImages, images.Train.Count);
        Dictionary<double, long> steps = [];
        foreach (double loss in Losses)
        {
            if (epochs.FirstOrDefault(epoch => epoch.Epoch <= moment.Epoch && epoch.TrainLoss <= loss) is { } first)
            {
                steps[loss] = first.Steps;
            }
        }

        using EmpiricalLoss subject = new(network, arena, images.Train.Take(count))
        {
            Training = new TrainingFacts
            {
                InitialWeights = InitialWeights(run, device),
                SecondMoment = file.ReadSecondMoment(),
                PosteriorDeviations = file.ReadPosteriorDeviations(),
                Images = images.Train.Count,
                Steps = file.Steps,
                StepsToLoss = steps,
            },
        };
        foreach (Measure measure in Measures.All)
        {
            StoredMoment[] lacking = [.. moments.Where(one => one.Names.Contains(measure.Name)).Select(one => one.Moment)];
            if (lacking.Length > 0)
            {
                IReadOnlyList<StoredMeasure> taken = Taken(measure, subject, run.Seed, new StoredMeasure(
                    run.Number, moment.Moment, measure.Name, "", double.NaN), stop);
                store.Add([.. lacking.SelectMany(at => taken.Select(one => one with { Moment = at.Moment }))]);
                onMeasure(measure.Name);
            }
        }
    }

    private static IReadOnlyList<StoredMeasure> Taken(
        Measure measure, EmpiricalLoss subject, ulong seed, StoredMeasure row, CancellationToken stop)
    {
        if (measure.Obstacle?.Invoke(subject) is { } obstacle)
        {
            return [row with { Obstacle = obstacle }];
        }

        PassCost before = subject.Cost;
        Stopwatch clock = Stopwatch.StartNew();
        try
        {
            Measurement taken = measure.Of(subject, seed, null, stop);
            return
            [
                row with
                {
                    Value = taken.Value,
                    Low = taken.Uncertainty.Low,
                    High = taken.Uncertainty.High,
                    Meaning = taken.Uncertainty.Meaning,
                    Seconds = clock.Elapsed.TotalSeconds,
                    Cost = subject.Cost - before,
                },
                .. taken.Layers.Select(layer => row with { Layer = layer.Name, Value = layer.Value }),
            ];
        }
        catch (TrainingException error)
        {
            // A perturbation of these weights may diverge where others' does not.
            return [row with { Obstacle = error.Message, Seconds = clock.Elapsed.TotalSeconds, Cost = subject.Cost - before }];
        }
        finally
        {
            subject.MoveToWeights();
        }
    }

    /// <summary>w₀, which the seed decides.</summary>
    private static float[] InitialWeights(StudyRun run, Device device)
    {
        using ParameterArena first = new(run.Training.Model.Make(run.Images!), device, run.Seed);
        return first.Save();
    }
}
