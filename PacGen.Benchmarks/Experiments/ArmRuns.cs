using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Runs;

namespace PacGen.Benchmarks.Experiments;

/// <summary>A way of training, such as a pair (η, γ) of Algorithm 1, and its runs.</summary>
/// <param name="Arm">The way of training.</param>
/// <param name="Records">The runs, one a seed.</param>
internal sealed record ArmRuns(RunArm Arm, IReadOnlyList<RunRecord> Records)
{
    /// <summary>η, or null for the plain optimizer.</summary>
    public double? Eta => Arm.Eta;

    /// <summary>γ, or null for the plain optimizer.</summary>
    public double? Gamma => Arm.Gamma;

    /// <summary>Whether a run failed: such a way is not chosen.</summary>
    public bool Failed => Records.Any(record => record.Failure is not null);

    /// <summary>The accuracies on the images that are not trained on after the last epoch, one a seed.</summary>
    public double[] Accuracies =>
        [.. Records.Where(record => record.Failure is null).Select(record => record.Epochs[^1].TestAccuracy)];

    /// <summary>Their mean; NaN where a run failed.</summary>
    public double Accuracy => Failed ? double.NaN : Accuracies.Average();

    /// <summary>The mean loss on the images that are not trained on; NaN where a run failed.</summary>
    public double Loss => Failed ? double.NaN : Records.Average(record => record.Epochs[^1].TestLoss);

    /// <summary>The mean accuracy on the images that are trained on; NaN where a run failed.</summary>
    public double TrainAccuracy => Failed ? double.NaN : Records.Average(record => record.Epochs[^1].TrainAccuracy);

    /// <summary>The best by mean accuracy, among equals that of the smallest loss; null where all failed.</summary>
    public static ArmRuns? Best(IEnumerable<ArmRuns> cells) =>
        cells.Where(cell => !cell.Failed).OrderByDescending(cell => cell.Accuracy).ThenBy(cell => cell.Loss).FirstOrDefault();

    /// <summary>The mean accuracy, and its range over the seeds.</summary>
    public override string ToString() => Failed ? "failed"
        : Prose.Line($"""
            {100 * Accuracy:F2}
            %{(Accuracies.Length == 1 ? "" : $" ({100 * Accuracies.Min():F2} to {100 * Accuracies.Max():F2})")}
            """);
}
