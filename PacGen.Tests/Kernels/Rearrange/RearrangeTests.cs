using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class RearrangeTests(string id) : DeviceFixture(id)
{
    private const ulong Seed = 31;

    private static readonly (int[] Extents, int[] Order)[] Permutations =
    [
        ([1], [0]), ([7, 5], [1, 0]), ([65, 129], [1, 0]), ([3, 7, 5], [0, 2, 1]), ([4, 9, 17, 8], [0, 2, 1, 3]),
        ([2, 3, 4, 5], [3, 2, 1, 0]), ([5, 1, 7, 2], [2, 1, 3, 0]), ([2, 3, 2, 3, 2, 3], [5, 3, 1, 4, 2, 0]),
        ([3, 70, 3, 2, 66], [2, 0, 4, 1, 3]),
    ];

    [Test]
    public void PermutesAxes([Range(0, 8)] int which)
    {
        (int[] extents, int[] order) = Permutations[which];
        Shape shape = new(extents), result = new([.. order.Select(axis => extents[axis])]);
        float[] x = KernelRun.Random(shape, Seed);
        double[] expected = new double[x.Length];
        for (int at = 0; at < x.Length; at++)
        {
            int[] place = Place(at, result), source = new int[place.Length];
            for (int axis = 0; axis < place.Length; axis++)
            {
                source[order[axis]] = place[axis];
            }

            expected[at] = x[At(source, shape)];
        }

        Permute permute = new(new AxisValues(order));
        Assert.That(permute.Infer([shape]), Is.EqualTo(result));
        Assert.That(permute.Inverse().Infer([result]), Is.EqualTo(shape));
        Check(permute, [shape], [x], expected, 0, Seed);
    }

    [TestCase(new[] { 9, 13 }, new[] { 4, 6 }, new[] { 2, 3 }, new[] { 1, 1 }, new[] { 1, 1 })]
    [TestCase(new[] { 9, 13 }, new[] { 3, 13 }, new[] { 1, 12 }, new[] { 3, -1 }, new[] { 1, 1 })]
    [TestCase(new[] { 3, 5, 2 }, new[] { 7, 5, 4 }, new[] { -2, 0, -1 }, new[] { 1, 1, 1 }, new[] { 1, 1, 1 })]
    [TestCase(new[] { 3, 5 }, new[] { 9, 16 }, new[] { -1, -2 }, new[] { 1, 1 }, new[] { 3, 4 })]
    [TestCase(new[] { 40, 50 }, new[] { 30, 40 }, new[] { -3, 5 }, new[] { 3, 2 }, new[] { 2, 3 })]
    [TestCase(new[] { 5 }, new[] { 4 }, new[] { 5 }, new[] { 1 }, new[] { 1 })]
    [TestCase(new[] { 3000, 3 }, new[] { 2000, 3 }, new[] { 7, 0 }, new[] { 1, 1 }, new[] { 1, 1 })]
    public void CutsPadsStepsAndSpreads(int[] extents, int[] target, int[] starts, int[] steps, int[] spacings)
    {
        Shape shape = new(extents), result = new(target);
        float[] x = KernelRun.Random(shape, Seed), g = KernelRun.Random(result, Seed + 1);
        double[] expected = new double[result.Count], adjoint = new double[shape.Count];
        for (int at = 0; at < expected.Length; at++)
        {
            int[] place = Place(at, result);
            bool inside = true;
            for (int axis = 0; axis < place.Length; axis++)
            {
                int spread = starts[axis] + (place[axis] * steps[axis]);
                place[axis] = spread / spacings[axis];
                inside &= spread % spacings[axis] == 0 && place[axis] >= 0 && place[axis] < extents[axis];
            }

            if (inside)
            {
                expected[at] = x[At(place, shape)];
                adjoint[At(place, shape)] += g[at];
            }
        }

        Slice slice = new(result, new AxisValues(starts), new AxisValues(steps), new AxisValues(spacings));
        Check(slice, [shape], [x], expected, 0, Seed);
        Check(slice.Adjoint(shape), [result], [g], adjoint, 0, Seed);
    }

    [Test]
    public void JoinsAlongAnAxis([Values(0, 1, 2)] int axis, [Values(1, 2, 5)] int parts)
    {
        Shape[] shapes = [.. Enumerable.Range(0, parts).Select(i =>
        {
            int[] extents = [3, 9, 5];
            extents[axis] = 1 + (i * 3);
            return new Shape(extents);
        })];
        float[][] x = [.. shapes.Select((shape, i) => KernelRun.Random(shape, Seed + (ulong)i))];
        Concatenate concatenate = new(axis);
        Shape result = concatenate.Infer(shapes);
        double[] expected = new double[result.Count];
        int behind = 0;
        for (int part = 0; part < parts; part++)
        {
            for (int at = 0; at < x[part].Length; at++)
            {
                int[] place = Place(at, shapes[part]);
                place[axis] += behind;
                expected[At(place, result)] = x[part][at];
            }

            behind += shapes[part][axis];
        }

        Check(concatenate, shapes, x, expected, 0, Seed);
    }

    [Test]
    public void ShapesThatDoNotFitAreNamed()
    {
        Assert.That(
            () => new Permute(new AxisValues(0, 0)).Infer([new Shape(3, 4)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(0, 0)").And.Message.Contains("(3, 4)"));
        Assert.That(
            () => new Concatenate(0).Infer([new Shape(3, 4), new Shape(3, 5)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(3, 4) and (3, 5)"));
        Assert.That(
            () => new Slice(new Shape(3), new AxisValues(0)).Infer([new Shape(3, 5)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(3, 5)"));
    }

    private static int[] Place(int at, Shape shape)
    {
        int[] place = new int[shape.Rank];
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            (at, place[axis]) = Math.DivRem(at, shape[axis]);
        }

        return place;
    }

    private static int At(int[] place, Shape shape)
    {
        int at = 0;
        for (int axis = 0; axis < place.Length; axis++)
        {
            at = (at * shape[axis]) + place[axis];
        }

        return at;
    }
}
