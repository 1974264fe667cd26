using System.Reflection;
using PacGen.Core.Lanes;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Computes a graph in double by the plainest loops there are: what the compiled graph is compared with.</summary>
internal sealed class DoubleReference
{
    private readonly Dictionary<Tensor, double[]> values;

    private DoubleReference(IReadOnlyDictionary<Tensor, double[]> leaves) => values = new(leaves);

    /// <summary>The value of a tensor from the values of its leaves (constants are known).</summary>
    public static double[] Evaluate(Tensor tensor, IReadOnlyDictionary<Tensor, double[]> leaves)
    {
        DoubleReference reference = new(leaves);
        foreach (Tensor node in Gradients.Ordered(tensor))
        {
            if (!reference.values.ContainsKey(node))
            {
                reference.values[node] = node.Operation is null
                    ? [.. node.Values!.Select(value => (double)value)]
                    : reference.Compute(node, [.. node.Inputs.Select(input => reference.values[input])]);
            }
        }

        return reference.values[tensor];
    }

    /// <summary>
    /// Compares what a compiled graph computes with the reference's values, each output beside its largest number.
    /// </summary>
    /// <param name="device">Where it is compiled.</param>
    /// <param name="outputs">What it computes.</param>
    /// <param name="leaves">Its inputs; those that nothing depends on are left out.</param>
    /// <param name="values">Their values.</param>
    /// <param name="tolerance">The largest error, as a share of 1 + the largest number.</param>
    /// <param name="what">What an error says beside the output.</param>
    public static void Check(
        Device device, Tensor[] outputs, Tensor[] leaves, float[][] values, double tolerance, Func<string> what)
    {
        Dictionary<Tensor, double[]> numbers = leaves.Zip(values).ToDictionary(
            pair => pair.First, pair => Array.ConvertAll(pair.Second, value => (double)value));
        using CompiledGraph graph = CompiledGraph.Compile(device, outputs);
        for (int i = 0; i < leaves.Length; i++)
        {
            if (graph.Inputs.Contains(leaves[i]))
            {
                graph[leaves[i]].Write(values[i]);
            }
        }

        graph.Run();
        foreach (Tensor output in outputs)
        {
            double[] expected = Evaluate(output, numbers);
            Assert.That(expected, Has.All.Matches<double>(double.IsFinite), () => $"{output}, {what()}");
            Assert.That(
                graph[output].ToArray(), Is.EqualTo(expected).Within(tolerance * (1 + expected.Max(Math.Abs))),
                () => $"{output}, {what()}");
        }
    }

    private double[] Compute(Tensor node, double[][] x)
    {
        Shape[] s = [.. node.Inputs.Select(input => input.Shape)];
        double[] y = new double[node.Shape.Count];
        switch (node.Operation)
        {
            case FusedMap map:
                MapAll(map.Expression, node.Shape, s, x, y);
                break;
            case Reshape:
                return x[0];
            case Transpose:
                for (int i = 0; i < s[0][0]; i++)
                {
                    for (int j = 0; j < s[0][1]; j++)
                    {
                        y[(j * s[0][0]) + i] = x[0][(i * s[0][1]) + j];
                    }
                }

                break;
            case Permute permute:
                Each(node.Shape, (at, place) =>
                {
                    int[] source = new int[place.Length];
                    for (int axis = 0; axis < place.Length; axis++)
                    {
                        source[permute.Order[axis]] = place[axis];
                    }

                    y[at] = x[0][IndexOf(source, s[0])];
                });
                break;
            case Slice slice:
                Each(node.Shape, (at, place) =>
                {
                    for (int axis = 0; axis < place.Length; axis++)
                    {
                        int spread = slice.Starts[axis] + (place[axis] * slice.Steps[axis]);
                        place[axis] = spread % slice.Spacings[axis] == 0 ? spread / slice.Spacings[axis] : -1;
                        if (place[axis] < 0 || place[axis] >= s[0][axis])
                        {
                            return;
                        }
                    }

                    y[at] = x[0][IndexOf(place, s[0])];
                });
                break;
            case Concatenate joined:
                int behind = 0;
                for (int part = 0; part < x.Length; part++)
                {
                    Each(s[part], (at, place) =>
                    {
                        place[joined.Axis] += behind;
                        y[IndexOf(place, node.Shape)] = x[part][at];
                    });
                    behind += s[part][joined.Axis];
                }

                break;
            case BatchMatMul products:
                int inner = s[0][products.TransposeA ? 1 : 2];
                Each(node.Shape, (at, place) =>
                {
                    for (int l = 0; l < inner; l++)
                    {
                        y[at] += x[0][IndexOf(products.TransposeA ? [place[0], l, place[1]] : [place[0], place[1], l], s[0])]
                            * x[1][IndexOf(products.TransposeB ? [place[0], place[2], l] : [place[0], l, place[2]], s[1])];
                    }
                });
                break;
            case MatMul product:
                int m = node.Shape[0], n = node.Shape[1], k = s[0][product.TransposeA ? 0 : 1];
                for (int i = 0; i < m; i++)
                {
                    for (int j = 0; j < n; j++)
                    {
                        for (int l = 0; l < k; l++)
                        {
                            y[(i * n) + j] += x[0][product.TransposeA ? (l * m) + i : (i * k) + l] * x[1][
                                product.TransposeB ? (j * k) + l : (l * n) + j];
                        }
                    }
                }

                break;
            case Reduce reduce:
                Array.Fill(y, reduce.Kind == ReduceKind.Sum ? 0 : double.NegativeInfinity);
                int[] kept = [.. Enumerable.Range(0, s[0].Rank).Select(axis => reduce.Axes.Contains(axis) ? 1 : s[0][axis])];
                for (int i = 0; i < x[0].Length; i++)
                {
                    int at = Stretched(i, s[0], new Shape(kept));
                    y[at] = reduce.Kind == ReduceKind.Sum ? y[at] + x[0][i] : Math.Max(y[at], x[0][i]);
                }

                break;
            case SquaredDeviations deviations:
                int[] summed =
                    [.. Enumerable.Range(0, s[0].Rank).Select(axis => deviations.Axes.Contains(axis) ? 1 : s[0][axis])];
                for (int i = 0; i < x[0].Length; i++)
                {
                    double deviation = x[0][i] - x[1][Stretched(i, s[0], s[1])];
                    y[Stretched(i, s[0], new Shape(summed))] += deviation * deviation;
                }

                break;
            case Conv2dForward convolution:
                Taps(convolution.Geometry, s[0], s[1], (a, w, o) => y[o] += x[0][a] * x[1][w]);
                break;
            case Conv2dInputGradient gradient:
                Taps(gradient.Geometry, node.Shape, s[1], (a, w, o) => y[a] += x[0][o] * x[1][w]);
                break;
            case Conv2dWeightGradient gradient:
                Taps(gradient.Geometry, s[0], node.Shape, (a, w, o) => y[w] += x[0][a] * x[1][o]);
                break;
            case DepthwiseConv2d depthwise:
                DepthwiseTaps(depthwise.Geometry, s[0], s[1], node.Shape, (a, w, o) => y[o] += x[0][a] * x[1][w]);
                break;
            case DepthwiseWeightGradient depthwise:
                DepthwiseTaps(depthwise.Geometry, s[0], node.Shape, s[1], (a, w, o) => y[w] += x[0][a] * x[1][o]);
                break;
            case PoolSelect pool:
                Windows(pool.Geometry, s[0], (o, window) => y[o] = x[1][window.MaxBy(a => x[0][a])]);
                break;
            case PoolScatter pool:
                Windows(pool.Geometry, s[0], (o, window) => y[window.MaxBy(a => x[0][a])] += x[1][o]);
                break;
            case AveragePool pool:
                Windows(pool.Geometry, s[0], (o, window) =>
                    y[o] = window.Sum(a => x[0][a]) / (pool.Geometry.KernelHeight * pool.Geometry.KernelWidth));
                break;
            case AveragePoolGradient pool:
                Windows(pool.Geometry, node.Shape, (o, window) =>
                    window.ForEach(a => y[a] += x[0][o] / (pool.Geometry.KernelHeight * pool.Geometry.KernelWidth)));
                break;
            case GatherColumn:
                Rows(s[0], (row, at) => y[row] = x[0][at + (int)x[1][row]]);
                break;
            case ScatterColumn:
                Rows(node.Shape, (row, at) => y[at + (int)x[1][row]] = x[0][row]);
                break;
            case GatherRows:
                Each(node.Shape, (at, place) => y[at] = x[0][IndexOf([(int)x[1][place[0]], place[1]], s[0])]);
                break;
            case ScatterRows:
                Each(s[0], (at, place) => y[IndexOf([(int)x[1][place[0]], place[1]], node.Shape)] += x[0][at]);
                break;
            case Softmax or SoftmaxCrossEntropy or SoftmaxCrossEntropyGradient:
                int classes = s[0][1];
                Rows(s[0], (row, at) =>
                {
                    double[] z = x[0][at..(at + classes)];
                    double top = z.Max(), sum = z.Sum(value => Math.Exp(value - top));
                    if (node.Operation is SoftmaxCrossEntropy)
                    {
                        y[row] = top + Math.Log(sum) - z[(int)x[1][row]];
                        return;
                    }

                    for (int c = 0; c < classes; c++)
                    {
                        y[at + c] = (Math.Exp(z[c] - top) / sum) - (
                            node.Operation is SoftmaxCrossEntropyGradient && c == (int)x[1][row] ? 1 : 0);
                    }
                });
                break;
            default:
                throw new NotSupportedException($"The reference lacks {node.Operation!.Name}.");
        }

        return y;
    }

    private static void MapAll(Expression expression, Shape shape, Shape[] shapes, double[][] x, double[] y)
    {
        MethodInfo evaluate = typeof(DoubleReference).GetMethod(
            nameof(At), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(expression.ToType());
        Func<double[], double> at = evaluate.CreateDelegate<Func<double[], double>>();
        double[] arguments = new double[Expression.MaxArguments];
        for (int i = 0; i < y.Length; i++)
        {
            for (int a = 0; a < x.Length; a++)
            {
                arguments[a] = x[a][Stretched(i, shape, shapes[a])];
            }

            y[i] = at(arguments);
        }
    }

    private static double At<TExpression>(double[] arguments)
        where TExpression : struct, IExpression => TExpression.Evaluate<Double1, Arguments>(new Arguments(arguments)).Value;

    /// <summary>The index into a tensor of one shape that an index into the shape it is stretched to reads.</summary>
    private static int Stretched(int index, Shape from, Shape to)
    {
        int result = 0, step = 1;
        for (int axis = 1; axis <= from.Rank; axis++)
        {
            int coordinate = index % from[-axis];
            index /= from[-axis];
            if (axis <= to.Rank)
            {
                result += to[-axis] == 1 ? 0 : coordinate * step;
                step *= to[-axis];
            }
        }

        return result;
    }

    /// <summary>Visits all elements, with their index along each axis; the array is the visitor's to change.</summary>
    private static void Each(Shape shape, Action<int, int[]> visit)
    {
        for (int at = 0; at < shape.Count; at++)
        {
            int[] place = new int[shape.Rank];
            for (int axis = shape.Rank - 1, rest = at; axis >= 0; axis--)
            {
                (rest, place[axis]) = Math.DivRem(rest, shape[axis]);
            }

            visit(at, place);
        }
    }

    private static int IndexOf(int[] place, Shape shape)
    {
        int at = 0;
        for (int axis = 0; axis < place.Length; axis++)
        {
            at = (at * shape[axis]) + place[axis];
        }

        return at;
    }

    private static void Rows(Shape matrix, Action<int, int> visit)
    {
        for (int row = 0; row < matrix[0]; row++)
        {
            visit(row, row * matrix[1]);
        }
    }

    private static void Taps(Conv2dGeometry g, Shape images, Shape weights, Action<int, int, int> visit)
    {
        (int oh, int ow) = g.Output(images[1], images[2], weights[0], weights[1]);
        for (int n = 0; n < images[0]; n++)
        {
            for (int o = 0; o < oh * ow; o++)
            {
                for (int kernel = 0; kernel < weights[0] * weights[1]; kernel++)
                {
                    int h = (o / ow * g.StrideHeight) + (kernel / weights[1]) - g.PaddingHeight, w = (o % ow * g.StrideWidth) + (
                        kernel % weights[1]) - g.PaddingWidth;
                    if (h < 0 || w < 0 || h >= images[1] || w >= images[2])
                    {
                        continue;
                    }

                    for (int c = 0; c < images[3]; c++)
                    {
                        for (int k = 0; k < weights[3]; k++)
                        {
                            visit((((((n * images[1]) + h) * images[2]) + w) * images[3]) + c, (
                                ((kernel * weights[2]) + c) * weights[3]) + k, (((n * oh * ow) + o) * weights[3]) + k);
                        }
                    }
                }
            }
        }
    }

    private static void DepthwiseTaps(
        DepthwiseGeometry g, Shape images, Shape weights, Shape output, Action<int, int, int> visit) =>
        Each(output, (o, place) =>
        {
            for (int tap = 0; tap < weights[0] * weights[1]; tap++)
            {
                int h = (place[1] * g.Windows.StrideHeight) - g.Windows.PaddingHeight + (tap / weights[1] * g.DilationHeight);
                int w = (place[2] * g.Windows.StrideWidth) - g.Windows.PaddingWidth + (tap % weights[1] * g.DilationWidth);
                if (h >= 0 && w >= 0 && h < images[1] && w < images[2])
                {
                    visit(IndexOf([place[0], h, w, place[3]], images), (tap * weights[3]) + place[3], o);
                }
            }
        });

    private static void Windows(PoolGeometry g, Shape images, Action<int, List<int>> visit)
    {
        int oh = ((images[1] + (2 * g.PaddingHeight) - g.KernelHeight) / g.StrideHeight) + 1;
        int ow = ((images[2] + (2 * g.PaddingWidth) - g.KernelWidth) / g.StrideWidth) + 1;
        for (int n = 0; n < images[0]; n++)
        {
            for (int o = 0; o < oh * ow; o++)
            {
                for (int c = 0; c < images[3]; c++)
                {
                    List<int> window = [];
                    for (int kernel = 0; kernel < g.KernelHeight * g.KernelWidth; kernel++)
                    {
                        int h = (o / ow * g.StrideHeight) + (kernel / g.KernelWidth) - g.PaddingHeight;
                        int w = (o % ow * g.StrideWidth) + (kernel % g.KernelWidth) - g.PaddingWidth;
                        if (h >= 0 && w >= 0 && h < images[1] && w < images[2])
                        {
                            window.Add((((((n * images[1]) + h) * images[2]) + w) * images[3]) + c);
                        }
                    }

                    visit((((n * oh * ow) + o) * images[3]) + c, window);
                }
            }
        }
    }

    private readonly struct Arguments(double[] values) : IInputs<Double1>
    {
        public Double1 Get0() => new(values[0]);

        public Double1 Get1() => new(values[1]);

        public Double1 Get2() => new(values[2]);

        public Double1 Get3() => new(values[3]);

        public Double1 Get4() => new(values[4]);

        public Double1 Get5() => new(values[5]);

        public Double1 Get6() => new(values[6]);

        public Double1 Get7() => new(values[7]);
    }
}
