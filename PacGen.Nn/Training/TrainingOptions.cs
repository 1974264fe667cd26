using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>How a <see cref="Trainer"/> runs.</summary>
public sealed record TrainingOptions
{
    /// <summary>How many times the training set is seen.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Samples a step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>
    /// In how many parts a batch is passed, for batches that don't fit into memory: the mean of the parts' gradients goes into
    /// the one update, and the perturbation is drawn once. Divides <see cref="BatchSize"/>. The gradient is the whole batch's up
    /// to rounding, but <see cref="BatchNorm"/> normalises by each part's own statistics, and its running ones move by their
    /// mean. Evaluation and re-estimated statistics go by parts as well. Sums over parts go along a binary tree, so that the
    /// processes of a <see cref="Communicator"/> can share them.
    /// </summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>
    /// The processes that share the run, each with its share of the <see cref="Accumulate"/> parts, a power of two; null for this
    /// one alone. All must be given the same data and options and make the same calls on the trainer. Their number changes no
    /// bit. Rank 0 writes what is kept; the others must be able to read the folder that a run is resumed from.
    /// </summary>
    public Communicator? Communicator { get; init; }

    /// <summary>
    /// Whether the sum over the processes begins while the gradients of the first layers are still computed, on the CPU. All must
    /// be given the same. The bits are the same with and without.
    /// </summary>
    public bool OverlapSums { get; init; } = true;

    /// <summary>Decides first weights, order of images, dropout and perturbations; with it a run repeats bit for bit.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The loss of a batch from the model's output and the labels; the usual one of the targets
    /// without it (<see cref="PacGen.Nn.Loss.Of"/>).</summary>
    public Func<Tensor, Tensor, Tensor>? Loss { get; init; }

    /// <summary>
    /// What is measured of training and test set after each epoch, beside the loss and the accuracy of classes; the usual metrics
    /// of the targets without it (<see cref="Metric.Usual"/>). Each has a name of its own.
    /// </summary>
    public IReadOnlyList<Metric>? Metrics { get; init; }

    /// <summary>
    /// How training images are varied, anew each epoch; null for as they are. Evaluation and score see them as they are.
    /// </summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>
    /// How many threads read the samples of the next batches while one trains; null for 2 where samples are varied or are not in
    /// memory, else 1. The batches don't depend on it.
    /// </summary>
    public int? LoadingThreads { get; init; }

    /// <summary>The learning rate's course.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>The gradient's largest Euclidean norm, or null for no clipping.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>
    /// What products and convolutions of training passes multiply, gradients included; <see cref="Precision.BFloat16"/> is mixed
    /// precision. Weights, their update and noise, statistics, evaluation, running statistics that are re-estimated and the score
    /// stay in single precision; only h of <see cref="CurvatureSource.Training"/> is of the training passes' gradients.
    /// </summary>
    public Precision Precision { get; init; } = Precision.Single;

    /// <summary>Where to run; <see cref="Device.Best"/> without it.</summary>
    public Device? Device { get; init; }

    /// <summary>
    /// What training does to the running statistics of a model with <see cref="BatchNorm"/>. Null for
    /// <see cref="RunningStatistics.Reestimated"/> where training passes run at other weights than those that are evaluated, as
    /// under a perturbing optimizer or an <see cref="Average"/>, and for <see cref="RunningStatistics.FromTrainingPass"/> where
    /// they do not, as PyTorch does.
    /// </summary>
    public RunningStatistics? RunningStatistics { get; init; }

    /// <summary>
    /// The average of the weights that is evaluated, scored and saved in their place; null for none. Running statistics are then
    /// re-estimated at it where nothing else is said.
    /// </summary>
    public WeightAveraging? Average { get; init; }

    /// <summary>How to score after each epoch, or null for no score.</summary>
    public ScoreOptions? Score { get; init; }

    /// <summary>
    /// Whether the smoothed squared gradient h of section 7 is kept (<see cref="Trainer.SecondMoment"/>), β = 0.999, whatever the
    /// optimizer; under Algorithm 1, with its β₁. A score with <see cref="CurvatureSource.Training"/> keeps it anyway. The
    /// weights' bits are the same with and without. It takes one more array, written in the update's pass, where the optimizer
    /// has none of this β.
    /// </summary>
    public bool KeepSecondMoment { get; init; }

    /// <summary>A file that gets one JSON object a line: the settings first, then each epoch. Null for none.</summary>
    public string? LogPath { get; init; }

    /// <summary>
    /// A folder of this run's own that gets a TensorBoard event file: losses, accuracies, gap, Ψ and images a second of each
    /// epoch, and the loss and learning rate of steps about fifty times an epoch. Null for none.
    /// </summary>
    public string? TensorBoardFolder { get; init; }

    /// <summary>
    /// By what the best epoch is chosen; null for the test accuracy of classes, and the test loss of other targets. Its
    /// checkpoint is kept, and <see cref="EarlyStop"/> waits for a better one.
    /// </summary>
    public EpochQuantity? BestBy { get; init; }

    /// <summary>
    /// After how many epochs without a better one by <see cref="BestBy"/> the run ends; null for never. Images that decide when
    /// to stop are no longer unseen: for an error that is reported, hold others back.
    /// </summary>
    public int? EarlyStop { get; init; }

    /// <summary>Where and when checkpoints are written; null for none. <see cref="Trainer.Resume"/> goes on from one.</summary>
    public CheckpointOptions? Checkpoints { get; init; }

    /// <summary>Images that are passed at once in training.</summary>
    internal int PartSize => BatchSize / Accumulate;

    /// <summary>Whether h is kept.</summary>
    internal bool WantsSecondMoment => KeepSecondMoment || Score?.Curvature == CurvatureSource.Training;

    /// <summary>How many threads load batches of a data set.</summary>
    internal int Threads(Dataset data) => LoadingThreads ?? (Augmentation is null && data.Train.Bytes > 0 ? 1 : 2);

    /// <summary>The loss on a data set.</summary>
    internal Func<Tensor, Tensor, Tensor> LossOf(Dataset data) => Loss ?? PacGen.Nn.Loss.Of(data.Train.Target);

    /// <summary>By what the best epoch is chosen on a data set.</summary>
    internal EpochQuantity BestOf(Dataset data) =>
        BestBy ?? (data.Train.Target.Kind == TargetKind.Class ? EpochQuantity.TestAccuracy : EpochQuantity.TestLoss);

    /// <summary>Batches of an epoch.</summary>
    internal int Batches(Dataset data) => ((data.Train.Count - 1) / BatchSize) + 1;

    /// <summary>Holds the options against a data set.</summary>
    /// <exception cref="ArgumentException">An option is out of range, or the sets don't go together.</exception>
    internal void Validate(Dataset data)
    {
        if (Epochs < 1)
        {
            throw new ArgumentException($"The number of epochs is {Epochs}, but must be at least 1.");
        }

        if (BatchSize < 1 || BatchSize > data.Train.Count)
        {
            throw new ArgumentException(
                $"The batch size is {BatchSize}, but must be between 1 and the {data.Train.Count} training {data.Train.Noun} " +
                    $"of {data.Name}.");
        }

        if (Accumulate < 1 || BatchSize % Accumulate != 0)
        {
            int[] ways = [.. Enumerable.Range(1, BatchSize).Where(parts => BatchSize % parts == 0)];
            throw new ArgumentException(
                $"A batch of {BatchSize} can't be passed in {Accumulate} equal parts: accumulate over " +
                    $"{string.Join(", ", ways)}.");
        }

        if (LoadingThreads is < 1 or > 256)
        {
            throw new ArgumentException($"{LoadingThreads} threads can't load samples: it must be 1 to 256.");
        }

        if (EarlyStop is < 1)
        {
            throw new ArgumentException($"The epochs to wait for a better one are {EarlyStop}, but must be at least 1.");
        }

        if (BestBy == EpochQuantity.Psi && Score is null)
        {
            throw new ArgumentException(
                "The best epoch is to be chosen by Ψ, but no score is asked for: ask for one, or choose it by another quantity.");
        }

        if (Average is not null && RunningStatistics == PacGen.Nn.RunningStatistics.FromTrainingPass)
        {
            throw new ArgumentException(
                "Running statistics from the training passes are those of w, not of the average that is evaluated: have them " +
                    "re-estimated, or kept.");
        }

        if (ClipNorm is { } limit)
        {
            SinglePrecision.Positive(limit, "The gradient's largest norm");
        }

        Score?.Validate(data.Train.Count);
        Checkpoints?.Validate();
        data.RequireOneForm();
    }
}
