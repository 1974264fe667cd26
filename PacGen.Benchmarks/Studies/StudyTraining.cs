using PacGen.Benchmarks.Training;
using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary>How a run of a study trains.</summary>
/// <param name="Model">The network.</param>
/// <param name="Optimizer">How the weights are updated.</param>
/// <param name="Options">Everything else, but for the device.</param>
/// <param name="StopLoss">The training images' cross-entropy at which it ends; null where epochs alone end it.</param>
/// <param name="LeastEpochs">The epochs before which that ends no run.</param>
internal sealed record StudyTraining(
    ModelChoice Model, Optimizer Optimizer, TrainingOptions Options, double? StopLoss, int LeastEpochs)
{
    /// <summary>Whether the training ends with an epoch.</summary>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="trainLoss">The training images' cross-entropy after it.</param>
    public bool EndsAt(int epoch, double trainLoss) =>
        epoch >= Options.Epochs || (epoch >= LeastEpochs && trainLoss <= StopLoss);
}
