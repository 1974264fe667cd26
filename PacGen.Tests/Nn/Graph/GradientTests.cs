using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// Values, gradients and Hessian-vector products of each operation on the CPU, against the double reference: values directly,
/// gradients by central differences of the reference's values, Hessian-vector products by central differences of its gradients.
/// </summary>
internal sealed partial class GradientTests
{
    private static readonly Dictionary<string, (Shape[] Shapes, Func<Tensor[], Tensor> Build)> Cases = new()
    {
        ["add"] = ([new(3, 5), new(3, 5)], x => x[0] + x[1]),
        ["add stretched"] = ([new(7, 3, 5), new(3, 1)], x => x[0] + x[1]),
        ["subtract from scalar"] = ([new(11), Shape.Scalar], x => x[1] - x[0]),
        ["multiply row"] = ([new(13, 17), new(17)], x => x[0] * x[1]),
        ["multiply itself"] = ([new(9)], x => x[0] * x[0] * x[0]),
        ["divide"] = ([new(2, 7), new(2, 1)], x => x[0] / (x[1].Square() + 1f)),
        ["maximum"] = ([new(5, 3), new(5, 3)], x => Tensor.Maximum(x[0], x[1]).Square()),
        ["negate"] = ([new(31)], x => -x[0]),
        ["exp"] = ([new(31)], x => x[0].Exp()),
        ["log"] = ([new(31)], x => (x[0].Square() + 0.5f).Log()),
        ["sqrt"] = ([new(31)], x => (x[0].Square() + 0.5f).Sqrt()),
        ["abs"] = ([new(31)], x => x[0].Abs() * x[0]),
        ["tanh"] = ([new(31)], x => x[0].Tanh()),
        ["sigmoid"] = ([new(31)], x => x[0].Sigmoid()),
        ["reciprocal"] = ([new(31)], x => Tensor.Map<ReciprocalFunction>(x[0].Square() + 1f)),
        ["relu"] = ([new(257)], x => x[0].Relu() * x[0]),
        ["stop gradient"] = ([new(5)], x => x[0] * (x[0] * 0f).StopGradient()),
        ["reshape"] = ([new(6, 4)], x => x[0].Reshape(2, -1, 3).Square()),
        ["transpose"] = ([new(7, 5)], x => x[0].Transpose().Square()),
        ["broadcast"] = ([new(3, 1)], x => x[0].BroadcastTo(new Shape(2, 3, 4)).Square()),
        ["sum rows"] = ([new(17, 5)], x => x[0].Sum([0]).Square()),
        ["sum columns"] = ([new(17, 5)], x => x[0].Sum([-1], true).Square()),
        ["sum middle"] = ([new(2, 7, 3)], x => x[0].Sum([1]).Square()),
        ["mean"] = ([new(2, 7, 3)], x => x[0].Mean([0, 2]).Square()),
        ["max"] = ([new(7, 5)], x => x[0].Max([1]).Square()),
        ["matmul"] = ([new(5, 7), new(7, 3)], x => Tensor.MatMul(x[0], x[1]).Square()),
        ["matmul Aᵀ"] = ([new(7, 5), new(7, 3)], x => Tensor.Apply(new MatMul(true, false), x[0], x[1]).Square()),
        ["matmul Bᵀ"] = ([new(5, 7), new(3, 7)], x => Tensor.Apply(new MatMul(false, true), x[0], x[1]).Square()),
        ["matmul AᵀBᵀ"] = ([new(7, 5), new(3, 7)], x => Tensor.Apply(new MatMul(true, true), x[0], x[1]).Square()),
        ["convolution"] = ([new(2, 6, 5, 3), new(3, 3, 3, 4)], x => Tensor.Conv2d(x[0], x[1]).Square()),
        ["convolution padded, strided"] = ([new(2, 7, 6, 2), new(3, 3, 2, 5)], x => Tensor.Conv2d(x[0], x[1], 2, 1).Square()),
        ["convolution 1×1"] = ([new(1, 3, 3, 5), new(1, 1, 5, 2)], x => Tensor.Conv2d(x[0], x[1]).Square()),
        ["max pool"] = ([new(2, 6, 5, 3)], x => x[0].MaxPool2d(2).Square()),
        ["max pool overlapping"] = ([new(1, 7, 7, 2)], x => x[0].MaxPool2d(3, 2, 1).Square()),
        ["average pool"] = ([new(2, 6, 5, 3)], x => x[0].AvgPool2d(2).Square()),
        ["average pool overlapping"] = ([new(1, 7, 7, 2)], x => x[0].AvgPool2d(3, 2, 1).Square()),
        ["gather"] = ([new(4, 6)], x => x[0].GatherColumn(Labels(4, 6)).Square()),
        ["softmax"] = ([new(5, 7)], x => x[0].Softmax().Square()),
        ["log softmax"] = ([new(5, 7)], x => x[0].LogSoftmax().Square()),
        ["cross-entropy"] = ([new(5, 7)], x => Loss.CrossEntropy(x[0], Labels(5, 7))),
        ["negative log-likelihood"] = ([new(5, 7)], x => Loss.NegativeLogLikelihood(x[0].LogSoftmax(), Labels(5, 7))),
        ["mean squared error"] = ([new(5, 7), new(5, 7)], x => Loss.MeanSquaredError(x[0], x[1])),
        ["long elementwise chain"] = ([new(300), new(300)],
            x => (((x[0] * x[1]).Tanh() + x[0]).Sigmoid() * (x[1].Square() + 2f).Log() - (x[0] + x[1]).Exp() * 0.1f).Square()),
    };

    private static IEnumerable<string> Names => Cases.Keys.Concat(LayerCases.Keys);

    [TestCaseSource(nameof(Names))]
    public void ValueGradientAndHessianVectorProduct(string name)
    {
        (Shape[] shapes, Func<Tensor[], Tensor> build) = Cases.GetValueOrDefault(name, LayerCases.GetValueOrDefault(name));
        Tensor[] x = [.. shapes.Select((shape, i) => Tensor.Input(shape, $"x{i}"))];
        Tensor[] v = [.. shapes.Select((shape, i) => Tensor.Input(shape, $"v{i}"))];
        Tensor value = build(x);
        Tensor scalar = value.Mean();
        Tensor[] gradient = scalar.Gradient(x);
        Tensor along = gradient.Zip(v, (g, direction) => (g * direction).Sum()).Aggregate((a, b) => a + b);
        Tensor[] product = along.Gradient(x);

        Dictionary<Tensor, double[]> leaves = [];
        uint stream = 0;
        foreach (Tensor leaf in x.Concat(v))
        {
            RandomStream random = new(4711, stream++, 0);
            double[] values = new double[leaf.Shape.Count];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)random.NextGaussian();
            }

            leaves[leaf] = values;
        }

        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [value, .. gradient, .. product]);
        foreach (Tensor input in graph.Inputs)
        {
            graph[input].Write([.. leaves[input].Select(element => (float)element)]);
        }

        graph.Run();
        Compare(name + ": value", graph[value].ToArray(), DoubleReference.Evaluate(value, leaves), 2e-6);
        for (int i = 0; i < x.Length; i++)
        {
            double[] exact = DoubleReference.Evaluate(gradient[i], leaves);
            Compare($"{name}: gradient {i}", graph[gradient[i]].ToArray(), exact, 5e-6);
            Compare($"{name}: gradient {i} against differences", exact, Differences(scalar, x[i], leaves), 1e-6);
            double[] exactProduct = DoubleReference.Evaluate(product[i], leaves);
            Compare($"{name}: Hessian-vector product {i}", graph[product[i]].ToArray(), exactProduct, 2e-5);
            Compare($"{name}: Hessian-vector product {i} against differences", exactProduct, Differences(along, x[i], leaves),
                1e-6);
        }
    }

    [Test]
    public void OnlyAScalarHasAGradient() =>
        Assert.That(
            () => Tensor.Input(new Shape(3), "x").Gradient(), Throws.TypeOf<ShapeException>().With.Message.Contains("(3)"));

    private static double[] Differences(Tensor scalar, Tensor x, Dictionary<Tensor, double[]> leaves)
    {
        double[] values = leaves[x], result = new double[values.Length];
        const double Step = 1e-5;
        for (int i = 0; i < values.Length; i++)
        {
            double kept = values[i];
            values[i] = kept + Step;
            double above = DoubleReference.Evaluate(scalar, leaves)[0];
            values[i] = kept - Step;
            double below = DoubleReference.Evaluate(scalar, leaves)[0];
            values[i] = kept;
            result[i] = (above - below) / (2 * Step);
        }

        return result;
    }

    private static void Compare(string what, float[] actual, double[] expected, double tolerance) =>
        Compare(what, [.. actual.Select(value => (double)value)], expected, tolerance);

    private static void Compare(string what, double[] actual, double[] expected, double tolerance)
    {
        double scale = Math.Max(expected.Max(Math.Abs), 1e-3);
        double worst = actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max() / scale;
        Assert.That(worst, Is.LessThan(tolerance), what);
    }

    private static Tensor Labels(int rows, int classes) =>
        Tensor.Constant(new Shape(rows), [.. Enumerable.Range(0, rows).Select(i => (float)((i * 5) % classes))]);
}
