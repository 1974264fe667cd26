using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class SquaredDeviationsTests(string id) : DeviceFixture(id)
{
    private static readonly (int[] Shape, int[] Mean, int[] Axes)[] Cases =
    [
        ([5], [], [0]), ([31, 7], [7], [0]), ([31, 7], [31, 1], [1]), ([2, 9, 5, 16], [16], [0, 1, 2]),
        ([3, 17, 17, 33], [1, 1, 1, 33], [0, 1, 2]),
        ([128, 8, 8, 64], [64], [0, 1, 2]), ([4, 6, 10], [6, 1], [0, 2]), ([6, 700, 3], [6, 1, 3], [1]),
    ];

    /// <summary>Deviations of about 1 from means of about 1000: what a difference of large sums would lose.</summary>
    [Test]
    public void AgreesWithTheDoubleReference([ValueSource(nameof(Cases))] (int[] Shape, int[] Mean, int[] Axes) given)
    {
        const ulong Seed = 20263;
        Shape shape = new(given.Shape), mean = new(given.Mean);
        SquaredDeviations operation = new(new Axes(given.Axes));
        float[] x = [.. KernelRun.Random(shape, Seed).Select(value => 1000 + value)], m = new float[mean.Count];
        double[] sums = new double[mean.Count], expected = new double[mean.Count];
        int[] places = new int[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            int step = 1, left = i;
            for (int axis = 1; axis <= shape.Rank; axis++)
            {
                int extent = axis <= mean.Rank ? mean[-axis] : 1;
                places[i] += left % shape[-axis] % extent * step;
                step *= extent;
                left /= shape[-axis];
            }

            sums[places[i]] += x[i];
        }

        for (int i = 0; i < m.Length; i++)
        {
            m[i] = (float)(sums[i] * m.Length / x.Length);
        }

        for (int i = 0; i < x.Length; i++)
        {
            double deviation = (double)x[i] - m[places[i]];
            expected[places[i]] += deviation * deviation;
        }

        Check(operation, [shape, mean], [x, m], expected, 3e-7, Seed, sameBits: false);
    }

    [Test]
    public void AMeanAlongOtherAxesIsAnError()
    {
        SquaredDeviations operation = new(new Axes(1));
        foreach (Shape mean in (Shape[])[new(4), new(1, 4), new(4, 4), new(1, 4, 1)])
        {
            Assert.That(() => operation.Infer([new Shape(4, 4), mean]), Throws.TypeOf<ShapeException>().With.Message.Contains(
                "mean along the axes (1)"));
        }

        Assert.That(() => operation.Infer([new Shape(4)]), Throws.TypeOf<ShapeException>());
        Assert.That(operation.Infer([new Shape(4, 4), new Shape(4, 1)]), Is.EqualTo(new Shape(4)));
    }
}
