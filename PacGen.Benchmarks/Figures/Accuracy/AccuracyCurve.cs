using PacGen.Benchmarks.Runs;

namespace PacGen.Benchmarks.Figures.Accuracy;

/// <summary>The epochs of one run of Figure 7.</summary>
/// <param name="Arm">How it was trained.</param>
/// <param name="Seed">From which first weights and in which order of images.</param>
/// <param name="Record">What became of it.</param>
internal sealed record AccuracyCurve(RunArm Arm, ulong Seed, RunRecord Record)
{
    /// <summary>All epochs of all curves, as lines of comma-separated values.</summary>
    public static IEnumerable<string> Rows(IEnumerable<AccuracyCurve> curves, string dataset, string network) =>
    [
        "dataset,model,seed,optimizer,eta,gamma,epoch,train_loss,train_accuracy,test_loss,test_accuracy,step_loss,seconds",
        .. from curve in curves
           let kind = curve.Arm.Gamma is null ? curve.Arm.Key : "perturbed"
           let run = $"{dataset},{network},{curve.Seed},{kind},{curve.Arm.Eta},{curve.Arm.Gamma}"
           from epoch in curve.Record.Epochs
           let train = $"{epoch.TrainLoss:R},{epoch.TrainAccuracy:R}"
           let test = $"{epoch.TestLoss:R},{epoch.TestAccuracy:R}"
           select $"{run},{epoch.Epoch},{train},{test},{epoch.StepLoss:R},{epoch.Seconds:F1}",
    ];
}
