using PacGen.Core.Lanes;

namespace PacGen.Nn;

/// <summary>
/// An average of the weights that training passes through, which is evaluated, scored and saved in their place; training goes
/// on from the weights themselves. As PyTorch's <c>AveragedModel</c>: the first weights that come are the average, and each
/// later w moves it, a ← a + share·(w − a). Until then the weights themselves are evaluated.
/// </summary>
/// <remarks>
/// Running statistics of <see cref="BatchNorm"/> are those of the average: estimated anew at it before evaluation
/// (<see cref="RunningStatistics.Reestimated"/>), or <see cref="RunningStatistics.Kept"/>. Those that training passes would
/// gather are of the weights themselves, and refused.
/// </remarks>
public sealed record WeightAveraging
{
    private readonly double? decay;
    private readonly int start, every;

    private WeightAveraging(double? decay, int start, int every)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(start, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        (this.decay, this.start, this.every) = (decay, start, every);
    }

    /// <summary>
    /// Stochastic weight averaging (SWA; Izmailov and others, <see href="https://arxiv.org/abs/1803.05407">arXiv
    /// 1803.05407</see>, Algorithm 1): the mean of the weights at the ends of epochs. The learning rate is the schedule's; what
    /// is averaged differs only where that stays high.
    /// </summary>
    /// <param name="startEpoch">The first epoch whose end counts, from 1; the authors take the last quarter of a run.</param>
    /// <param name="everyEpochs">The epochs from one to the next, c.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public static WeightAveraging Swa(int startEpoch, int everyEpochs = 1) => new(null, startEpoch, everyEpochs);

    /// <summary>An exponential moving average over the steps: a ← d·a + (1 − d)·w.</summary>
    /// <param name="decay">d, in [0, 1).</param>
    /// <param name="startEpoch">The first epoch whose steps count, from 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The decay is outside, or the epoch below 1.</exception>
    public static WeightAveraging Ema(double decay = 0.999, int startEpoch = 1) =>
        new(SinglePrecision.Fraction(decay, "The decay of the average"), startEpoch, 1);

    /// <summary>Whether steps move the average, and not the ends of epochs.</summary>
    internal bool IsOfSteps => decay is not null;

    /// <summary>Whether an epoch's weights count.</summary>
    internal bool Counts(int epoch) => epoch >= start;

    /// <summary>How many epochs' ends are in the average after an epoch.</summary>
    internal long Ends(int epoch) => epoch < start ? 0 : ((epoch - start) / every) + 1;

    /// <summary>How far the next weights move the average.</summary>
    /// <param name="count">How many are in it.</param>
    internal float Share(long count) => count == 0 ? 1f : decay is { } d ? (float)(1 - d) : (float)(1d / (count + 1));

    /// <inheritdoc/>
    public override string ToString() => decay is { } d ? $"EMA(decay {d}, from epoch {start})"
        : $"SWA(from epoch {start}{(every > 1 ? $", every {every}" : "")})";
}
