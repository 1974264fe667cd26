namespace PacGen.Core.Statistics;

/// <summary>
/// The granulated Kendall coefficient: whether a measure orders networks as their gaps do where one hyper-parameter alone moves.
/// </summary>
/// <remarks>
/// For hyper-parameter i, ψᵢ is the mean, over the lines of settings that agree in all others, of the mean of sgn(Δμ)·sgn(Δg)
/// over the line's pairs of networks with different values of it; the coefficient is Ψ = (ψ₁ + … + ψ_k)/k over the k
/// hyper-parameters that vary (Y. Jiang et al., <em>Fantastic generalization measures and where to find them</em>, ICLR 2020,
/// section 3.1; there each setting has one network, and a line's mean is Kendall's τ without correction for ties). A measure that
/// follows batch size alone has ψ = 1 there and about 0 elsewhere, however large its τ over all networks.
/// </remarks>
public static class GranulatedTau
{
    /// <summary>ψᵢ for each hyper-parameter.</summary>
    /// <param name="design">The networks' settings.</param>
    /// <param name="measure">The measure μ of each network.</param>
    /// <param name="gap">The generalization gap g of each.</param>
    /// <returns>ψᵢ in [−1, 1], in the hyper-parameters' order; NaN where no two settings differ in that one alone.</returns>
    /// <exception cref="ArgumentException">The lists don't fit the design, or hold NaN.</exception>
    public static IReadOnlyList<double> ByFactor(
        ExperimentDesign design, IReadOnlyList<double> measure, IReadOnlyList<double> gap)
    {
        ArgumentNullException.ThrowIfNull(design);
        design.Require(measure, gap);
        int lines = design.Couples.Count == 0 ? 0 : design.Couples.Max(couple => couple.Line) + 1;
        long[] sums = new long[lines], pairs = new long[lines];
        int[] factors = new int[lines];
        foreach (SettingCouple couple in design.Couples)
        {
            factors[couple.Line] = couple.Factor;
            foreach (int i in design.Members[couple.First])
            {
                foreach (int j in design.Members[couple.Second])
                {
                    sums[couple.Line] += measure[i].CompareTo(measure[j]) * gap[i].CompareTo(gap[j]);
                    pairs[couple.Line]++;
                }
            }
        }

        return [.. Enumerable.Range(0, design.Factors.Count).Select(factor => Enumerable.Range(0, lines)
            .Where(line => factors[line] == factor && pairs[line] > 0)
            .Select(line => (double)sums[line] / pairs[line])
            .DefaultIfEmpty(double.NaN)
            .Average())];
    }

    /// <summary>The coefficient Ψ: the mean of the ψᵢ that are defined; NaN where none is.</summary>
    /// <param name="byFactor">The ψᵢ.</param>
    public static double Mean(IReadOnlyList<double> byFactor) =>
        byFactor.Where(tau => !double.IsNaN(tau)).DefaultIfEmpty(double.NaN).Average();
}
