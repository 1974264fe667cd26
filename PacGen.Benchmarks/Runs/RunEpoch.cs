using PacGen.Nn;

namespace PacGen.Benchmarks.Runs;

/// <summary>An epoch of a run that is kept; what the numbers are says <see cref="EpochResult"/>.</summary>
/// <param name="Epoch">Counts from 1.</param>
/// <param name="TrainLoss">The mean loss over the training set at w, in evaluation mode.</param>
/// <param name="TrainAccuracy">The share of the training set that is classified correctly, in [0, 1].</param>
/// <param name="TestLoss">The mean loss over the set that is tested on.</param>
/// <param name="TestAccuracy">The share of that set that is classified correctly, in [0, 1].</param>
/// <param name="StepLoss">The mean loss of the training steps, at w + u where the optimizer perturbs.</param>
/// <param name="Seconds">The time that training the epoch took, evaluation not counted.</param>
/// <param name="Levels">The levels of Algorithm 1 at its end; null where nothing was perturbed so, or they are not known.</param>
internal sealed record RunEpoch(
    int Epoch, double TrainLoss, double TrainAccuracy, double TestLoss, double TestAccuracy, double StepLoss, double Seconds,
    PerturbationLevels? Levels = null)
{
    /// <summary>The same of a trainer's result.</summary>
    public static RunEpoch Of(EpochResult result) =>
        new(result.Epoch, result.TrainLoss, result.TrainAccuracy, result.TestLoss, result.TestAccuracy, result.StepLoss,
            result.Seconds);
}
