using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>
/// Measures λ_max and λ_min of ∇²L̂, or of another curvature matrix, at a network's weights by Lanczos's method with full
/// reorthogonalization (Golub and Van Loan, <i>Matrix Computations</i>, 4th edition, 10.1).
/// </summary>
public static class Lanczos
{
    private const uint Stream = 0x6C61_6E63;

    /// <summary>
    /// Products after which λ_max must still be where its residual became small: that residual tells that an eigenvalue is there,
    /// not that it is the largest.
    /// </summary>
    internal const int Confirmations = 2;

    /// <summary>Measures both ends of the spectrum.</summary>
    /// <param name="subject">L̂ of the network; left at its weights.</param>
    /// <param name="options">How to iterate; defaults without it.</param>
    /// <param name="progress">Notified after each product.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The largest and the smallest eigenvalue, each with its residual.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ExtremeEigenvalues Measure(
        EmpiricalLoss subject, LanczosOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new LanczosOptions();
        options.Validate();
        PassCost before = subject.Cost;
        subject.MoveToWeights();
        int done = 0;
        void Apply(double[] v, double[] product)
        {
            subject.Product(options.Matrix, v, product, cancellation);
            progress?.Report(new MeasureProgress("eigenvalues", ++done, options.Products));
        }

        Krylov.Ends ends = new Krylov(
            subject.Count, options.Products, options.Tolerance, false, new RandomStream(options.Seed, Stream), Confirmations)
            .Run(Apply);
        return new ExtremeEigenvalues
        {
            Value = ends.Largest,
            Uncertainty = Uncertainty.Within(ends.Largest, ends.LargestResidual, "an eigenvalue's residual"),
            Cost = subject.Cost - before,
            LargestResidual = ends.LargestResidual,
            Smallest = ends.Smallest,
            SmallestResidual = ends.SmallestResidual,
            Products = ends.Steps,
            Matrix = options.Matrix,
            Converged = ends.LargestConverged,
            SmallestConverged = ends.SmallestConverged,
        };
    }
}
