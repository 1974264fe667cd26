using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>How a <see cref="TrainingPipeline"/> passes batches.</summary>
public sealed record PipelineOptions
{
    /// <summary>Decides dropout and perturbations.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The loss of a batch from the model's output and the labels; softmax cross-entropy without it.</summary>
    public Func<Tensor, Tensor, Tensor> Loss { get; init; } = PacGen.Nn.Loss.CrossEntropy;

    /// <summary>
    /// The images of a batch that are passed at once, the gradients of such parts being averaged; 0 for whole batches.
    /// </summary>
    public int PartSize { get; init; }

    /// <summary>In how many parts a whole batch is passed: each part has a number of its own, for dropout.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>The gradient's largest Euclidean norm, or null for no clipping.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>What a pass does to the model's running statistics.</summary>
    public RunningStatistics Statistics { get; init; } = RunningStatistics.FromTrainingPass;

    /// <summary>
    /// Where a certificate's noise makes w + u, which the pass then runs with; null for the optimizer's own weights.
    /// </summary>
    internal DeviceBuffer? ForwardWeights { get; init; }

    /// <summary>Called with the step before each pass.</summary>
    internal Action<long>? BeforePass { get; init; }

    /// <summary>Makes what runs on the gradients between pass and update.</summary>
    internal Func<DeviceBuffer, CompiledGraph>? AfterPass { get; init; }

    /// <summary>How a trainer passes batches.</summary>
    internal static PipelineOptions Of(TrainingOptions options, RunningStatistics statistics) => new()
    {
        Seed = options.Seed,
        Loss = options.Loss,
        PartSize = options.PartSize,
        Parts = options.Accumulate,
        ClipNorm = options.ClipNorm,
        Statistics = statistics,
    };
}
