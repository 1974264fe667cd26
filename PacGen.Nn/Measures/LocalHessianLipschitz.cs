using System.Globalization;
using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>
/// Definition 4's ρ from below: the largest ratio ‖∇²L̂(v₁) − ∇²L̂(v₂)‖ / ‖v₁ − v₂‖ (operator norm, (4)) over pairs sampled in
/// Neigh_{γ,ε}(w). L̂ is ρ-Hessian Lipschitz there only if ρ is at least this; how much more it must be, no sample can say.
/// </summary>
public sealed record LocalHessianLipschitz
{
    private const uint PairStream = 0x7061_6972, NormStream = 0x6E6F_726D;

    /// <summary>The largest ratio found: a lower estimate of ρ.</summary>
    public required double Rho { get; init; }

    /// <summary>The pairs' ratios.</summary>
    public required IReadOnlyList<double> Ratios { get; init; }

    /// <summary>The pairs' ‖v₁ − v₂‖.</summary>
    public required IReadOnlyList<double> Distances { get; init; }

    /// <summary>How many pairs' operator norm reached the tolerance; the others' are too small by an unknown amount.</summary>
    public required int Converged { get; init; }

    /// <summary>How it was sampled.</summary>
    public required HessianLipschitzOptions Options { get; init; }

    /// <summary>Samples pairs: v₁ uniform in the neighbourhood of the network's weights, v₂ on the way to another such point.</summary>
    /// <param name="empirical">L̂; left at some other point.</param>
    /// <param name="options">How to sample; defaults without it.</param>
    /// <param name="progress">Told after each pair.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static LocalHessianLipschitz Sample(
        EmpiricalLoss empirical, HessianLipschitzOptions? options = null, IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(empirical);
        options ??= new HessianLipschitzOptions();
        options.Validate();
        float[] weights = empirical.MoveToWeights(), first = new float[weights.Length], second = new float[weights.Length];
        double[] other = new double[weights.Length];
        List<double> ratios = [], distances = [];
        int converged = 0;
        for (int pair = 0; pair < options.Pairs; pair++)
        {
            RandomStream random = new(options.Seed, PairStream, (uint)pair);
            double squared = 0;
            for (int i = 0; i < weights.Length; i++)
            {
                double kappa = (options.Gamma * Math.Abs((double)weights[i])) + options.Epsilon;
                double from = (2 * random.NextUniform()) - 1, to = (2 * random.NextUniform()) - 1;
                first[i] = (float)(weights[i] + (kappa * from));
                second[i] = (float)(weights[i] + (kappa * (from + (options.Distance * (to - from)))));
                squared += ((double)first[i] - second[i]) * ((double)first[i] - second[i]);
            }

            void Difference(double[] v, double[] product)
            {
                empirical.MoveTo(second);
                empirical.HessianProduct(v, other, cancellation);
                empirical.MoveTo(first);
                empirical.HessianProduct(v, product, cancellation);
                for (int i = 0; i < product.Length; i++)
                {
                    product[i] -= other[i];
                }
            }

            Krylov.Ends ends = Krylov.Run(
                weights.Length, Difference, options.Products, options.Tolerance, true, new RandomStream(options.Seed, NormStream, (uint)pair));
            converged += ends.Converged ? 1 : 0;
            distances.Add(Math.Sqrt(squared));
            ratios.Add(squared == 0 ? 0 : Math.Max(Math.Abs(ends.Largest), Math.Abs(ends.Smallest)) / distances[^1]);
            progress?.Report(new MeasureProgress("ρ", pair + 1, options.Pairs));
        }

        return new LocalHessianLipschitz
        {
            Rho = ratios.Max(),
            Ratios = ratios,
            Distances = distances,
            Converged = converged,
            Options = options,
        };
    }

    /// <summary>What was found, and that it is a lower estimate.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"ρ ≥ {Rho:G4}: the largest of {Ratios.Count} sampled ratios in Neigh with γ = {Options.Gamma}, ε = {Options.Epsilon}; a lower estimate ({Converged} of {Ratios.Count} norms converged)");
}
