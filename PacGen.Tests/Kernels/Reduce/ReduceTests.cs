using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class ReduceTests(string id) : DeviceFixture(id)
{
    private static readonly (int[] Shape, int[] Axes)[] Cases =
    [
        ([], []), ([1], [0]), ([7], []), ([7], [0]), ([1, 1, 1], [1]), ([513], [0]), ([70001], [0]), ([2, 3, 5], [0, 1, 2]),
        ([1, 10], [1]), ([13, 10], [1]), ([8, 1], [1]), ([17, 512], [1]), ([9, 513], [1]), ([7, 33], [1]), ([1000, 3], [1]),
        ([2, 3, 67], [1, 2]),
        ([13, 10], [0]), ([1, 10], [0]), ([8, 10], [0]), ([4099, 10], [0]), ([20011, 17], [0]), ([33, 64], [0]), ([65, 63], [0]),
        ([3, 1025], [0]), ([129, 1500], [0]), ([2503, 100], [0]), ([40000, 5], [0]), ([31, 1, 31, 20], [0, 2]),
        ([4, 9, 9, 192], [0, 1, 2]),
        ([5, 7, 11], [1]), ([3, 700, 64], [1]), ([40, 3, 65], [1]), ([3, 5, 7, 11], [0, 2]), ([3, 5, 7, 11], [1, 3]),
        ([2, 3, 4, 5, 6], [0, 2, 4]),
    ];

    [Test]
    public void AgreesWithTheDoubleReference(
        [ValueSource(nameof(Cases))] (int[] Shape, int[] Axes) given, [Values] ReduceKind kind)
    {
        const ulong Seed = 20261;
        Shape shape = new(given.Shape);
        Reduce operation = new(kind, new Axes(given.Axes));
        float[] x = KernelRun.Random(shape, Seed);
        Shape kept = new Reduce(kind, operation.Axes, true).Infer([shape]);
        double[] expected = new double[kept.Count], scale = new double[kept.Count];
        Array.Fill(expected, kind == ReduceKind.Sum ? 0 : double.NegativeInfinity);
        for (long i = 0; i < x.Length; i++)
        {
            long at = 0, factor = 1, left = i;
            for (int axis = shape.Rank - 1; axis >= 0; axis--)
            {
                at += left % shape[axis] % kept[axis] * factor;
                factor *= kept[axis];
                left /= shape[axis];
            }

            expected[at] = kind == ReduceKind.Sum ? expected[at] + x[i] : Math.Max(expected[at], x[i]);
            scale[at] += Math.Abs(x[i]);
        }

        Check(operation, [shape], [x], expected, kind == ReduceKind.Sum ? 2e-7
            : 0, Seed, scale, sameBits: kind == ReduceKind.Max);
    }

    [Test]
    public void ASumOfManyDoesNotLoseDigits([Values(1, 3, 65)] int columns)
    {
        Shape shape = new((4_000_000 / columns) + 1, columns);
        float[] x = new float[shape.Count];
        Array.Fill(x, 0.1f);
        double expected = shape[0] * (double)0.1f;
        foreach (float sum in Values(new Reduce(ReduceKind.Sum, new Axes(0)), [shape], [x], 2))
        {
            Assert.That(sum, Is.EqualTo(expected).Within(1e-6 * expected));
        }
    }

    [Test]
    public void ANaNIsTheMaximum([Values(1, 3, 64, 600)] int rows, [Values(1, 5, 80)] int columns, [Values(0, 1)] int axis)
    {
        Shape shape = new(rows, columns);
        float[] x = KernelRun.Random(shape, 5);
        int row = rows * 2 / 3, column = columns / 2;
        x[(row * columns) + column] = float.NaN;
        float[] y = Values(new Reduce(ReduceKind.Max, new Axes(axis)), [shape], [x]);
        for (int i = 0; i < y.Length; i++)
        {
            Assert.That(float.IsNaN(y[i]), Is.EqualTo(i == (axis == 0 ? column : row)), $"element {i}");
        }
    }

    [Test]
    public void TheShapeKeepsOrDropsReducedAxes()
    {
        Shape shape = new(2, 3, 5);
        Assert.That(new Reduce(ReduceKind.Sum, new Axes(0, 2)).Infer([shape]), Is.EqualTo(new Shape(3)));
        Assert.That(new Reduce(ReduceKind.Sum, new Axes(2, 0), true).Infer([shape]), Is.EqualTo(new Shape(1, 3, 1)));
        Assert.That(new Reduce(ReduceKind.Max, Axes.All(3)).Infer([shape]), Is.EqualTo(Shape.Scalar));
        Assert.That(new Reduce(ReduceKind.Max, default).Infer([shape]), Is.EqualTo(shape));
    }

    [Test]
    public void EqualSettingsMakeEqualOperations()
    {
        Assert.That(new Reduce(ReduceKind.Sum, new Axes(0, 2)), Is.EqualTo(new Reduce(ReduceKind.Sum, new Axes(2, 0))));
        Assert.That(new Reduce(ReduceKind.Sum, new Axes(0, 1)), Is.Not.EqualTo(new Reduce(ReduceKind.Sum, new Axes(0, 2))));
        Assert.That(new Reduce(ReduceKind.Sum, new Axes(0)), Is.Not.EqualTo(new Reduce(ReduceKind.Max, new Axes(0))));
        Assert.That(Axes.All(3), Is.EqualTo(new Axes(0, 1, 2)));
        Assert.That(Axes.All(3).ToString(), Is.EqualTo("(0, 1, 2)"));
        Assert.That(() => new Axes(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void AnAxisThatIsNotThereIsAnErrorThatNamesTheShape() =>
        Assert.That(
            () => new Reduce(ReduceKind.Sum, new Axes(0, 3)).Infer([new Shape(2, 3)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(2, 3)").And.Message.Contains("(0, 3)"));

    [Test]
    public void ARegionThatIsTooSmallIsAnError()
    {
        using CpuDevice device = new(1);
        using PacGen.Kernels.DeviceBuffer buffer = device.Allocate(5);
        Assert.That(
            () => new Reduce(ReduceKind.Sum, new Axes(0)).Bind(
                device, [new Shape(2, 3)], [new Region(buffer)], new Region(buffer)),
            Throws.ArgumentException.With.Message.Contains("(2, 3)"));
    }
}
