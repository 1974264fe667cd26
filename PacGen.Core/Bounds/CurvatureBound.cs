using System.Numerics;

namespace PacGen.Core.Bounds;

/// <summary>
/// The paper's bounds from curvature in any PAC-Bayes inequality. By (9) 𝔼L̂(w+u) ≤ L̂(w) + ℳ, which is no statement about
/// chance; so L̂ + ℳ goes into the inequality by monotonicity, and η of σ*, which then only says how wide the perturbation is,
/// may be chosen by the sample: no grid, no share of δ. The third-order term is (ρ/6)√(𝔼‖u‖²·𝔼‖u‖⁴), in closed form, in the place
/// of (ρ√m/6)Σκᵢ𝔼uᵢ², or the latter where it is less; mostly it is smaller by about κ/σ.
/// </summary>
/// <remarks>
/// With V = 𝔼‖u‖², the derivative of that term with respect to one second moment is near ρ√V/4, the same for all, so the best σᵢ
/// for an η has ρ√V/2 in the place of ρ√m κᵢ/3 in (21), and ρ√V/6 in the place of ρ√m κᵢ/9 in (14). V and σ are made to agree in
/// a few rounds; whatever σ comes of it, the bound is that of this σ, 1/√(η(max(∇ᵢ², 0) + ρ√V/2) + 1/sᵢ²), or for the uniform
/// min(1/√(η(max(∇ᵢ², 0) + ρ√V/2)/3), κᵢ), by the last two of the result's terms. Curvatures may be negative: only the choice of
/// σ counts them as 0.
/// </remarks>
public static class CurvatureBound
{
    private const int Rounds = 6;

    /// <summary>Truncated Gaussians around w, and a prior N(μᵢ, sᵢ²) with a mean and a deviation for each parameter.</summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w).</param>
    /// <param name="priorMeans">μ, chosen before the sample was seen; none for 0.</param>
    /// <param name="priorDeviations">s, chosen before the sample was seen.</param>
    /// <param name="inequality">The inequality; Seeger and Maurer's without it.</param>
    /// <exception cref="ArgumentException">Lengths differ, a deviation is not above 0, or a number is not finite.</exception>
    public static BoundResult Gaussian<T>(
        BoundSample sample, LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature,
        ReadOnlySpan<T> priorMeans, ReadOnlySpan<T> priorDeviations, PacBayesInequality? inequality = null)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        Require.SameLength(weights.Length, priorDeviations.Length, "prior deviations");
        CurvatureNetwork network = CurvatureNetwork.Of(smoothness, weights, curvature, priorMeans);
        double[] deviations = new double[weights.Length];
        for (int i = 0; i < deviations.Length; i++)
        {
            deviations[i] = Require.Width(double.CreateTruncating(priorDeviations[i]), i, "prior deviation");
        }

        return Least(
            "Lemma 8 in", sample, inequality,
            eta => Agree(network, smoothness.Rho, (b, i) => GaussianAt(network, eta, b, deviations[i], i)),
            Assumption.PriorBeforeData);
    }

    /// <summary>
    /// The same with one variance for each group of parameters, such as a layer, chosen from a grid by the sample and paid for: a
    /// group whose variance is the grid's number j adds log(π²j²/6) to KL.
    /// </summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w).</param>
    /// <param name="priorMeans">μ, chosen before the sample was seen; none for 0.</param>
    /// <param name="groupSizes">How many parameters each group has, in their order; they add up to m.</param>
    /// <param name="grid">The variances to choose from, fixed before the sample was seen.</param>
    /// <param name="inequality">The inequality; Seeger and Maurer's without it.</param>
    /// <exception cref="ArgumentException">Lengths differ, the groups don't add up to m, or a number is not finite.</exception>
    public static BoundResult Gaussian<T>(
        BoundSample sample, LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature,
        ReadOnlySpan<T> priorMeans, IReadOnlyList<int> groupSizes, PriorScaleGrid grid, PacBayesInequality? inequality = null)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(groupSizes);
        ArgumentNullException.ThrowIfNull(grid);
        CurvatureNetwork network = CurvatureNetwork.Of(smoothness, weights, curvature, priorMeans);
        int[] groups = [.. groupSizes.SelectMany((size, group) => Enumerable.Repeat(group, size))];
        Require.SameLength(weights.Length, groups.Length, "parameters in groups");
        return Least(
            "Lemma 8 with a scale for each group in", sample, inequality,
            eta =>
            {
                // From the widest: each round gives each group the variance that its σ and its distance from μ ask for.
                int[] places = [.. groupSizes.Select(_ => 1)];
                CurvatureSums best = default;
                for (int round = 0; round < Rounds; round++)
                {
                    double[] deviations = [.. places.Select(place => Math.Sqrt(grid.Scale(place)))];
                    double[] wanted = new double[places.Length];
                    CurvatureSums sums = Agree(
                        network, smoothness.Rho, (b, i) => GaussianAt(network, eta, b, deviations[groups[i]], i), wanted, groups);
                    double cost = places.Sum(place => PriorScaleGrid.LogInverseDelta(place, sample.Delta)
                        - sample.LogInverseDelta);
                    sums = sums with { Kl = sums.Kl + cost };
                    best = round == 0 || (eta * sums.Sharpness) + sums.Kl < (eta * best.Sharpness) + best.Kl ? sums : best;
                    places = [.. wanted.Select((sum, g) => grid.Nearest(Math.Max(sum / Math.Max(groupSizes[g], 1), 1e-300)))];
                }

                return best;
            },
            Assumption.PriorBeforeData);
    }

    /// <summary>Uniform perturbations around w, and the prior U(−τ, τ).</summary>
    /// <param name="sample">L̂(w), n and δ.</param>
    /// <param name="smoothness">ρ, γ, ε.</param>
    /// <param name="weights">w.</param>
    /// <param name="curvature">∇ᵢ²L̂(w).</param>
    /// <param name="tau">τ; read off the weights it makes the result a score.</param>
    /// <param name="inequality">The inequality; Seeger and Maurer's without it.</param>
    /// <exception cref="ArgumentException">|wᵢ| + κᵢ exceeds τ, lengths differ, or a number is not finite.</exception>
    public static BoundResult Uniform<T>(
        BoundSample sample, LocalSmoothness smoothness, ReadOnlySpan<T> weights, ReadOnlySpan<T> curvature, Tau tau,
        PacBayesInequality? inequality = null)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        CurvatureNetwork network = CurvatureNetwork.Of(smoothness, weights, curvature, []);
        double[] taus = new double[weights.Length];
        for (int i = 0; i < taus.Length; i++)
        {
            double reach = Math.Abs(network.Weights[i]) + network.Kappa[i];
            taus[i] = Require.Holds(tau.Of(reach), network.Weights[i], network.Kappa[i], i);
        }

        BoundResult result = Least(
            "Lemma 6 in", sample, inequality,
            eta => Agree(network, smoothness.Rho, (b, i) =>
            {
                double precision = eta * ((Math.Max(network.Curvature[i], 0) / 3) + (b / 3));
                double sigma = Math.Min(1 / Math.Sqrt(precision), network.Kappa[i]), square = sigma * sigma;
                return new CurvatureMoments(square / 3, square * square / 5, Math.Log(taus[i] / sigma));
            }),
            Assumption.TauBeforeData);
        return tau.FromWeights
            ? result with { Status = BoundStatus.Score, Assumptions = [], FailureProbability = double.NaN } : result;
    }

    /// <summary>√(𝔼‖u‖²·𝔼‖u‖⁴), which 𝔼‖u‖³ is at most (Cauchy and Schwarz), for independent, centred coordinates.</summary>
    /// <param name="secondMoments">𝔼uᵢ².</param>
    /// <param name="fourthMoments">𝔼uᵢ⁴.</param>
    /// <exception cref="ArgumentException">Lengths differ, or a moment is negative or not finite.</exception>
    public static double CubedNorm(ReadOnlySpan<double> secondMoments, ReadOnlySpan<double> fourthMoments)
    {
        Require.SameLength(secondMoments.Length, fourthMoments.Length, "fourth moments");
        CompensatedSum squares = default, rest = default;
        for (int i = 0; i < secondMoments.Length; i++)
        {
            double v = Require.Moment(secondMoments[i], i);
            squares.Add(v);
            rest.Add(Require.Moment(fourthMoments[i], i) - (v * v));
        }

        return CubedNorm(squares.Value, rest.Value);
    }

    private static double CubedNorm(double squares, double rest) =>
        Math.Sqrt(squares * ((squares * squares) + Math.Max(rest, 0)));

    private static CurvatureMoments GaussianAt(CurvatureNetwork network, double eta, double b, double deviation, int i)
    {
        double precision = (eta * (Math.Max(network.Curvature[i], 0) + b)) + (1 / (deviation * deviation));
        double sigma = 1 / Math.Sqrt(precision), kappa = network.Kappa[i];
        double kl = TruncatedGaussian.Kl(
            network.Weights[i], sigma, kappa, network.PriorMean(i), deviation, out double second);
        return new CurvatureMoments(second, TruncatedGaussian.FourthMoment(sigma, kappa), kl);
    }

    /// <summary>The sums at a σ that agrees with its own V.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rho">ρ.</param>
    /// <param name="at">The moments and the divergence of a coordinate for ρ√V/2.</param>
    /// <param name="wanted">Takes, by group, the sum of 𝔼uᵢ² + (wᵢ − μᵢ)² of the last round.</param>
    /// <param name="groups">The group of each parameter.</param>
    private static CurvatureSums Agree(
        CurvatureNetwork network, double rho, Func<double, int, CurvatureMoments> at, double[]? wanted = null,
        int[]? groups = null)
    {
        CurvatureSums sums = default;
        double v = network.Kappa.Sum(kappa => kappa * kappa);
        for (int round = 0; round < Rounds; round++)
        {
            CompensatedSum quadratic = default, squares = default, rest = default, boxed = default, kl = default;
            Array.Clear(wanted ?? []);
            for (int i = 0; i < network.Weights.Length; i++)
            {
                CurvatureMoments moments = at(rho * Math.Sqrt(v) / 2, i);
                quadratic.Add(network.Curvature[i] * moments.Second);
                squares.Add(moments.Second);
                rest.Add(moments.Fourth - (moments.Second * moments.Second));
                boxed.Add(network.Kappa[i] * moments.Second);
                kl.Add(moments.Kl);
                if (wanted is not null)
                {
                    double shift = network.Weights[i] - network.PriorMean(i);
                    wanted[groups![i]] += moments.Second + (shift * shift);
                }
            }

            double third = Math.Min(
                CubedNorm(squares.Value, rest.Value), Math.Sqrt(network.Weights.Length) * boxed.Value);
            sums = new((quadratic.Value / 2) + (rho / 6 * third), Math.Max(kl.Value, 0), rho * Math.Sqrt(v) / 2);

            // Between the two, as the new V overshoots.
            v = Math.Sqrt(v * squares.Value);
        }

        return sums;
    }

    /// <summary>The least over η, which nothing is paid for: a scan by factors of 2, then the golden section.</summary>
    private static BoundResult Least(
        string name, BoundSample sample, PacBayesInequality? inequality, Func<double, CurvatureSums> sumsAt, Assumption prior)
    {
        ArgumentNullException.ThrowIfNull(sample);
        PacBayesInequality bound = inequality ?? MaurerSeeger.Bound;
        (double best, double least) = (0, double.PositiveInfinity);
        for (int k = -8; k <= 12; k++)
        {
            double value = At(k).Value;
            (best, least) = value < least || k == -8 ? (k, value) : (best, least);
        }

        double low = best - 1, high = best + 1, ratio = (Math.Sqrt(5) - 1) / 2;
        for (int step = 0; step < 24; step++)
        {
            double left = high - (ratio * (high - low)), right = low + (ratio * (high - low));
            (low, high) = At(left).Value <= At(right).Value ? (low, right) : (left, high);
        }

        BoundResult found = At((low + high) / 2), scanned = At(best);
        return found.Value <= scanned.Value ? found : scanned;

        BoundResult At(double exponent)
        {
            double eta = sample.Count * Math.Pow(2, exponent);
            CurvatureSums sums = sumsAt(eta);
            BoundResult result = PerturbationBound.EmpiricalLimit(sample.EmpiricalLoss, sums.Sharpness).Into(
                loss => bound(loss, sums.Kl, sample.Count, sample.Delta));
            return result with
            {
                Name = $"{name} {result.Name}",
                Terms = [.. result.Terms, new("η of σ*", eta), new("ρ√V/2 of σ*", sums.Cubic)],
                Assumptions = [.. result.Assumptions.Append(prior).Distinct()],
            };
        }
    }
}
