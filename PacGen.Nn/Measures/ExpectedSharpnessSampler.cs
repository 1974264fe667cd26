using PacGen.Core.Perturbation;

namespace PacGen.Nn;

/// <summary>Measures the expected sharpness (3) by drawing Gaussian perturbations of all weights.</summary>
public static class ExpectedSharpnessSampler
{
    /// <summary>Measures the sharpness.</summary>
    /// <param name="subject">L̂ of the network; left at some other point.</param>
    /// <param name="options">σ, the number of draws and whether each comes with its opposite; defaults without it.</param>
    /// <param name="progress">Notified after each pass.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The sharpness with its standard error.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="TrainingException">The loss is not finite at some perturbation.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ExpectedSharpness Measure(
        EmpiricalLoss subject, ExpectedLossOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new ExpectedLossOptions();
        options.Validate();
        PassCost before = subject.Cost;
        subject.MoveToWeights();
        double loss = subject.Value(cancellation);
        ExpectedLoss expected = ExpectedLossSampler.Measure<GaussianNoise>(subject, options, progress, cancellation);
        MeanEstimate sharpness = expected.Loss with { Value = expected.Loss.Value - loss };
        return new ExpectedSharpness
        {
            Value = sharpness.Value, Uncertainty = Uncertainty.Of(sharpness), Cost = subject.Cost - before, Loss = loss,
                Expected = expected,
        };
    }
}
