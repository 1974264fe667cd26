using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// Hessian-vector products, as the gradient of a gradient: of regressions against their closed forms, of whole models against
/// central differences of the double reference's gradient.
/// </summary>
internal sealed class HessianVectorProductTests
{
    private const int Examples = 37, Features = 5, Classes = 4;

    [Test]
    public void LeastSquares()
    {
        float[] x = Gaussians(1, Examples * Features), y = Gaussians(2, Examples), w = Gaussians(3, Features), v = Gaussians(
            4, Features);
        Tensor weights = Tensor.Input(new Shape(Features, 1), "w");
        Tensor loss = Loss.MeanSquaredError(
            Tensor.MatMul(Tensor.Constant(new Shape(Examples, Features), x), weights),
            Tensor.Constant(new Shape(Examples, 1), y));

        // H = 2/n · XᵀX, whatever w.
        double[] expected = new double[Features];
        Accumulate(x, v, Features, (row, inner) => 2.0 / Examples * inner, expected);
        AssertClose(Product(loss, weights, w, v), expected, 1e-5);
    }

    [Test]
    public void LogisticRegression()
    {
        float[] x = Gaussians(1, Examples * Features), w = Gaussians(3, Features), v = Gaussians(4, Features);
        float[] sign = [.. Gaussians(2, Examples).Select(value => value > 0 ? 1f : -1f)];
        Tensor weights = Tensor.Input(new Shape(Features, 1), "w");
        Tensor margin = Tensor.MatMul(Tensor.Constant(new Shape(Examples, Features), x), weights) * Tensor.Constant(
            new Shape(Examples, 1), sign);
        Tensor loss = -margin.Sigmoid().Log().Mean();

        // H = 1/n · Σ p(1 − p)·xxᵀ, p the sigmoid of the margin.
        double[] expected = new double[Features];
        Accumulate(x, v, Features, (row, inner) =>
        {
            double p = 1 / (1 + Math.Exp(-Enumerable.Range(0, Features).Sum(j => (double)x[(row * Features) + j] * w[j])));
            return p * (1 - p) * inner / Examples;
        }, expected);
        AssertClose(Product(loss, weights, w, v), expected, 2e-5);
    }

    [Test]
    public void SoftmaxRegression()
    {
        float[] x = Gaussians(1, Examples * Features), w = Gaussians(3, Features * Classes), v = Gaussians(4, Features * Classes);
        float[] labels = [.. Enumerable.Range(0, Examples).Select(i => (float)(i % Classes))];
        Tensor weights = Tensor.Input(new Shape(Features, Classes), "w");
        Tensor loss = Loss.CrossEntropy(
            Tensor.MatMul(Tensor.Constant(new Shape(Examples, Features), x), weights),
            Tensor.Constant(new Shape(Examples), labels));

        // (HV)ⱼ = 1/n · Σ x·pⱼ(zⱼ − Σ p z), z = xᵀV.
        double[] expected = new double[Features * Classes];
        for (int row = 0; row < Examples; row++)
        {
            double[] z = new double[Classes], p = new double[Classes];
            for (int c = 0; c < Classes; c++)
            {
                p[c] = Math.Exp(Enumerable.Range(0, Features).Sum(j => (double)x[(row * Features) + j] * w[(j * Classes) + c]));
                z[c] = Enumerable.Range(0, Features).Sum(j => (double)x[(row * Features) + j] * v[(j * Classes) + c]);
            }

            double sum = p.Sum(), mean = p.Zip(z, (a, b) => a * b).Sum() / sum;
            for (int i = 0; i < expected.Length; i++)
            {
                expected[i] += x[(row * Features) + (i / Classes)] * p[i % Classes] / sum * (z[i % Classes] - mean) / Examples;
            }
        }

        AssertClose(Product(loss, weights, w, v), expected, 2e-5);
    }

    [Test]
    public void MlpAgainstDifferences() => AgainstDifferences(new Mlp([12, 9, 7, 4], x => x.Tanh()), new Shape(6, 12), 4);

    [Test]
    public void MlpWithReluAgainstDifferences() => AgainstDifferences(new Mlp(12, 9, 7, 4), new Shape(6, 12), 4);

    [Test]
    public void MnistCnnAgainstDifferences() => AgainstDifferences(new MnistCnn(), new Shape(2, 28, 28, 1), 10);

    private static void AgainstDifferences(Module module, Shape images, int classes)
    {
        using ParameterArena arena = new(module, Device.Cpu, 3);
        Tensor input = Tensor.Constant(images, Gaussians(7, (int)images.Count));
        Tensor labels =
            Tensor.Constant(new Shape(images[0]), [.. Enumerable.Range(0, images[0]).Select(i => (float)(i * 3 % classes))]);
        Tensor[] w = [.. module.Parameters.Select(parameter => parameter.Tensor)];
        Tensor[] gradient = Loss.CrossEntropy(module.Forward(input), labels).Gradient(w);
        Tensor[] v = [.. w.Select((leaf, i) => Tensor.Constant(leaf.Shape, Gaussians((uint)(20 + i), (int)leaf.Shape.Count)))];
        Tensor[] product = gradient.Zip(v, (g, direction) => (g * direction).Sum()).Aggregate((a, b) => a + b).Gradient(w);
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, product);
        graph.Run();

        // (∇L(w + εv) − ∇L(w − εv)) / 2ε in double: ε small enough that no ReLU and no maximum changes sides.
        const double Step = 1e-7;
        Dictionary<Tensor, double[]> above = [], below = [];
        for (int i = 0; i < w.Length; i++)
        {
            double[] values = [.. w[i].Parameter!.Region!.Value.ToArray().Select(value => (double)value)];
            above[w[i]] = [.. values.Zip(v[i].Values!, (a, b) => a + (Step * b))];
            below[w[i]] = [.. values.Zip(v[i].Values!, (a, b) => a - (Step * b))];
        }

        for (int i = 0; i < w.Length; i++)
        {
            double[] difference = [.. DoubleReference.Evaluate(gradient[i], above).Zip(
                DoubleReference.Evaluate(gradient[i], below), (a, b) => (a - b) / (2 * Step))];
            AssertClose(graph[product[i]].ToArray(), difference, 1e-4, w[i].Name!);
        }
    }

    private static float[] Product(Tensor loss, Tensor weights, float[] w, float[] v)
    {
        Tensor product = (loss.Gradient(weights)[0] * Tensor.Constant(weights.Shape, v)).Sum().Gradient(weights)[0];
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [product]);
        if (graph.Inputs.Contains(weights))
        {
            graph[weights].Write(w);
        }

        graph.Run();
        return graph[product].ToArray();
    }

    private static void Accumulate(float[] x, float[] v, int features, Func<int, double, double> weight, double[] result)
    {
        for (int row = 0; row < x.Length / features; row++)
        {
            double inner = 0;
            for (int j = 0; j < features; j++)
            {
                inner += (double)x[(row * features) + j] * v[j];
            }

            double factor = weight(row, inner);
            for (int j = 0; j < features; j++)
            {
                result[j] += x[(row * features) + j] * factor;
            }
        }
    }

    private static float[] Gaussians(uint stream, int count)
    {
        RandomStream random = new(99, stream, 0);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)random.NextGaussian();
        }

        return values;
    }

    private static void AssertClose(float[] actual, double[] expected, double tolerance, string what = "product")
    {
        double scale = expected.Max(Math.Abs);
        Assert.That(scale, Is.GreaterThan(0), $"{what}: nothing to compare");
        Assert.That(actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max() / scale, Is.LessThan(tolerance), what);
    }
}
