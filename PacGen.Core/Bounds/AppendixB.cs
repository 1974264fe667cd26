namespace PacGen.Core.Bounds;

/// <summary>
/// Appendix B's grid, ηⱼ = eʲ√(2n log(1/δⱼ)) with δⱼ = δ·2^−(j+1), j ≥ 0: the δⱼ add up to δ, so (1) holds at all ηⱼ at once with probability 1 − δ,
/// and the sample may choose j.
/// </summary>
internal static class AppendixB
{
    /// <summary>log(1/δⱼ).</summary>
    public static double LogInverseDelta(BoundSample sample, int j) => sample.LogInverseDelta + ((j + 1) * Math.Log(2));

    /// <summary>ηⱼ.</summary>
    public static double Eta(BoundSample sample, int j) => Math.Exp(j) * Math.Sqrt(2.0 * sample.Count * LogInverseDelta(sample, j));

    /// <summary>The j at which 𝒢 = (KL + log(1/δⱼ))/ηⱼ + ηⱼ/2n is least.</summary>
    public static int Best(BoundSample sample, double kl)
    {
        int best = 0;
        double least = double.PositiveInfinity;

        // Once ηⱼ/2n alone exceeds the least 𝒢, no larger j can be better.
        for (int j = 0; Eta(sample, j) / (2.0 * sample.Count) < least; j++)
        {
            double value = ((kl + LogInverseDelta(sample, j)) / Eta(sample, j)) + (Eta(sample, j) / (2.0 * sample.Count));
            if (value < least)
            {
                (best, least) = (j, value);
            }
        }

        return best;
    }

    /// <summary>
    /// c of 𝒢 ≤ c·√((KL + ℓ)/2n): x + 1/x with x = e·√(1 + log 2/log(2/δ)). For the largest j with ηⱼ ≤ √(2n(KL + ℓⱼ)), ℓⱼ = log(1/δⱼ), that
    /// optimum is below x·ηⱼ, as j + 1 overshoots and ℓⱼ₊₁/ℓⱼ ≤ 1 + log 2/log(2/δ).
    /// </summary>
    public static double Constant(BoundSample sample)
    {
        double x = Math.E * Math.Sqrt(1 + (Math.Log(2) / LogInverseDelta(sample, 0)));
        return x + (1 / x);
    }

    /// <summary>ℓ = log(1/δ) + log 2·(1 + ½log(1 + KL/log(2/δ))), which log(1/δⱼ) is at most for that j.</summary>
    public static double Share(BoundSample sample, double kl) =>
        sample.LogInverseDelta + (Math.Log(2) * (1 + (0.5 * Math.Log(1 + (kl / LogInverseDelta(sample, 0))))));

    /// <summary>The same as printed: log(1/δ) + (log 2/2)(2 + log(KL/log(1/δ) + 1)).</summary>
    public static double PublishedShare(BoundSample sample, double kl) =>
        sample.LogInverseDelta + (Math.Log(2) / 2 * (2 + Math.Log((kl / sample.LogInverseDelta) + 1)));
}
