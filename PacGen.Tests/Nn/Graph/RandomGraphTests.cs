using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>
/// Graphs that nobody thought of: values, gradients and their gradients of random operations on random shapes, against the
/// double reference. What a plan joins, moves or leaves out must not show.
/// </summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(DeviceFixture.Ids))]
internal sealed class RandomGraphTests(string id) : DeviceFixture(id)
{
    private static readonly int[] Extents = [1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 13, 16, 17, 24, 33, 64, 100];

    [Test]
    public void ValuesAndDerivativesAreTheReferences([Range(0, 9)] int part)
    {
        int graphs = Device is CpuDevice ? 60 : IsSlow ? 1 : 6, most = IsSlow ? 300 : 4000;
        for (int i = 0; i < graphs; i++)
        {
            Check((part * 1000) + i, most);
        }
    }

    private void Check(int seed, int most)
    {
        Graph made = new(seed, most);
        Tensor loss = made.Loss;
        Tensor[] leaves = [.. made.Leaves], gradients = loss.Gradient(leaves);
        Tensor curved = gradients.Select(gradient => gradient.Square().Sum()).Aggregate((a, b) => a + b);
        Tensor[] all = [loss, .. made.Last, .. gradients, .. curved.Gradient(leaves)], outputs = [.. all.Distinct()];
        float[][] values = [.. leaves.Select((leaf, i) => KernelRun.Random(leaf.Shape, (ulong)((seed * 100) + i)))];
        DoubleReference.Check(
            Device, outputs, leaves, values, 1e-3, () => $"graph {seed} on {Device.Name}\n{string.Join('\n', made.Steps)}");
    }

    /// <summary>A graph of some ten operations.</summary>
    private sealed class Graph
    {
        private readonly Random random;
        private readonly int most;
        private readonly List<Tensor> nodes = [];

        public Graph(int seed, int most)
        {
            (random, this.most) = (new Random(seed), most);
            Leaf([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Extent())]);
            int operations = random.Next(3, 10);
            while (nodes.Count < operations + Leaves.Count)
            {
                Add(Next(Recent()));
            }

            // What is summed up may be stretched along the axes in front, or a number.
            Last = [.. nodes.TakeLast(2).Where(node => node.Operation is not null)];
            Loss = Last.Select(node => (Bounded(node) * Leaf(Stretched(node.Shape))).Sum()).Aggregate((a, b) => a + b);
        }

        public List<Tensor> Leaves { get; } = [];

        public List<string> Steps { get; } = [];

        public IReadOnlyList<Tensor> Last { get; }

        public Tensor Loss { get; }

        private int Extent() => Extents[random.Next(Extents.Length)];

        private Tensor Recent() => nodes[^random.Next(1, Math.Min(4, nodes.Count) + 1)];

        private Tensor Leaf(int[] extents)
        {
            while (Shape(extents).Count > most)
            {
                int longest = Array.IndexOf(extents, extents.Max());
                extents[longest] = (extents[longest] + 1) / 2;
            }

            Tensor leaf = Tensor.Input(Shape(extents), $"x{Leaves.Count}");
            Leaves.Add(leaf);
            Add(leaf);
            return leaf;
        }

        private void Add(Tensor node)
        {
            nodes.Add(node);
            Steps.Add($"{nodes.Count - 1}: {node} of {string.Join(", ", node.Inputs.Select(input => nodes.IndexOf(input)))}");
        }

        private static Shape Shape(int[] extents) => new(extents);

        /// <summary>A shape that broadcasts to another.</summary>
        private int[] Stretched(Shape shape)
        {
            int[] all = shape.AsSpan().ToArray();
            return [.. all[random.Next(all.Length + 1)..].Select(extent => random.Next(4) == 0 ? 1 : extent)];
        }

        private static Tensor Bounded(Tensor x) => x.Tanh();

        private Tensor Next(Tensor x)
        {
            int rank = x.Shape.Rank;
            return random.Next(rank == 0 ? 4 : 12) switch
            {
                0 => Unary(x),
                1 => Unary(x) * Leaf(Stretched(x.Shape)),
                2 or 3 => Binary(x, random.Next(2) == 0 ? Leaf(Stretched(x.Shape)) : Recent()),
                4 or 5 => Reduced(x),
                6 => Reduced((x + Leaf(Stretched(x.Shape))) * Leaf(Stretched(x.Shape))),
                7 => x.Softmax() * Leaf(Stretched(x.Shape)),
                8 => Moved(x),
                9 when rank == 4 && Math.Min(x.Shape[1], x.Shape[2]) >= 2 =>
                    (random.Next(2) == 0 ? (x + Leaf(Stretched(x.Shape))).Relu() : x).MaxPool2d(2),
                9 or 10 when rank == 2 => Tensor.MatMul(
                    x, Leaf([x.Shape[1], Math.Min(Extent(), Math.Max(1, most / Math.Max(x.Shape[0], x.Shape[1])))])),
                _ => Normalized(x),
            };
        }

        private Tensor Unary(Tensor x) => random.Next(7) switch
        {
            0 => x.Relu(),
            1 => x.Tanh(),
            2 => x.Sigmoid(),
            3 => Bounded(x).Square(),
            4 => (Bounded(x) * 0.7f).Exp(),
            5 => (x.Square() + 0.5f).Sqrt(),
            _ => (x * 0.5f) + 0.1f,
        };

        private Tensor Binary(Tensor x, Tensor y)
        {
            if (!Broadcasts(x.Shape, y.Shape))
            {
                y = Leaf(Stretched(x.Shape));
            }

            return random.Next(5) switch
            {
                0 => x + y,
                1 => x - y,
                2 => Tensor.Maximum(x, y),
                3 => x / (y.Square() + 1f),
                _ => Bounded(x) * y,
            };
        }

        private static bool Broadcasts(Shape x, Shape y) => y.Rank <= x.Rank && Enumerable.Range(1, y.Rank).All(
            axis => y[y.Rank - axis] == 1 || y[y.Rank - axis] == x[x.Rank - axis]);

        private Tensor Reduced(Tensor x)
        {
            int[] axes = [.. Enumerable.Range(0, x.Shape.Rank).Where(_ => random.Next(2) == 0)];
            axes = axes.Length == 0 ? [.. Enumerable.Range(0, x.Shape.Rank)] : axes;
            bool keep = random.Next(2) == 0;
            return random.Next(4) switch
            {
                0 => Bounded(x.Sum(axes, keep)),
                1 => x.Max(axes, keep),
                2 => x.Sum() * 0.01f,
                _ => x.Mean(axes, keep),
            };
        }

        private Tensor Moved(Tensor x)
        {
            int[] order = [.. Enumerable.Range(0, x.Shape.Rank)];
            random.Shuffle(order);
            return random.Next(2) == 0 ? x.Permute(order) : x.Reshape(-1, x.Shape[0]);
        }

        /// <summary>A normalisation over the axes in front, or over the last.</summary>
        private Tensor Normalized(Tensor x)
        {
            int[] axes = random.Next(2) == 0 ? [x.Shape.Rank - 1] : [.. Enumerable.Range(0, Math.Max(1, x.Shape.Rank - 1))];
            Tensor mean = x.Mean(axes, true), deviation = x - mean;
            return deviation / ((deviation * deviation).Mean(axes, true) + 0.1f).Sqrt() * Leaf(Stretched(x.Shape));
        }
    }
}
