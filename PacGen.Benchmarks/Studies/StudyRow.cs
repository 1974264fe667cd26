namespace PacGen.Benchmarks.Studies;

/// <summary>One network of a study at one moment of its training, as the study's file keeps it and its report reads it.</summary>
/// <param name="Run">The run's number in the study, from 1.</param>
/// <param name="Settings">
/// What tells runs apart, by name in the order of the study's description: <c>data</c>, <c>model</c>, <c>optimizer</c>,
/// <c>batch-size</c>, <c>learning-rate</c>, …; the seed is apart.
/// </param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Moment">
/// Where in training: <c>end</c>, <c>epoch:20</c>, or <c>loss:0.01</c>, the first epoch whose training cross-entropy was no
/// larger.
/// </param>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="TrainLoss">The training images' cross-entropy, in nats.</param>
/// <param name="TestLoss">The test images' cross-entropy, in nats.</param>
/// <param name="TrainAccuracy">Of the training images, in [0, 1].</param>
/// <param name="TestAccuracy">Of the test images, in [0, 1].</param>
/// <param name="Measures">The measures' values by their names in <c>Measures.All</c>; NaN where a measure isn't defined.</param>
internal sealed record StudyRow(
    int Run,
    IReadOnlyDictionary<string, string> Settings,
    ulong Seed,
    string Moment,
    int Epoch,
    double TrainLoss,
    double TestLoss,
    double TrainAccuracy,
    double TestAccuracy,
    IReadOnlyDictionary<string, double> Measures)
{
    /// <summary>The generalization gap of Figures 3 to 6: test loss less training loss, in nats.</summary>
    public double LossGap => TestLoss - TrainLoss;

    /// <summary>
    /// The name of the images that it was trained on, such as <c>cifar-100-coarse</c>; null where nobody knows.
    /// </summary>
    public string? ImagesName { get; init; }

    /// <summary>How many test images its numbers are over; null where nobody knows.</summary>
    public int? TestImages { get; init; }

    /// <summary>Training accuracy less test accuracy.</summary>
    public double AccuracyGap => TrainAccuracy - TestAccuracy;
}
