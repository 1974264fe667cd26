using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>
/// Measures of the Hessian ∇²L̂ at a network's weights w, by exact Hessian-vector products over the whole set (no squared
/// gradients). Each method moves <paramref name="empirical"/> to w.
/// </summary>
/// <param name="empirical">L̂.</param>
public sealed class Curvature(EmpiricalLoss empirical)
{
    private const uint LanczosStream = 0x6C61_6E63, HutchinsonStream = 0x6875_7463;

    /// <summary>λ_max of ∇²L̂, as (8) and Lemma 9 use it, and the smallest eigenvalue beside it.</summary>
    /// <param name="products">The most products.</param>
    /// <param name="tolerance">Ends early once λ_max's residual is below this share of the largest magnitude.</param>
    /// <param name="seed">Draws the first vector.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no product.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public EigenvalueEstimate LargestEigenvalue(int products = 60, double tolerance = 1e-3, ulong seed = 1, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(products, 1);
        empirical.MoveToWeights();
        Krylov.Ends ends = Krylov.Run(
            empirical.Count, (v, product) => empirical.HessianProduct(v, product, cancellation), products, tolerance, false, new RandomStream(seed, LanczosStream));
        return new EigenvalueEstimate(ends.Largest, ends.LargestResidual, ends.Smallest, ends.SmallestResidual, ends.Steps, ends.Converged);
    }

    /// <summary>Trace, Frobenius norm and diagonal of ∇²L̂ by Hutchinson's method.</summary>
    /// <param name="draws">How many products; the errors fall as 1/√draws.</param>
    /// <param name="seed">Draws the vectors.</param>
    /// <param name="progress">Told after each product.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no draw.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public HessianMoments Moments(int draws = 50, ulong seed = 1, IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        empirical.MoveToWeights();
        double[] v = new double[empirical.Count], product = new double[empirical.Count], diagonal = new double[empirical.Count];
        List<double> traces = [], squares = [];
        for (int draw = 0; draw < draws; draw++)
        {
            for (int i = 0; i < v.Length; i += 32)
            {
                uint word = Philox.Word(seed, HutchinsonStream, (uint)draw, i / 32);
                for (int bit = 0; bit < 32 && i + bit < v.Length; bit++)
                {
                    v[i + bit] = ((word >> bit) & 1) == 0 ? -1 : 1;
                }
            }

            empirical.HessianProduct(v, product, cancellation);
            double trace = 0, square = 0;
            for (int i = 0; i < v.Length; i++)
            {
                trace += v[i] * product[i];
                square += product[i] * product[i];
                diagonal[i] += v[i] * product[i] / draws;
            }

            traces.Add(trace);
            squares.Add(square);
            progress?.Report(new MeasureProgress("trace", draw + 1, draws));
        }

        return new HessianMoments(MeanEstimate.Of(traces), MeanEstimate.Of(squares), diagonal);
    }

    /// <summary>The exact diagonal ∇ᵢ²L̂, m products: for small networks.</summary>
    /// <param name="progress">Told some times.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public double[] Diagonal(IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default)
    {
        empirical.MoveToWeights();
        double[] unit = new double[empirical.Count], product = new double[empirical.Count], diagonal = new double[empirical.Count];
        for (int i = 0; i < unit.Length; i++)
        {
            unit[i] = 1;
            empirical.HessianProduct(unit, product, cancellation);
            diagonal[i] = product[i];
            unit[i] = 0;
            if (i % 64 == 63 || i + 1 == unit.Length)
            {
                progress?.Report(new MeasureProgress("diagonal", i + 1, unit.Length));
            }
        }

        return diagonal;
    }
}
