using System.Diagnostics;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Trains a model on a data set and says after each epoch how it does. Only the training pass sees the optimizer's
/// perturbation; evaluation and score use w itself, and running statistics as <see cref="RunningStatistics"/> says.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly Module model;
    private readonly Dataset data;
    private readonly Communicator ranks;
    private readonly Optimizer optimizer;
    private readonly TrainingOptions options;
    private readonly TrainingPipeline pipeline;
    private readonly RunEvaluation evaluation;
    private readonly EpochTraining epochs;
    private readonly RunSnapshot snapshot;
    private readonly RunRecorder recorder;
    private readonly List<EpochResult> results = [];
    private bool resumed;
    private bool running;
    private bool disposed;

    /// <summary>Prepares a run: makes the model's parameters on the device and draws their first values.</summary>
    /// <param name="model">What to train.</param>
    /// <param name="data">What to train and test on.</param>
    /// <param name="optimizer">How to update the weights.</param>
    /// <param name="options">Everything else; defaults without it.</param>
    /// <exception cref="ArgumentException">An option is out of range, the model has no output for a label, or two metrics or
    /// two parameters have one name.</exception>
    /// <exception cref="InvalidOperationException">The model's Forward or the loss gives null.</exception>
    /// <exception cref="PacGen.Kernels.ShapeException">The model does not fit the images.</exception>
    /// <exception cref="TrainingException">The run takes far more memory than is free.</exception>
    public Trainer(Module model, Dataset data, Optimizer optimizer, TrainingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(optimizer);
        this.model = model;
        this.data = data;
        this.optimizer = optimizer = optimizer.For(data.Train.Count);
        options ??= new TrainingOptions();
        if (options.Score is { Curvature: CurvatureSource.Training } scoring)
        {
            options = options with { Score = scoring with { BatchSize = options.BatchSize } };
        }

        options.Validate(data);
        this.options = options = options with { Loss = options.LossOf(data), BestBy = options.BestOf(data) };
        ranks = options.Communicator ?? Communicator.Alone;
        DataParallel parallel = new(options.Accumulate, ranks);
        if (!ranks.IsRoot)
        {
            this.options = options = options with { LogPath = null, TensorBoardFolder = null, Checkpoints = null };
        }

        recorder = new RunRecorder(options);
        RunningStatistics = options.RunningStatistics ?? (optimizer.PassesElsewhere || options.Average is not null
            ? RunningStatistics.Reestimated : RunningStatistics.FromTrainingPass);
        Device device = options.Device ?? Device.Best();
        (long? free, long before) = (device.FreeBytes, device.AllocatedBytes);
        try
        {
            Arena = new ParameterArena(model, device, options.Seed, draw: false) { Parallel = parallel };
            MemoryPlan plan = new(model, Arena, data, options, free, before);
            plan.RequireRoomForModel();
            Arena.Draw();
            pipeline = new TrainingPipeline(model, Arena, optimizer, data.Train, PipelineOptions.Of(options, RunningStatistics));
            pipeline.Graph.Plan(options.PartSize);
            LabelCheck.Require(model, options.Loss, data, pipeline.Graph.Classes);
            StepFailure failure = new(pipeline, Arena, optimizer, options.ClipNorm is not null, options.Batches(data));
            evaluation = new RunEvaluation(model, data, options, pipeline, Arena, RunningStatistics, failure);
            epochs = new EpochTraining(pipeline, data, optimizer, options, failure, recorder);
            snapshot = new RunSnapshot(
                model, data, optimizer, options, RunningStatistics, Arena, pipeline, evaluation.Statistics);
            Memory = plan.Compile(pipeline, evaluation.Pass, evaluation.Statistics);
        }
        catch
        {
            // Nobody gets this trainer to dispose of it.
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// The model's parameters: weights can be read and loaded here. Under <see cref="TrainingOptions.Average"/> they are the
    /// average, once it has begun, whenever steps are not being taken.
    /// </summary>
    public ParameterArena Arena { get; }

    /// <summary>What the run takes, known before its first step.</summary>
    public MemoryEstimate Memory { get; }

    /// <summary>The best epoch by <see cref="TrainingOptions.BestBy"/>, the earliest of equals; null before the first.</summary>
    public EpochResult? Best => results.Aggregate(
        (EpochResult?)null, (best, result) => best is null || result.IsBetter(best, options.BestBy!.Value) ? result : best);

    /// <summary>Whether the run has ended, or would on its next epoch, as <see cref="TrainingOptions.EarlyStop"/> says.</summary>
    public bool StoppedEarly => options.EarlyStop is { } patience && Best is { } best
        && results[^1].Epoch - best.Epoch >= patience;

    /// <summary>What a run was at when it was stopped within an epoch; null where it was not.</summary>
    public TrainingPhase? StoppedWhile { get; private set; }

    /// <summary>How many training steps have been taken.</summary>
    public long Steps => pipeline.Steps;

    /// <summary>
    /// h, the squared gradient of each batch smoothed over the steps of the run, as the last left it; null where none is kept
    /// (<see cref="TrainingOptions.KeepSecondMoment"/>, or an optimizer that keeps one), and before the first step. Resumed runs
    /// go on with it to the same bits.
    /// </summary>
    public SmoothedSecondMoment? SecondMoment => evaluation.SecondMoment;

    /// <summary>
    /// The levels that Algorithm 1 would give the weights as they are at the next step; null where there is no such perturbation.
    /// Reads w, h and g: once an epoch it costs next to nothing.
    /// </summary>
    /// <param name="epoch">The epoch, counted from 1.</param>
    public PerturbationLevels? PerturbationLevels(int epoch) => pipeline.Session.NextPerturbation(epoch) is { } settings
        ? PacGen.Nn.PerturbationLevels.Of(
            Arena.Save(), new Region(pipeline.Session.SecondMoment!).ToArray(), new Region(pipeline.Gradients).ToArray(),
            settings)
        : null;

    /// <summary>What training does to running statistics: what was asked for, or the optimizer's default.</summary>
    public RunningStatistics RunningStatistics { get; }

    /// <summary>The epochs that are done.</summary>
    public IReadOnlyList<EpochResult> Results => results;

    /// <summary>
    /// Trains. A cancelled run finishes the step that it is in, writes a checkpoint where there are some, and throws: the weights
    /// hold the steps that <see cref="Steps"/> counts, and <see cref="Results"/> the epochs that were completed. Where it was
    /// evaluating or scoring, that epoch is not among them: a resumed run has its steps and evaluates again. On a GPU steps that
    /// were submitted, up to 32, are finished.
    /// </summary>
    /// <param name="onEpoch">Called after each epoch.</param>
    /// <param name="progress">Notified some times a second.</param>
    /// <param name="cancellation">Stops the run after the present step.</param>
    /// <returns>The epochs.</returns>
    /// <exception cref="TrainingException">A number became NaN or infinite; the message says where.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, by this or another process, before its last epoch was
    /// done.</exception>
    /// <exception cref="InvalidOperationException">An earlier run was stopped within an epoch, or it runs already.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public IReadOnlyList<EpochResult> Run(
        Action<EpochResult>? onEpoch = null, IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (StoppedWhile is not null)
        {
            throw new InvalidOperationException(
                "The run was stopped within an epoch; a new trainer starts anew, with these weights where its arena loads them.");
        }

        if (running)
        {
            throw new InvalidOperationException("The trainer runs already: what it calls after an epoch can't run it again.");
        }

        running = true;
        try
        {
            recorder.Open();
            return RunEpochs(onEpoch, progress, cancellation);
        }
        catch (TrainingException failure)
        {
            recorder.Failure(failure);
            throw;
        }
        finally
        {
            running = false;
            recorder.Close();
            if (pipeline.Forget())
            {
                // Something else failed: what steps in flight did to the weights is unknown.
                StoppedWhile = TrainingPhase.Training;
            }
            else
            {
                pipeline.Average?.Show();
            }
        }
    }

    private List<EpochResult> RunEpochs(
        Action<EpochResult>? onEpoch, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        SaveCheckpoint();
        recorder.Begin(log => log.Settings(model, data, optimizer, options, RunningStatistics, Arena));
        using BatchLoader loader = epochs.CreateLoader();
        epochs.StartClock(results.Count);
        for (int epoch = results.Count + 1; epoch <= options.Epochs && !StoppedEarly; epoch++)
        {
            if (ranks.Any(cancellation.IsCancellationRequested))
            {
                throw Stopped($"after epoch {results.Count} of {options.Epochs}", cancellation);
            }

            pipeline.Average?.Hide();
            Stopwatch clock = Stopwatch.StartNew();
            double before = epochs.Position.Seconds;
            double? stepLoss = epochs.Train(loader, epoch, () => SaveCheckpoint(), progress, cancellation);
            double seconds = before + clock.Elapsed.TotalSeconds;
            TrainingPhase phase = TrainingPhase.Training;
            if (stepLoss is not null)
            {
                pipeline.EndEpoch(epoch);
            }

            pipeline.Average?.Show();
            if (stepLoss is not { } loss || evaluation.Epoch(epoch, loss, seconds, Tell, cancellation) is not { } result)
            {
                // Steps that were taken are kept, also an epoch's last: what remains of that is its evaluation.
                epochs.Position = epochs.Position with { Seconds = seconds };
                StoppedWhile = phase;
                SaveCheckpoint();
                throw Stopped($"in epoch {epoch} of {options.Epochs}", cancellation);
            }

            results.Add(result);
            epochs.Position = default;
            recorder.Epoch(result, Steps, data.Train.Count / result.Seconds);
            SaveCheckpoint(best: Best == result);
            onEpoch?.Invoke(result);

            void Tell(TrainingPhase now)
            {
                phase = now;
                progress?.Report(
                    new TrainingProgress(now, epoch, options.Epochs, 0, 0, stepLoss!.Value, 0, epochs.Remaining(epoch)));
            }
        }

        if (StoppedEarly)
        {
            recorder.Stop($"no better {options.BestBy} for {options.EarlyStop} epochs; the best is epoch {Best!.Epoch}'s");
        }

        return results;
    }

    private OperationCanceledException Stopped(string where, CancellationToken cancellation) =>
        new($"Training was stopped {where}, after step {Steps}.", cancellation);

    /// <summary>
    /// Resumes the run of a folder of checkpoints, from the newest that is whole: <see cref="Run"/> then gives the same bits as
    /// if that run had never been interrupted. The model, data, optimizer and options must be those of that run, but there may be
    /// more epochs where the schedule doesn't depend on their number.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <returns>What it goes on from, and which newer checkpoints were damaged.</returns>
    /// <exception cref="CheckpointException">There is no checkpoint that is whole, or it is of another run.</exception>
    /// <exception cref="InvalidOperationException">This trainer has already taken a step or resumed a run.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public Resumption Resume(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ObjectDisposedException.ThrowIf(disposed, this);
        if (Steps > 0 || resumed)
        {
            throw new InvalidOperationException("Only a trainer that has not run resumes another's run.");
        }

        recorder.ClaimBeforeReading(folder);
        try
        {
            return LoadRun(folder);
        }
        catch
        {
            recorder.Close();
            throw;
        }
    }

    private Resumption LoadRun(string folder)
    {
        RunState state =
            snapshot.Load(folder, out List<EpochResult> done, out string path, out IReadOnlyList<string> damaged);
        epochs.Position = state.Position;
        results.AddRange(done);
        resumed = true;
        recorder.Resume(state, folder);
        pipeline.Average?.Show();
        RequireSameCheckpoint(path);
        return new Resumption(path, Steps, results.Count, damaged);
    }

    /// <summary>Every rank has read the same, and only then may the checkpoint be replaced.</summary>
    private void RequireSameCheckpoint(string path)
    {
        long[] steps = new long[ranks.Size];
        ranks.Gather([Steps], steps.AsSpan());
        if (Array.FindIndex(steps, step => step != steps[0]) is var other and > 0)
        {
            throw new CheckpointException(
                $"Rank 0 goes on from step {steps[0]}, but rank {other} from step {steps[other]}, as {path} is another file " +
                $"there: put checkpoints into a folder that all machines share.");
        }
    }

    /// <summary>
    /// Estimates the model's running statistics anew at the present weights w, by one pass over the training set. Where
    /// <see cref="RunningStatistics"/> says so, this happens by itself before evaluation, prediction and score whenever steps
    /// have been taken since; it need only be called after other weights were loaded. Elsewhere nothing happens.
    /// </summary>
    /// <param name="cancellation">Stops between two batches; the statistics are then as they were.</param>
    /// <exception cref="TrainingException">A statistic would become NaN or infinite; all are as they were.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void ReestimateStatistics(CancellationToken cancellation = default) =>
        evaluation.Statistics?.Run(Steps, cancellation);

    /// <summary>
    /// <see cref="ReestimateStatistics"/> where steps have been taken since: before weights are saved within an epoch.
    /// </summary>
    /// <inheritdoc cref="ReestimateStatistics"/>
    public void RenewStatistics(CancellationToken cancellation = default) => evaluation.Renew(cancellation);

    /// <summary>
    /// The step at whose weights running statistics were last re-estimated, -1 for none; null where they are not.
    /// </summary>
    public long? StatisticsStep => evaluation.Statistics?.Step;

    /// <summary>The mean loss and the accuracy of the unperturbed weights on a set, in evaluation mode.</summary>
    /// <param name="set">The images.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">The samples are of another form than the data set's.</exception>
    /// <exception cref="TrainingException">The loss or a running statistic is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public LossAndAccuracy Evaluate(SampleSet set, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        ObjectDisposedException.ThrowIf(disposed, this);
        (double loss, double accuracy) = evaluation.Of(set, cancellation);
        return new LossAndAccuracy(loss, accuracy);
    }

    /// <summary>The mean loss and metrics of the unperturbed weights on a set, in evaluation mode.</summary>
    /// <param name="set">The samples.</param>
    /// <param name="metrics">The metrics.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">A metric says nothing about these targets, two have one name, or the samples are of
    /// another form than the data set's.</exception>
    /// <exception cref="TrainingException">The loss or a running statistic is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public Evaluation Evaluate(SampleSet set, IReadOnlyList<Metric> metrics, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(metrics);
        ObjectDisposedException.ThrowIf(disposed, this);
        return evaluation.Of(set, metrics, cancellation);
    }

    /// <summary>The model's outputs for some images in evaluation mode, (N, …) in row-major order, such as logits.</summary>
    /// <param name="set">The images.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">The samples have another shape than the data set's.</exception>
    /// <exception cref="TrainingException">A weight or a running statistic is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public float[] Predict(SampleSet set, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        ObjectDisposedException.ThrowIf(disposed, this);
        evaluation.Pass.Require(set, scores: false);
        RenewStatistics(cancellation);
        Arena.RequireFinite("The model can't predict", Steps);
        return evaluation.Pass.Predict(set, cancellation);
    }

    /// <summary>The class that the model gives each image: that of the largest output.</summary>
    /// <inheritdoc cref="Predict"/>
    public int[] PredictClasses(SampleSet set, CancellationToken cancellation = default)
    {
        float[] outputs = Predict(set, cancellation);
        return ClassLoss.Largest(outputs, set.Count);
    }

    /// <inheritdoc cref="OptimizerSession.PosteriorDeviations"/>
    public float[]? PosteriorDeviations() => pipeline.Session.PosteriorDeviations();

    /// <summary>The pacGen score Ψ (24) of the present weights.</summary>
    /// <param name="scoring">How to score; defaults without it.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public PacGenScore Score(ScoreOptions? scoring = null, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return evaluation.Score(scoring ?? new ScoreOptions(), cancellation);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">It is running.</exception>
    public void Dispose()
    {
        if (running)
        {
            throw new InvalidOperationException("The trainer can't be disposed of while it runs: stop the run first.");
        }

        disposed = true;
        recorder.Dispose();
        evaluation?.Dispose();
        pipeline?.Dispose();
        Arena?.Dispose();
    }

    /// <summary>One step, and its loss. It allocates nothing managed.</summary>
    /// <exception cref="TrainingException">The loss, the gradient or the updated weights are not finite.</exception>
    internal float Step(in Batch batch, int epoch, double rate) => epochs.Step(batch, epoch, rate);

    private void SaveCheckpoint(bool best = false) => snapshot.Save(recorder, results, epochs.Position, best);
}
