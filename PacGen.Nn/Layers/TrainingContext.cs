using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// What a graph built for training knows of the run: the seed, the step as an input of the graph, and what becomes of running
/// statistics. Layers that draw random numbers take their stream from here.
/// </summary>
/// <param name="seed">The run's seed.</param>
/// <param name="statistics">What the pass does to running statistics; see <see cref="Average"/>.</param>
public sealed class TrainingContext(ulong seed, RunningStatistics statistics = RunningStatistics.FromTrainingPass)
{
    private readonly Dictionary<StateTensor, Tensor> next = [];
    private uint streams;

    /// <summary>The run's seed.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>
    /// The step number, a scalar that is written before each run of the graph: another step, other random numbers.
    /// </summary>
    public Tensor Step { get; } = Tensor.Input(Shape.Scalar, "step");

    /// <summary>
    /// The present batch's share in statistics that are re-estimated, a scalar that is written before each run of the graph.
    /// </summary>
    public Tensor Share { get; } = Tensor.Input(Shape.Scalar, "share");

    /// <summary>What the states become by this pass; those that it leaves alone are not in it.</summary>
    public IReadOnlyDictionary<StateTensor, Tensor> Next => next;

    /// <summary>A random stream that nobody else in the graph has; the same at every build of the same modules.</summary>
    public uint NextStream() => 0x4452_0000 + streams++;

    /// <summary>
    /// Moves a running statistic towards the batch's: s ← (1 − share)·s + share·batch. The share is the layer's momentum where
    /// the training pass itself updates statistics, and <see cref="Share"/> where they are re-estimated; where they are kept,
    /// nothing happens. A layer that is used twice moves it twice.
    /// </summary>
    /// <param name="statistic">The statistic.</param>
    /// <param name="ofBatch">Its value on the present batch, of the same shape.</param>
    /// <param name="momentum">The layer's momentum, in [0, 1].</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The momentum is not in [0, 1], or positive but 0 in single
    /// precision.</exception>
    public void Average(StateTensor statistic, Tensor ofBatch, double momentum)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        ArgumentNullException.ThrowIfNull(ofBatch);
        if (ofBatch.Shape != statistic.Shape)
        {
            throw new ShapeException(
                $"Average: the state has shape {statistic.Shape}, but its value on the batch has {ofBatch.Shape}: they must be " +
                $"the same.");
        }

        if (statistics == RunningStatistics.Kept)
        {
            return;
        }

        SinglePrecision.Share(momentum, "The momentum");
        (Tensor share, Tensor rest) = statistics == RunningStatistics.Reestimated ? (Share, 1f - Share)
            : (momentum, 1 - momentum);
        next[statistic] = (rest * next.GetValueOrDefault(statistic, statistic)) + (share * ofBatch);
    }
}
