using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Fusion, shared memory, views and bound outputs of the graph compiler, against the double reference.</summary>
internal sealed class GraphCompilerTests
{
    private const int Guard = 16;
    private const float Canary = -7654321f;

    private static readonly Shape[] Shapes =
    [
        Shape.Scalar, new(4), new(6), new(12), new(1, 4), new(6, 1), new(6, 4), new(4, 6), new(4, 4), new(2, 3, 4), new(3, 1),
        new(2, 1, 4),
    ];

    /// <summary>Graphs of 5 to 40 nodes, run twice with other inputs.</summary>
    [Test]
    public void RandomGraphs([Range(0, 9)] int decade)
    {
        for (ulong seed = (ulong)(15 * decade); seed < (ulong)(15 * (decade + 1)); seed++)
        {
            RandomGraph(seed);
        }
    }

    [TestCase(8, 1)]
    [TestCase(9, 2)]
    [TestCase(23, 4)]
    public void AChainOfManyArgumentsIsSplit(int arguments, int launches)
    {
        Tensor[] x = [.. Enumerable.Range(0, arguments).Select(i => Tensor.Input(new Shape(5, 7), $"x{i}"))];
        Tensor sum = x[0];
        for (int i = 1; i < arguments; i++)
        {
            sum = i % 2 == 0 ? sum + x[i] : (sum * x[i]).Tanh();
        }

        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [sum]);
        Assert.That(graph.Launches, Is.EqualTo(launches));
        RunAndCompare(graph, [sum], x, 31, "chain");
    }

    [Test]
    public void ASimpleChainIsOneLaunch()
    {
        Tensor[] x = [.. "xyz".Select(name => Tensor.Input(new Shape(3, 5), $"{name}"))];
        Tensor value = ((x[0] * x[1]) + x[2]).Relu();
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [value]);
        Assert.That(graph.Launches, Is.EqualTo(1));
        RunAndCompare(graph, [value], x, 32, "chain");
    }

    [Test]
    public void AMapIsComputedWhileItIsReduced()
    {
        Tensor[] x = [Tensor.Input(new Shape(40, 7), "x"), Tensor.Input(new Shape(7), "y")];
        Tensor[] outputs = [((x[0] * x[1]).Tanh() + x[1]).Sum([0]), (x[0] - x[1]).Square().Max([0], true)];
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, outputs);
        Assert.That(graph.Launches, Is.EqualTo(1));
        Assert.That(graph.IntermediateBytes, Is.LessThan(256), "nothing of the size of x");
        RunAndCompare(graph, outputs, x, 37, "reductions");
    }

    /// <summary>
    /// x − m is read as easily from x, so its consumers compute it; tanh x is dear, and x·y reads two tensors: they are computed
    /// once.
    /// </summary>
    [Test]
    public void ALightMapIsComputedByEachOfItsConsumers()
    {
        Tensor[] x = [Tensor.Input(new Shape(40, 7), "x"), Tensor.Input(new Shape(7), "m"), Tensor.Input(new Shape(40, 7), "y")];
        foreach ((Tensor shared, int steps) in ((Tensor, int)[])[(x[0] - x[1], 2), (x[0].Tanh(), 3), (x[0] * x[2], 3)])
        {
            Tensor[] outputs = [shared.Square().Sum([0]), (shared * x[1]).Relu()];
            using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, outputs);
            Assert.That(Steps(graph), Is.EqualTo(steps), $"{shared}");
            RunAndCompare(graph, outputs, [.. x.Where(graph.Inputs.Contains)], 38, "shared");
        }

        // What a product wants in memory, or an output, is read by the others.
        Tensor light = x[0] - x[1];
        Tensor[] all = [light.Square().Sum([0]), (light * x[1]).Relu(), Tensor.MatMul(light, x[2].Transpose())];
        using CompiledGraph beside = CompiledGraph.Compile(Device.Cpu, all), output = CompiledGraph.Compile(
            Device.Cpu, [.. all[..2], light]);
        Assert.That(Steps(beside), Is.EqualTo(5));
        Assert.That(Steps(output), Is.EqualTo(3));
        RunAndCompare(beside, all, x, 39, "product");
    }

    /// <summary>
    /// As in batch norm's backward pass: a map, and the sums over its rows and over products with it, at shapes of one task and
    /// of several, whose last rows make no whole wide row. No bit differs from each on its own.
    /// </summary>
    [Test]
    public void PassesOverTheSameElementsAreOneLaunch([Values(3, 131, 4099)] int rows, [Values(7, 16, 40, 70)] int channels)
    {
        Shape whole = new(rows, channels);
        Tensor[] x = [.. "gyz".Select(name => Tensor.Input(whole, $"{name}")), Tensor.Input(new Shape(channels), "m")];
        Tensor masked = x[0] * Tensor.Less(0f, x[1]);
        Tensor[] outputs = [masked.Sum([0]), (masked * (x[2] - x[3])).Sum([0]), masked];
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, outputs);
        Assert.That(graph.Launches, Is.EqualTo(1));
        RunAndCompare(graph, outputs, x, 41, "joined");
        foreach (Tensor output in outputs)
        {
            using CompiledGraph alone = CompiledGraph.Compile(Device.Cpu, [output]);
            foreach (Tensor input in alone.Inputs)
            {
                alone[input].Write(graph[input].ToArray());
            }

            alone.Run();
            Assert.That(alone[output].ToArray(), Is.EqualTo(graph[output].ToArray()), $"{output}");
        }
    }

    [Test]
    public void AnIntermediateThatIsAnOutputTooIsComputedOnce()
    {
        Tensor x = Tensor.Input(new Shape(3, 5), "x");
        Tensor inner = x.Tanh(), outer = inner.Square();
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [outer, inner]);
        Assert.That(graph.Launches, Is.EqualTo(2));
        RunAndCompare(graph, [outer, inner], [x], 33, "chain");
    }

    /// <summary>
    /// Two views of one product, unbound, and both bound to memory of their own: one is computed there, one copied.
    /// </summary>
    [Test]
    public void TwoOutputsMayBeViewsOfOneTensor([Values] bool bound)
    {
        Tensor a = Tensor.Input(new Shape(4, 6), "a"), b = Tensor.Input(new Shape(6, 3), "b");
        Tensor product = Tensor.MatMul(a, b), flat = product.Reshape(12), cube = product.Reshape(2, 3, 2), behind = flat.Square();
        using DeviceBuffer first = Device.Cpu.Allocate(12);
        using DeviceBuffer second = Device.Cpu.Allocate(12);
        Dictionary<Tensor, Region> bindings = bound ? new() { [flat] = new Region(first), [cube] = new Region(second) } : [];
        Tensor[] outputs = [flat, cube, behind];
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, outputs, bindings);
        RunAndCompare(graph, outputs, [a, b], 34, "views");
        if (bound)
        {
            Assert.That(graph[flat].Buffer, Is.SameAs(first));
            Assert.That(graph[cube].Buffer, Is.SameAs(second));
        }
    }

    [Test]
    public void AnOutputMayBeAnInput()
    {
        Tensor x = Tensor.Input(new Shape(2, 6), "x");
        Tensor view = x.Reshape(3, 4), value = x.Exp();
        using DeviceBuffer own = Device.Cpu.Allocate(12);
        Tensor[] outputs = [x, view, value, x];
        using CompiledGraph graph =
            CompiledGraph.Compile(Device.Cpu, outputs, new Dictionary<Tensor, Region> { [view] = new Region(own) });
        RunAndCompare(graph, outputs, [x], 35, "leaf");
        Assert.That(graph[view].Buffer, Is.SameAs(own));
    }

    /// <summary>Twenty products in a row need the memory of two of them at a time, and the output's.</summary>
    [Test]
    public void IntermediatesShareMemory()
    {
        const int Size = 32, Length = 20;
        Tensor x = Tensor.Input(new Shape(Size, Size), "x"), w = Tensor.Input(new Shape(Size, Size), "w");
        Tensor value = x;
        for (int i = 0; i < Length; i++)
        {
            value = Tensor.MatMul(value, w) * 0.2f;
        }

        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [value]);
        Assert.That(graph.IntermediateBytes, Is.LessThanOrEqualTo(3 * Size * Size * sizeof(float)));
        RunAndCompare(graph, [value], [x, w], 36, "products");
    }

    private static void RandomGraph(ulong seed)
    {
        string what = $"seed {seed}";
        RandomStream random = new(seed, 1);
        List<Tensor> leaves = [], nodes = [];
        Dictionary<Tensor, double> bounds = [];
        for (int i = 3 + random.NextBelow(4); i > 0; i--)
        {
            Shape shape = Shapes[random.NextBelow(Shapes.Length)];
            bool constant = random.NextBelow(4) == 0;
            Tensor leaf = constant ? Tensor.Constant(shape, Numbers(shape, random)) : Tensor.Input(shape, $"x{i}");
            if (!constant)
            {
                leaves.Add(leaf);
            }

            nodes.Add(leaf);
            bounds[leaf] = 1;
        }

        for (int wanted = nodes.Count + 5 + random.NextBelow(36); nodes.Count < wanted;)
        {
            if (Grow(nodes, bounds, random) is { } node)
            {
                // No value may run away, so that every mistake shows and no rounding does.
                (Tensor kept, double bound) = node.Bound > 4 ? (node.Tensor.Tanh(), 1) : node;
                nodes.Add(kept);
                bounds[kept] = bound;
            }
        }

        List<Tensor> outputs = [nodes[^1]];
        for (int i = 1 + random.NextBelow(6); i > 0; i--)
        {
            outputs.Add(random.NextBelow(5) == 0 ? outputs[^1] : nodes[random.NextBelow(nodes.Count)]);
        }

        List<DeviceBuffer> buffers = [];
        try
        {
            Dictionary<Tensor, Region> bindings = [];
            foreach (Tensor tensor in outputs.Where(output => output.Operation is not null).Concat(leaves).Distinct())
            {
                if (random.NextBelow(3) == 0)
                {
                    DeviceBuffer buffer = Device.Cpu.Allocate(tensor.Shape.Count + (2 * Guard));
                    buffers.Add(buffer);
                    float[] canaries = new float[buffer.Count];
                    Array.Fill(canaries, Canary);
                    buffer.Write(0, canaries);
                    bindings[tensor] = new Region(buffer, Guard, tensor.Shape.Count);
                }
            }

            using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, outputs, bindings);
            Tensor[] used = [.. leaves.Where(Gradients.Ordered([.. outputs]).Contains)];
            RunAndCompare(graph, outputs, used, seed, what);
            foreach ((Tensor tensor, Region region) in bindings)
            {
                Assert.That(
                    !outputs.Contains(tensor)
                    || graph[tensor].Buffer == region.Buffer, Is.True, $"{what}: {tensor} is not where it was bound");
                float[] whole = new Region(region.Buffer).ToArray();
                Assert.That(whole[..Guard].Concat(whole[^Guard..]), Is.All.EqualTo(Canary), $"{what}: written beside {tensor}");
            }
        }
        finally
        {
            buffers.ForEach(buffer => buffer.Dispose());
        }
    }

    /// <summary>
    /// One more node, with the largest magnitude that it can have, or null where the chosen operation does not fit.
    /// </summary>
    private static (Tensor Tensor, double Bound)? Grow(List<Tensor> nodes, Dictionary<Tensor, double> bounds, RandomStream random)
    {
        // Recent nodes twice as often: chains grow, while old ones are shared.
        Tensor Any() =>
            nodes[random.NextBelow(2) == 0 ? random.NextBelow(nodes.Count) : Math.Max(0, nodes.Count - 1 - random.NextBelow(4))];
        Tensor x = Any(), y = Any();
        double a = bounds[x], b = bounds[y];
        int rank = x.Shape.Rank;
        try
        {
            switch (random.NextBelow(14))
            {
                case 0:
                    return (x.Relu(), a);
                case 1:
                    return (x.Sigmoid(), 1);
                case 2:
                    return (-x, a);
                case 3:
                    return (x.Abs(), a);
                case 4:
                    return (x + y, a + b);
                case 5:
                    return (x - y, a + b);
                case 6:
                    return (x * y, a * b);
                case 7:
                    return (Tensor.Maximum(x, y), Math.Max(a, b));
                case 8 or 9 when rank == 2 && y.Shape.Rank == 2:
                    return (Tensor.MatMul(x, y), a * b * x.Shape[1]);
                case 10 when rank > 0:
                    int axis = random.NextBelow(rank);
                    return (x.Sum([axis], random.NextBelow(2) == 0), a * x.Shape[axis]);
                case 11 when rank > 0:
                    return (x.Max([random.NextBelow(rank)], random.NextBelow(2) == 0), a);
                case 12:
                    Shape[] others = [
                        .. Shapes.Where(shape => shape.Count == x.Shape.Count && shape != x.Shape),
                        new Shape((int)x.Shape.Count)];
                    Tensor view = x.Reshape(others[random.NextBelow(others.Length)]);
                    return view == x ? null : (view, a);
                case 13 when rank == 2:
                    return (x.Transpose(), a);
                default:
                    return null;
            }
        }
        catch (ShapeException)
        {
            return null;
        }
    }

    /// <summary>The operations of a graph's launches.</summary>
    private static int Steps(CompiledGraph graph) => graph.Profile(1).Sum(launch => launch.Name.Split(" | ").Length);

    private static void RunAndCompare(
        CompiledGraph graph, IReadOnlyList<Tensor> outputs, IReadOnlyList<Tensor> leaves, ulong seed, string what)
    {
        for (uint run = 0; run < 2; run++)
        {
            RandomStream random = new(seed, 2, run);
            Dictionary<Tensor, double[]> values = [];
            foreach (Tensor leaf in leaves)
            {
                float[] numbers = Numbers(leaf.Shape, random);
                graph[leaf].Write(numbers);
                values[leaf] = [.. numbers.Select(number => (double)number)];
            }

            graph.Run();
            foreach (Tensor output in outputs.Concat(leaves))
            {
                double[] expected = DoubleReference.Evaluate(output, values);
                float[] actual = graph[output].ToArray();
                Assert.That(actual, Has.Length.EqualTo(expected.Length), what);
                double worst = actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max();
                Assert.That(
                    worst, Is.LessThan(leaves.Contains(output) ? 1e-30 : 2e-5 * Math.Max(1, expected.Max(Math.Abs))),
                    $"{what}, run {run + 1}: {output}");
            }
        }
    }

    private static float[] Numbers(Shape shape, RandomStream random) =>
        [.. Enumerable.Range(0, (int)shape.Count).Select(_ => (float)((2 * random.NextUniform()) - 1))];
}
