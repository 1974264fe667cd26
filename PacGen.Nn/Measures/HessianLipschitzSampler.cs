using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>Measures Definition 4's ρ from below, by ratios at sampled pairs of points.</summary>
public static class HessianLipschitzSampler
{
    private const uint PairStream = 0x7061_6972, NormStream = 0x6E6F_726D;

    /// <summary>
    /// Samples pairs: v₁ uniform in the neighbourhood of the network's weights, v₂ on the way to another such point.
    /// </summary>
    /// <param name="subject">L̂; left at some other point.</param>
    /// <param name="options">How to sample; defaults without it.</param>
    /// <param name="progress">Notified after each pair.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The largest ratio that was seen: below the constant, by an unknown amount.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static LocalHessianLipschitz Measure(
        EmpiricalLoss subject, HessianLipschitzOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new HessianLipschitzOptions();
        options.Validate();
        PassCost before = subject.Cost;
        float[] weights = subject.MoveToWeights(), first = new float[weights.Length], second = new float[weights.Length];
        double[] other = new double[weights.Length];
        List<double> ratios = [], distances = [];
        int converged = 0;
        for (int pair = 0; pair < options.Pairs; pair++)
        {
            RandomStream random = new(options.Seed, PairStream, (uint)pair);
            double squared = 0;
            for (int i = 0; i < weights.Length; i++)
            {
                double kappa = options.Neighborhood.Kappa(weights[i]);
                double from = (2 * random.NextUniform()) - 1, to = (2 * random.NextUniform()) - 1;
                first[i] = (float)(weights[i] + (kappa * from));
                second[i] = (float)(weights[i] + (kappa * (from + (options.Distance * (to - from)))));
                squared += ((double)first[i] - second[i]) * ((double)first[i] - second[i]);
            }

            void Difference(double[] v, double[] product)
            {
                subject.MoveTo(second);
                subject.HessianProduct(v, other, cancellation);
                subject.MoveTo(first);
                subject.HessianProduct(v, product, cancellation);
                for (int i = 0; i < product.Length; i++)
                {
                    product[i] -= other[i];
                }
            }

            Krylov.Ends ends = new Krylov(
                weights.Length, options.Products, options.Tolerance, true, new RandomStream(options.Seed, NormStream, (uint)pair))
                .Run(Difference);
            converged += ends.Converged ? 1 : 0;
            distances.Add(Math.Sqrt(squared));
            ratios.Add(squared == 0 ? 0 : Math.Max(Math.Abs(ends.Largest), Math.Abs(ends.Smallest)) / distances[^1]);
            progress?.Report(new MeasureProgress("ρ", pair + 1, options.Pairs));
        }

        return new LocalHessianLipschitz
        {
            Value = ratios.Max(),
            Uncertainty = Uncertainty.LowerBound(ratios.Max()),
            Cost = subject.Cost - before,
            Ratios = ratios,
            Distances = distances,
            Converged = converged,
            Options = options,
        };
    }
}
