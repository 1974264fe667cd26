namespace PacGen.Benchmarks.Studies;

/// <summary>An epoch of a run, as the store has it; what the numbers are says <see cref="PacGen.Nn.EpochResult"/>.</summary>
/// <param name="Run">The run's number.</param>
/// <param name="Epoch">Counts from 1.</param>
/// <param name="Steps">The steps that were taken so far.</param>
/// <param name="TrainLoss">The mean loss over the training images.</param>
/// <param name="TrainAccuracy">The share of them that is classified correctly.</param>
/// <param name="TestLoss">The mean loss over the test images.</param>
/// <param name="TestAccuracy">The share of them that is classified correctly.</param>
/// <param name="StepLoss">The mean loss of the epoch's steps.</param>
/// <param name="Seconds">The time that training it took.</param>
internal sealed record StoredEpoch(
    int Run, int Epoch, long Steps, double TrainLoss, double TrainAccuracy, double TestLoss, double TestAccuracy, double StepLoss,
    double Seconds)
{
    /// <summary>Test loss less training loss.</summary>
    public double Gap => TestLoss - TrainLoss;
}
