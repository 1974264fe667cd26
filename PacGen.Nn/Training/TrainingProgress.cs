namespace PacGen.Nn;

/// <summary>Where a run stands, reported a few times a second.</summary>
/// <param name="Phase">What is being done: training, evaluating or scoring.</param>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Epochs">How many epochs there are.</param>
/// <param name="Batch">The batches of the epoch that are done.</param>
/// <param name="Batches">The batches of the epoch.</param>
/// <param name="Loss">A recent step's loss.</param>
/// <param name="ImagesPerSecond">The pace of training.</param>
/// <param name="Remaining">The time left, by the pace so far.</param>
public readonly record struct TrainingProgress(
    TrainingPhase Phase, int Epoch, int Epochs, int Batch, int Batches, double Loss, double ImagesPerSecond, TimeSpan Remaining);
