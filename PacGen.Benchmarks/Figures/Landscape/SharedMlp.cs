namespace PacGen.Benchmarks.Figures.Landscape;

/// <summary>
/// The network of Figure 1 in double: a 5-layer MLP on points of the plane, sigmoids between its layers, whose weights are all w₁
/// or w₂. Its hidden layers, 2 → 2, share the matrix [[w₁, w₂], [−w₂, w₁]]; the last, 2 → 1, is the row [w₁, w₂]; there is no
/// bias. The logit's sigmoid is the probability of label 1, and L̂ is the mean cross-entropy in nats.
/// </summary>
/// <param name="sample">The points and labels.</param>
internal sealed class SharedMlp(MixtureSample sample)
{
    /// <summary>The number of layers.</summary>
    public const int Layers = 5;

    /// <summary>The points and labels.</summary>
    public MixtureSample Sample => sample;

    /// <summary>The logit of label 1 at a point of the plane.</summary>
    public static double Logit(double w1, double w2, double x, double y)
    {
        double a = x, b = y;
        for (int layer = 1; layer < Layers; layer++)
        {
            double p = 1 / (1 + Math.Exp(-((w1 * a) + (w2 * b)))), q = 1 / (1 + Math.Exp(-((w1 * b) - (w2 * a))));
            a = p;
            b = q;
        }

        return (w1 * a) + (w2 * b);
    }

    /// <summary>How many samples get the other label.</summary>
    public int Wrong(double w1, double w2) =>
        Enumerable.Range(0, sample.Count).Count(i => Logit(w1, w2, sample.X[i], sample.Y[i]) > 0 != (sample.Label[i] == 1));

    /// <summary>L̂(w₁, w₂).</summary>
    public double Loss(double w1, double w2)
    {
        double sum = 0;
        for (int i = 0; i < sample.Count; i++)
        {
            double z = Logit(w1, w2, sample.X[i], sample.Y[i]);
            sum += CrossEntropy(z, sample.Label[i]);
        }

        return sum / sample.Count;
    }

    /// <summary>L̂ with its gradient and Hessian, exact to rounding.</summary>
    public Jet LossJet(double w1, double w2)
    {
        double sum = 0, d1 = 0, d2 = 0, d11 = 0, d12 = 0, d22 = 0;
        for (int i = 0; i < sample.Count; i++)
        {
            Jet a = new(sample.X[i]), b = new(sample.Y[i]);
            for (int layer = 1; layer < Layers; layer++)
            {
                Jet p = Jet.Row(w1, w2, a, b), q = Jet.Row(w1, w2, b, -a);
                a = Jet.Sigmoid(p);
                b = Jet.Sigmoid(q);
            }

            Jet z = Jet.Row(w1, w2, a, b);
            double probability = 1 / (1 + Math.Exp(-z.Value)), first = probability - sample.Label[i], second = probability * (
                1 - probability);
            sum += CrossEntropy(z.Value, sample.Label[i]);
            d1 += first * z.D1;
            d2 += first * z.D2;
            d11 += (first * z.D11) + (second * z.D1 * z.D1);
            d12 += (first * z.D12) + (second * z.D1 * z.D2);
            d22 += (first * z.D22) + (second * z.D2 * z.D2);
        }

        double n = sample.Count;
        return new Jet(sum / n, d1 / n, d2 / n, d11 / n, d12 / n, d22 / n);
    }

    // log(1 + eᶻ) − z·label, without overflow.
    private static double CrossEntropy(double z, int label) =>
        Math.Max(z, 0) + double.LogP1(Math.Exp(-Math.Abs(z))) - (z * label);
}
