using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>How a <see cref="TrainingPipeline"/> passes batches.</summary>
public sealed record PipelineOptions
{
    /// <summary>Decides dropout and perturbations.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The loss of a batch from the model's output and the labels; softmax cross-entropy without it.</summary>
    public Func<Tensor, Tensor, Tensor>? Loss { get; init; }

    /// <summary>
    /// In how many equal parts a whole batch is passed, their gradients being averaged; 1 for at once. Each part has a number of
    /// its own, for dropout. A smaller last batch is passed in parts of the same size.
    /// </summary>
    public int Parts { get; init; } = 1;

    /// <summary>
    /// The images of a whole batch, a multiple of <see cref="Parts"/>; needed where that is more than 1.
    /// </summary>
    public int BatchSize { get; init; }

    /// <summary>
    /// Whether the sum over the ranks of <see cref="ParameterArena.Parallel"/> begins while the gradients of the first layers are
    /// still computed. The bits are the same.
    /// </summary>
    public bool OverlapSums { get; init; } = true;

    /// <summary>The gradient's largest Euclidean norm, or null for no clipping.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>
    /// β of a smoothed squared gradient that is kept whatever the optimizer (<see cref="OptimizerSession.SecondMoment"/>), in
    /// [0, 1); null for what it keeps anyway.
    /// </summary>
    public double? SecondMomentBeta { get; init; }

    /// <summary>What the pass's products and convolutions multiply.</summary>
    public Precision Precision { get; init; } = Precision.Single;

    /// <summary>What a pass does to the model's running statistics.</summary>
    public RunningStatistics Statistics { get; init; } = RunningStatistics.FromTrainingPass;

    /// <summary>The average of the weights that is kept besides; null for none.</summary>
    public WeightAveraging? Average { get; init; }

    /// <summary>
    /// Where a certificate's noise makes w + u, which the pass then runs with; null for the optimizer's own weights.
    /// </summary>
    internal DeviceBuffer? ForwardWeights { get; init; }

    /// <summary>
    /// Whether the pass is that of evaluation: batch norm by the running statistics, which stay, and no dropout.
    /// </summary>
    internal bool IsEvaluation { get; init; }

    /// <summary>Called with the step before each pass.</summary>
    internal Action<long>? BeforePass { get; init; }

    /// <summary>Makes what runs on the gradients between pass and update.</summary>
    internal Func<DeviceBuffer, CompiledGraph>? AfterPass { get; init; }

    /// <summary>The images that are passed at once; 0 for a whole batch, whatever its size.</summary>
    internal int PartSize => Parts == 1 ? 0 : BatchSize / Parts;

    /// <exception cref="ArgumentException">Batches can't be passed in so many equal parts.</exception>
    internal void Validate()
    {
        if (Parts < 1 || (Parts > 1 && (BatchSize < 1 || BatchSize % Parts != 0)))
        {
            throw new ArgumentException(
                $"A batch of {BatchSize} images can't be passed in {Parts} equal parts: name the batch size and a divisor of " +
                    $"it.");
        }
    }

    /// <summary>How a trainer passes batches.</summary>
    internal static PipelineOptions Of(TrainingOptions options, RunningStatistics statistics) => new()
    {
        Seed = options.Seed,
        Loss = options.Loss,
        BatchSize = options.BatchSize,
        Parts = options.Accumulate,
        OverlapSums = options.OverlapSums,
        ClipNorm = options.ClipNorm,
        Precision = options.Precision,
        Statistics = statistics,
        SecondMomentBeta = options.WantsSecondMoment ? SmoothedSecondMoment.DefaultBeta : null,
        Average = options.Average,
    };
}
