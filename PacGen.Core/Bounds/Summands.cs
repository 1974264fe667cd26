namespace PacGen.Core.Bounds;

/// <summary>Results that are L̂, a sharpness part, and 𝒢 (10): their parts add up to their value.</summary>
internal static class Summands
{
    public static BoundResult Result(
        string name, BoundSample sample, double eta, (string Name, double Value) sharpness, double kl, BoundStatus status,
        IReadOnlyList<Assumption> assumptions) =>
        Result(name, sample, eta, sample.LogInverseDelta, sharpness, kl, status, assumptions);

    /// <summary>As above, for a share of δ.</summary>
    public static BoundResult Result(
        string name, BoundSample sample, double eta, double logInverseDelta, (string Name, double Value) sharpness, double kl,
        BoundStatus status,
        IReadOnlyList<Assumption> assumptions) =>
        Of(
            name,
            status,
            sample.Delta,
            assumptions,
            ("L̂(w)", sample.EmpiricalLoss),
            sharpness,
            ("KL/η", kl / eta),
            ("log(1/δ)/η", logInverseDelta / eta),
            ("η/2n", eta / (2.0 * sample.Count)));

    public static BoundResult Of(
        string name, BoundStatus status, double delta, IReadOnlyList<Assumption> assumptions,
        params ReadOnlySpan<(string Name, double Value)> terms)
    {
        double value = 0;
        BoundTerm[] parts = new BoundTerm[terms.Length];
        for (int i = 0; i < terms.Length; i++)
        {
            value += terms[i].Value;
            parts[i] = new BoundTerm(terms[i].Name, terms[i].Value);
        }

        return new BoundResult(name, value, status, parts, status == BoundStatus.Score ? [] : assumptions)
        {
            FailureProbability = status == BoundStatus.Score ? double.NaN : delta,
        };
    }
}
