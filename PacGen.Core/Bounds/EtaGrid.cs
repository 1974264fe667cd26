namespace PacGen.Core.Bounds;

/// <summary>
/// A weighted grid over η (footnote 2; Appendix B): values η_j chosen before the sample is seen, with weights that sum to at most
/// 1. By the union bound Theorem 1 holds for all of them together with δ_j = δ·weight_j, so that the best may be chosen
/// afterwards.
/// </summary>
/// <remarks>
/// <para>
/// The geometric grid is η_j = cʲ√(2n·log 2/δ), δ_j = δ2^−(j+1), j ≥ 0, with c = e unless another is given. It differs from
/// Appendix B's, eʲ√(2n·log 1/δ_j), in that the root does not grow with j. Appendix B's j solves an equation in which j stands on
/// both sides, and for some KL no integer does.
/// </para>
/// <para>
/// What it costs. Let l = log 2/δ and η̄ = √(2n(KL + l)), the minimiser of (KL + l)/η + η/2n, whose minimum is
/// 2√((KL + l)/2n). Take j = round(½log_c(1 + KL/l)); then η_j = η̄·cˢ with |s| ≤ ½, and
/// (KL + l)/η_j + η_j/2n = √((KL + l)/2n)(cˢ + c⁻ˢ) ≤ (c^½ + c^−½)√((KL + l)/2n): at most (c^½ + c^−½)/2 times the minimum,
/// 1.128 for c = e. The weights add j·log 2/η_j ≤ c^½·j·log 2/√(2n(KL + l)). <see cref="ClosedForm"/> is the sum.
/// </para>
/// <para>
/// Appendix B has 1 + 1/e = 1.37 in the place of c^½ + c^−½, below the 2 of the minimum over all η: it cannot follow from (1).
/// With rounding down, as there, the factor is c + 1/c = 3.09; the cruder step a/η_j ≤ c·a/η̄, η_j ≤ η̄ gives 1 + c,
/// where the appendix prints 1 + 1/c.
/// </para>
/// </remarks>
public sealed class EtaGrid
{
    private readonly double[]? etas, logInverseWeights;
    private readonly double first, ratio, logTwoOverDelta;
    private readonly long size;

    /// <summary>Whether the root grows with j, as in Appendix B.</summary>
    private readonly bool grows;

    private EtaGrid(double[] etas, double[] logInverseWeights)
    {
        this.etas = etas;
        this.logInverseWeights = logInverseWeights;
    }

    private EtaGrid(long n, double delta, double ratio, bool grows)
    {
        size = n;
        this.ratio = ratio;
        this.grows = grows;
        logTwoOverDelta = Math.Log(2) - Math.Log(delta);
        first = Math.Sqrt(2d * n * logTwoOverDelta);
    }

    /// <summary>How many places the grid has; null for the geometric grid, which has no end, and whose η_j grow.</summary>
    public int? Count => etas?.Length;

    /// <summary>The geometric grid η_j = ratioʲ√(2n·log 2/δ) with weights 2^−(j+1).</summary>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <param name="ratio">c above 1; smaller loses less to rounding and more to the weights.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static EtaGrid Geometric(long n, double delta, double ratio = Math.E)
    {
        Require.SampleSize(n);
        Require.Delta(delta);
        if (!(ratio is >= 1.001 and <= 1e6))
        {
            throw new ArgumentOutOfRangeException(nameof(ratio), ratio, "ratio must lie in [1.001, 10⁶]: the grid grows by it.");
        }

        return new EtaGrid(n, delta, ratio, grows: false);
    }

    /// <summary>
    /// Appendix B's grid, η_j = eʲ√(2n·log 1/δ_j), δ_j = δ2^−(j+1): the δ_j add up to δ, so (1) holds at all η_j at once with
    /// probability 1 − δ.
    /// </summary>
    internal static EtaGrid AppendixB(long n, double delta) => new(n, delta, Math.E, grows: true);

    /// <summary>A grid of one's own.</summary>
    /// <param name="etas">η_j, positive, chosen before the sample was seen.</param>
    /// <param name="weights">The weight of each, positive, with a sum of at most 1; equal ones unless given.</param>
    /// <exception cref="ArgumentException">There is no η, or there are not as many weights.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An η or a weight is not positive, or the weights sum to more than
    /// 1.</exception>
    public static EtaGrid Weighted(IReadOnlyList<double> etas, IReadOnlyList<double>? weights = null)
    {
        ArgumentNullException.ThrowIfNull(etas);
        if (etas.Count == 0 || (weights is not null && weights.Count != etas.Count))
        {
            throw new ArgumentException(
                $"the grid needs at least one η and one weight for each: {etas.Count} η, {weights?.Count ?? 0} weights.",
                nameof(etas));
        }

        double[] ownEtas = [.. etas], logs = new double[ownEtas.Length];
        double sum = 0;
        for (int j = 0; j < logs.Length; j++)
        {
            Require.Positive(ownEtas[j], nameof(etas));
            double weight = weights is null ? 1d / logs.Length : weights[j];
            Require.Positive(weight, nameof(weights));
            logs[j] = -Math.Log(weight);
            sum += weight;
        }

        if (weights is not null && sum > 1 + 1e-12)
        {
            throw new ArgumentOutOfRangeException(
                nameof(weights), sum, "the weights must sum to at most 1: the union bound shares δ out among them.");
        }

        return new EtaGrid(ownEtas, logs);
    }

    /// <summary>η_j.</summary>
    /// <param name="j">The place, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The grid has no such place.</exception>
    public double Eta(int j)
    {
        ThrowUnlessPlace(j);
        return etas is not null ? etas[j]
            : grows ? Math.Exp(j) * Math.Sqrt(2d * size * (logTwoOverDelta + (j * Math.Log(2))))
            : first * Math.Pow(ratio, j);
    }

    /// <summary>log 1/δ_j = log 1/δ + log 1/weight_j.</summary>
    /// <param name="j">The place, from 0.</param>
    /// <param name="delta">δ, in (0, 1): of the whole grid.</param>
    /// <exception cref="ArgumentOutOfRangeException">The grid has no such place, or δ is outside (0, 1).</exception>
    public double LogInverseDelta(int j, double delta)
    {
        ThrowUnlessPlace(j);
        Require.Delta(delta);
        return (logInverseWeights is null ? (j + 1) * Math.Log(2) : logInverseWeights[j]) - Math.Log(delta);
    }

    /// <summary>The place where (KL + log 1/δ_j)/η_j + η_j/2n is smallest.</summary>
    /// <param name="kl">KL, 0 or more; +∞ gives place 0 and +∞.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public EtaChoice Best(double kl, long n, double delta)
    {
        Require.Kl(kl);
        Require.SampleSize(n);
        EtaChoice best = At(0, kl, n, delta);

        // On the geometric grid η_j/2n alone soon exceeds what has been found.
        for (int j = 1; double.IsFinite(kl) && (Count is int count ? j < count : Eta(j) / (2d * n) < best.Value); j++)
        {
            EtaChoice choice = At(j, kl, n, delta);
            best = choice.Value < best.Value ? choice : best;
        }

        return best;
    }

    /// <summary>
    /// An upper bound, in closed form, of what <see cref="Best"/> finds on the geometric grid for its own n and δ:
    /// ((c^½ + c^−½)(KL + l) + c^½·(½log_c(1 + KL/l) + ½)·log 2)/√(2n(KL + l)) with l = log 2/δ.
    /// </summary>
    /// <param name="kl">KL, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">KL is negative or NaN.</exception>
    /// <exception cref="InvalidOperationException">The grid is not geometric.</exception>
    public double ClosedForm(double kl)
    {
        Require.Kl(kl);
        if (etas is not null || grows)
        {
            throw new InvalidOperationException("Only the geometric grid has a closed form.");
        }

        if (double.IsInfinity(kl))
        {
            return kl;
        }

        double root = Math.Sqrt(ratio), total = kl + logTwoOverDelta;
        double places = (0.5 * Math.Log(total / logTwoOverDelta) / Math.Log(ratio)) + 0.5;
        return (((root + (1 / root)) * total) + (root * places * Math.Log(2))) / Math.Sqrt(2d * size * total);
    }

    private EtaChoice At(int j, double kl, long n, double delta)
    {
        double eta = Eta(j), log = LogInverseDelta(j, delta);
        return new EtaChoice(j, eta, log, ((kl + log) / eta) + (eta / (2d * n)));
    }

    private void ThrowUnlessPlace(int j)
    {
        if (j < 0 || (etas is not null && j >= etas.Length))
        {
            throw new ArgumentOutOfRangeException(
                nameof(j), j, $"the grid's places count from 0{(etas is null ? "" : $" to {etas.Length - 1}")}.");
        }
    }
}
