namespace PacGen.Core.Bounds;

/// <summary>
/// A bound f(L̂, KL) as an objective (PAC-Bayes with backprop: Rivasplata et al. 2019, Pérez-Ortiz et al. 2021). Its gradient is
/// ∂f/∂L̂·(∇L̂ + ∇KL/η) with η = (∂f/∂L̂)/(∂f/∂KL): so where L̂ and KL stand it is minimised as L̂ + KL/η is, by the same σ* (21)
/// and the same steps, and η follows from them.
/// </summary>
public static class BoundObjective
{
    /// <summary>η = (∂f/∂L̂)/(∂f/∂KL).</summary>
    /// <param name="objective">f.</param>
    /// <param name="loss">L̂, in [0, 1].</param>
    /// <param name="kl">KL, 0 or more.</param>
    /// <param name="n">The sample's size.</param>
    /// <param name="delta">δ, in (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static double Eta(PosteriorObjective objective, double loss, double kl, long n, double delta)
    {
        Require.Premises(loss, kl, n, delta);
        double budget = (kl + MaurerSeeger.Confidence(n, delta)) / n;
        switch (objective)
        {
            case PosteriorObjective.Lambda:
                return n * LambdaBound.BestLambda(loss, kl, n, delta);
            case PosteriorObjective.Kl:
                // With p = kl⁻¹(q, b): ∂p/∂q = log(p(1 − q)/(q(1 − p)))·∂p/∂b. Towards q = 0 it grows without end.
                double q = Math.Clamp(loss, 0.5 / n, 1 - (0.5 / n)), p = BinaryKl.UpperInverse(q, budget);
                return n * Math.Min(40, Math.Log(p / q) + Math.Log((1 - q) / Math.Max(1 - p, 1e-300)));
            default:
                double b = budget / 2, root = Math.Sqrt(b * (loss + b));
                return 2 * n * (1 + Math.Sqrt(b / (loss + b))) / (2 + ((loss + (2 * b)) / root));
        }
    }
}
