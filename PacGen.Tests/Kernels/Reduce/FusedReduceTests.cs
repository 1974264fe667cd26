using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>A map that is computed while it is reduced: right, and the same bits as one after the other.</summary>
internal sealed class FusedReduceTests
{
    // The second input of each is stretched along another set of axes: none, a value a channel, a value a row, a scalar.
    private static readonly (int[] Shape, int[] Second, int[] Axes)[] Cases =
    [
        ([7], [7], [0]), ([70001], [1], [0]), ([2, 3, 5], [5], [0, 1, 2]), ([4, 600], [600], [0]), ([1, 10], [10], [0]),
        ([13, 10], [13, 1], [0]),
        ([4099, 10], [10], [0]), ([20011, 17], [17], [0]), ([33, 64], [64], [0]), ([65, 63], [65, 1], [0]),
        ([3, 1025], [1025], [0]), ([129, 1500], [1500], [0]),
        ([2503, 100], [100], [0]), ([31, 1, 31, 20], [20], [0, 2]), ([4, 9, 9, 192], [192], [0, 1, 2]),
        ([4, 33, 17, 16], [16], [0, 1, 2]),
        ([4, 9, 9, 48], [4, 9, 9, 48], [0, 1, 2]), ([3, 700, 64], [3, 1, 64], [1]), ([3, 5, 7, 11], [7, 1], [0, 2]),
        ([3, 5, 7, 11], [5, 1, 1], [1, 3]),
        ([5, 9000], [9000], [1]), ([1], [], [0]),
    ];

    [Test]
    public void AgreesWithTheDoubleReferenceAndWithTheLaunchesItJoins(
        [ValueSource(nameof(Cases))] (int[] Shape, int[] Second, int[] Axes) given, [Values] ReduceKind kind)
    {
        const ulong Seed = 20262;
        Shape shape = new(given.Shape), second = new(given.Second);
        Expression expression = Expression.Unary<SquareFunction>().Substitute([Expression.Binary<SubtractFunction>()]);
        Reduce reduction = new(kind, new Axes(given.Axes));
        FusedReduce operation = new(expression, shape, reduction);
        float[] x = KernelRun.Random(shape, Seed), y = KernelRun.Random(second, Seed + 1), map = new float[x.Length];
        Shape kept = (reduction with { KeepDims = true }).Infer([shape]);
        double[] expected = new double[kept.Count];
        for (int i = 0; i < x.Length; i++)
        {
            int to = 0, from = 0, toStep = 1, fromStep = 1, left = i;
            for (int axis = 1; axis <= shape.Rank; axis++)
            {
                int coordinate = left % shape[-axis];
                left /= shape[-axis];
                to += coordinate % kept[-axis] * toStep;
                toStep *= kept[-axis];
                if (axis <= second.Rank)
                {
                    from += coordinate % second[-axis] * fromStep;
                    fromStep *= second[-axis];
                }
            }

            float difference = x[i] - y[from];
            map[i] = difference * difference;
            expected[to] = kind == ReduceKind.Sum ? expected[to] + map[i] : Math.Max(expected[to], map[i]);
        }

        KernelRun.Check(operation, [shape, second], [x, y], expected, kind == ReduceKind.Sum ? 3e-7 : 0, Seed);
        if (reduction.AsReduction([shape]) is not null)
        {
            Assert.That(
                KernelRun.Values(operation, [shape, second], [x, y], 2),
                Is.EqualTo(KernelRun.Values(reduction, [shape], [map], 2)), $"{shape}: other bits than one after the other");
        }
    }

    [Test]
    public void ManyShortRowsAreWantedInMemory()
    {
        Assert.That(new Reduce(ReduceKind.Sum, new Axes(1)).AsReduction([new Shape(64, 10)]), Is.Null);
        Assert.That(new Reduce(ReduceKind.Sum, new Axes(0)).AsReduction([new Shape(64, 10)]), Is.Not.Null);
    }
}
