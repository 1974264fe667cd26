namespace PacGen.Nn;

/// <summary>
/// Measures the diagonal of ∇²L̂ at a network's weights: exactly where the network is small, else by <see cref="Hutchinson"/>.
/// </summary>
public static class HessianDiagonalEstimator
{
    /// <summary>Measures the diagonal.</summary>
    /// <param name="subject">L̂ of the network; left at its weights.</param>
    /// <param name="options">Up to which size exactly, and how beyond; defaults without it.</param>
    /// <param name="progress">Notified from time to time.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static HessianDiagonal Measure(
        EmpiricalLoss subject, HessianDiagonalOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new HessianDiagonalOptions();
        options.Validate();
        if (subject.Count > options.LargestExact)
        {
            HessianMoments moments = Hutchinson.Measure(
                subject, new HutchinsonOptions { Draws = options.Draws, Seed = options.Seed }, progress, cancellation);
            return new HessianDiagonal
            {
                Value = moments.Value, Uncertainty = moments.Uncertainty, Cost = moments.Cost, Entries = moments.Diagonal,
                    IsExact = false,
            };
        }

        PassCost before = subject.Cost;
        subject.MoveToWeights();
        double[] unit = new double[subject.Count], product = new double[subject.Count], diagonal = new double[subject.Count];
        for (int i = 0; i < unit.Length; i++)
        {
            unit[i] = 1;
            subject.HessianProduct(unit, product, cancellation);
            diagonal[i] = product[i];
            unit[i] = 0;
            if (i % 64 == 63 || i + 1 == unit.Length)
            {
                progress?.Report(new MeasureProgress("diagonal", i + 1, unit.Length));
            }
        }

        double sum = diagonal.Sum();
        return new HessianDiagonal
        {
            Value = sum, Uncertainty = Uncertainty.Rounding(sum), Cost = subject.Cost - before, Entries = diagonal,
                IsExact = true,
        };
    }
}
