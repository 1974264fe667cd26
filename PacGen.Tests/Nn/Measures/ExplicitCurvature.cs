using MathNet.Numerics.LinearAlgebra;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// The curvature matrices of an MLP with the cross-entropy in double precision, image by image, with derivatives by hand: the
/// Jacobian backwards through the layers, the Hessian by central differences of the gradient.
/// </summary>
internal sealed class ExplicitCurvature
{
    private readonly int[] widths;
    private readonly bool relu;
    private readonly double[][] images;
    private readonly int[] labels;

    /// <param name="widths">Features, hidden units, classes.</param>
    /// <param name="relu">ReLU instead of tanh.</param>
    /// <param name="set">The images.</param>
    /// <param name="weights">w.</param>
    public ExplicitCurvature(int[] widths, bool relu, SampleSet set, float[] weights)
    {
        (this.widths, this.relu) = (widths, relu);
        float[] pixels = new float[set.Count * set.SampleSize], classes = new float[set.Count];
        set.Gather([.. Enumerable.Range(0, set.Count)], pixels, classes);
        images = [.. pixels.Chunk(set.SampleSize).Select(image => image.Select(value => (double)value).ToArray())];
        labels = [.. classes.Select(label => (int)label)];
        double[] w = [.. weights.Select(value => (double)value)];
        int m = w.Length, outputs = widths[^1];
        GaussNewton = Matrix<double>.Build.Dense(m, m);
        Fisher = Matrix<double>.Build.Dense(m, m);
        for (int n = 0; n < images.Length; n++)
        {
            double[] p = Softmax(Forward(w, images[n])[^1]);
            Matrix<double> jacobian = Matrix<double>.Build.DenseOfRowArrays(
                Enumerable.Range(0, outputs).Select(c => Backward(w, images[n], One(c, outputs))));
            Matrix<double> curvature =
                Matrix<double>.Build.Dense(outputs, outputs, (i, j) => (i == j ? p[i] : 0) - (p[i] * p[j]));
            GaussNewton += jacobian.TransposeThisAndMultiply(curvature * jacobian) / images.Length;
            Vector<double> g = Vector<double>.Build.Dense(ImageGradient(w, images[n], labels[n]));
            Fisher += g.OuterProduct(g) / images.Length;
        }

        const double Step = 1e-5;
        Hessian = Matrix<double>.Build.Dense(m, m);
        for (int i = 0; i < m; i++)
        {
            double middle = w[i];
            w[i] = middle + Step;
            Vector<double> above = Vector<double>.Build.Dense(Gradient(w));
            w[i] = middle - Step;
            Hessian.SetColumn(i, (above - Vector<double>.Build.Dense(Gradient(w))) / (2 * Step));
            w[i] = middle;
        }
    }

    public Matrix<double> Hessian { get; }

    public Matrix<double> GaussNewton { get; }

    public Matrix<double> Fisher { get; }

    public Matrix<double> Of(CurvatureMatrix matrix) => matrix switch
    {
        CurvatureMatrix.Hessian => Hessian,
        CurvatureMatrix.GaussNewton => GaussNewton,
        _ => Fisher,
    };

    /// <summary>∇L̂.</summary>
    public double[] Gradient(double[] w)
    {
        double[] sum = new double[w.Length];
        for (int n = 0; n < images.Length; n++)
        {
            double[] g = ImageGradient(w, images[n], labels[n]);
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += g[i] / images.Length;
            }
        }

        return sum;
    }

    /// <summary>Σ Jᵀ(diag √p − p√pᵀ)r/√B over the images of a batch, r signs: its square is a draw of the Gauss–Newton
    /// diagonal.</summary>
    public double[] Root(double[] w, double[][] batch, Func<int, int, double> sign)
    {
        double[] sum = new double[w.Length];
        for (int n = 0; n < batch.Length; n++)
        {
            double[] p = Softmax(Forward(w, batch[n])[^1]), rooted = [.. p.Select((value, c) => Math.Sqrt(value) * sign(n, c))];
            double inner = rooted.Sum();
            double[] g = Backward(w, batch[n], [.. rooted.Zip(p, (a, b) => a - (b * inner))]);
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += g[i] / Math.Sqrt(batch.Length);
            }
        }

        return sum;
    }

    /// <summary>Σ ±g/√B over the images of a batch: its square is a draw of the empirical Fisher diagonal.</summary>
    public double[] SignedGradients(double[] w, double[][] batch, int[] classes, Func<int, double> sign)
    {
        double[] sum = new double[w.Length];
        for (int n = 0; n < batch.Length; n++)
        {
            double[] g = ImageGradient(w, batch[n], classes[n]);
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += sign(n) * g[i] / Math.Sqrt(batch.Length);
            }
        }

        return sum;
    }

    private static double[] One(int at, int count)
    {
        double[] one = new double[count];
        one[at] = 1;
        return one;
    }

    private static double[] Softmax(double[] z)
    {
        double[] p = [.. z.Select(value => Math.Exp(value - z.Max()))];
        return [.. p.Select(value => value / p.Sum())];
    }

    private double[] ImageGradient(double[] w, double[] image, int label)
    {
        double[] outputGradient = Softmax(Forward(w, image)[^1]);
        outputGradient[label]--;
        return Backward(w, image, outputGradient);
    }

    /// <summary>What each layer makes of the last: the image first, the logits last.</summary>
    private List<double[]> Forward(double[] w, double[] image)
    {
        List<double[]> all = [image];
        int at = 0;
        for (int layer = 0; layer + 1 < widths.Length; layer++)
        {
            double[] x = all[^1], y = new double[widths[layer + 1]];
            for (int j = 0; j < y.Length; j++)
            {
                y[j] = w[at + (x.Length * y.Length) + j];
                for (int i = 0; i < x.Length; i++)
                {
                    y[j] += x[i] * w[at + (i * y.Length) + j];
                }

                y[j] = layer + 2 == widths.Length ? y[j] : relu ? Math.Max(y[j], 0) : Math.Tanh(y[j]);
            }

            at += (x.Length + 1) * y.Length;
            all.Add(y);
        }

        return all;
    }

    /// <summary>Jᵀ of the logits times a vector.</summary>
    private double[] Backward(double[] w, double[] image, double[] cotangent)
    {
        List<double[]> all = Forward(w, image);
        double[] result = new double[w.Length], back = cotangent;
        int at = w.Length;
        for (int layer = widths.Length - 2; layer >= 0; layer--)
        {
            double[] x = all[layer], next = new double[x.Length];
            at -= (x.Length + 1) * back.Length;
            for (int j = 0; j < back.Length; j++)
            {
                result[at + (x.Length * back.Length) + j] = back[j];
                for (int i = 0; i < x.Length; i++)
                {
                    result[at + (i * back.Length) + j] = x[i] * back[j];
                    next[i] += w[at + (i * back.Length) + j] * back[j];
                }
            }

            back = layer == 0 ? next : [.. next.Zip(x, (g, y) => g * (relu ? (y > 0 ? 1 : 0) : 1 - (y * y)))];
        }

        return result;
    }
}
