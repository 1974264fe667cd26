namespace PacGen.Core.Bounds;

/// <summary>Appendix B's constants: what its grid, <see cref="EtaGrid.AppendixB"/>, gives in closed form.</summary>
internal static class AppendixB
{
    /// <summary>
    /// c of 𝒢 ≤ c·√((KL + ℓ)/2n): x + 1/x with x = e·√(1 + (log 2)/log(2/δ)). For the largest j with ηⱼ ≤ √(2n(KL + ℓⱼ)), ℓⱼ =
    /// log(1/δⱼ), that optimum is below x·ηⱼ, as j + 1 overshoots and ℓⱼ₊₁/ℓⱼ ≤ 1 + (log 2)/log(2/δ).
    /// </summary>
    public static double Constant(BoundSample sample)
    {
        double x = Math.E * Math.Sqrt(1 + (Math.Log(2) / LogTwoOverDelta(sample)));
        return x + (1 / x);
    }

    /// <summary>ℓ = log(1/δ) + log 2·(1 + ½log(1 + KL/log(2/δ))), which log(1/δⱼ) is at most for that j.</summary>
    public static double Share(BoundSample sample, double kl) =>
        sample.LogInverseDelta + (Math.Log(2) * (1 + (0.5 * Math.Log(1 + (kl / LogTwoOverDelta(sample))))));

    /// <summary>The same as printed: log(1/δ) + (log 2/2)(2 + log(KL/log(1/δ) + 1)).</summary>
    public static double PublishedShare(BoundSample sample, double kl) =>
        sample.LogInverseDelta + (Math.Log(2) / 2 * (2 + Math.Log((kl / sample.LogInverseDelta) + 1)));

    private static double LogTwoOverDelta(BoundSample sample) => sample.LogInverseDelta + Math.Log(2);
}
