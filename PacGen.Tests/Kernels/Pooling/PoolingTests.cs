using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class PoolingTests(string id) : DeviceFixture(id)
{
    private const ulong Seed = 99;

    private static readonly (PoolGeometry Geometry, int[] Image)[] Cases =
    [
        (new(1), [1, 1, 1, 1]), (new(2), [1, 2, 2, 1]), (new(2), [3, 24, 24, 10]), (new(2), [2, 8, 8, 20]),
        (new(2), [1, 7, 9, 3]),
        (new(2), [2, 5, 5, 48]), (new(2), [40, 6, 4, 192]), (new(3, 2, 1), [2, 9, 11, 17]), (new(3, 1, 1), [2, 5, 7, 10]),
        (new(3, 1), [1, 5, 5, 33]), (new(2, 3), [2, 10, 11, 13]), (new(2, 2, 1), [1, 5, 6, 9]), (new(5), [2, 5, 5, 16]),
        (new(3, 2, 1, 2), [2, 7, 6, 15]), (new(2, 5, 2, 3, 1, 2), [1, 6, 12, 31]), (new(4, 4, 4, 4, 2, 0), [3, 6, 8, 2]),
        (new(2), [70, 28, 28, 5]), (new(3, 2, 1), [2, 35, 33, 18]),
    ];

    [Test]
    public void MaxPoolingAgreesWithTheReference([ValueSource(nameof(Cases))] (PoolGeometry Geometry, int[] Image) given)
    {
        Shape image = new(given.Image);
        float[] x = Coarse(image);
        double[] expected = Each(given.Geometry, image, (window, channel) => x[Best(x, window, image[3], channel)]);
        Check(new PoolSelect(given.Geometry), [image, image], [x, x], expected, 0, Seed);
        Check(new PoolSelect(given.Geometry), [image, image], [x, [.. x]], expected, 0, Seed);
    }

    [Test]
    public void SelectsAtTheFirstMaximum([ValueSource(nameof(Cases))] (PoolGeometry Geometry, int[] Image) given)
    {
        Shape image = new(given.Image);
        float[] x = Coarse(image), v = KernelRun.Random(image, Seed + 1);
        double[] expected = Each(given.Geometry, image, (window, channel) => v[Best(x, window, image[3], channel)]);
        Check(new PoolSelect(given.Geometry), [image, image], [x, v], expected, 0, Seed);
    }

    [Test]
    public void ScattersToTheFirstMaximum([ValueSource(nameof(Cases))] (PoolGeometry Geometry, int[] Image) given)
    {
        Shape image = new(given.Image);
        CheckScatter(given.Geometry, image, Coarse(image));
    }

    [Test]
    public void ScattersAmongNaNsAndInfinities([Values(1, 2)] int stride, [Values(0, 1)] int padding)
    {
        Shape image = new(2, 13, 12, 17);
        float[] x = Coarse(image);
        for (int i = 0; i < x.Length; i += 977)
        {
            x[i] = (i % 5) switch { 0 => float.NaN, 1 => float.PositiveInfinity, 2 => float.NegativeInfinity, _ => x[i] };
        }

        CheckScatter(new(3, stride, padding), image, x);
    }

    [Test]
    public void AveragePoolingAgreesWithTheReference([ValueSource(nameof(Cases))] (PoolGeometry Geometry, int[] Image) given)
    {
        Shape image = new(given.Image);
        float[] x = KernelRun.Random(image, Seed);
        double area = given.Geometry.KernelHeight * given.Geometry.KernelWidth;
        double[] expected =
            Each(given.Geometry, image, (window, channel) => window.Sum(pixel => (double)x[(pixel * image[3]) + channel]) / area);
        double[] scale = Each(given.Geometry, image, (window, channel) =>
            window.Sum(pixel => Math.Abs((double)x[(pixel * image[3]) + channel])) / area);
        Check(new AveragePool(given.Geometry), [image], [x], expected, 5e-7, Seed, scale);
    }

    [Test]
    public void TheGradientOfAveragePoolingAgreesWithTheReference(
        [ValueSource(nameof(Cases))] (PoolGeometry Geometry, int[] Image) given)
    {
        Shape image = new(given.Image), pooled = given.Geometry.Pool(image, "");
        float[] dy = KernelRun.Random(pooled, Seed);
        double area = given.Geometry.KernelHeight * given.Geometry.KernelWidth;
        double[] expected = new double[image.Count], scale = new double[image.Count];
        int next = 0;
        Each(given.Geometry, image, (window, channel) =>
        {
            foreach (int pixel in window)
            {
                expected[(pixel * image[3]) + channel] += dy[next] / area;
                scale[(pixel * image[3]) + channel] += Math.Abs(dy[next]) / area;
            }

            return dy[next++];
        });
        Check(new AveragePoolGradient(given.Geometry, image[1], image[2]), [pooled], [dy], expected, 5e-7, Seed, scale);
    }

    [Test]
    public void TheLastNaNOfAWindowIsItsMaximum(
        [Values(2, 3)] int side, [Values(1, 10, 20)] int channels, [Values(0, 1, 2, 3)] int first, [Values(0, 3)] int second)
    {
        Shape image = new(1, side, side, channels), pooled = new(1, 1, 1, channels);
        float[] x = [.. Enumerable.Range(0, side * side * channels).Select(i => (float)-i)], v = [.. x.Select(value => -value)];
        x[first * channels] = x[second * channels] = float.NaN;
        int last = Math.Max(first, second) * channels;
        double[] expected = [.. Enumerable.Range(0, channels).Select(c => c == 0 ? double.NaN : x[c])];
        double[] selected = [.. Enumerable.Range(0, channels).Select(c => c == 0 ? v[last] : (double)v[c])];
        double[] scattered = [.. Enumerable.Range(0, x.Length).Select(i => i == last || (i > 0 && i < channels) ? 1.0 : 0)];
        float[] ones = [.. Enumerable.Repeat(1f, channels)];
        foreach (PoolGeometry geometry in (PoolGeometry[])[new(side), new(side, 1)])
        {
            Check(new PoolSelect(geometry), [image, image], [x, x], expected, 0, Seed);
            Check(new PoolSelect(geometry), [image, image], [x, v], selected, 0, Seed);
            Check(new PoolScatter(geometry), [image, pooled], [x, ones], scattered, 0, Seed);
        }
    }

    [Test]
    public void MinusInfinityEverywhereSelectsTheFirstPixel()
    {
        Shape image = new(1, 2, 2, 1);
        float[] x = [.. Enumerable.Repeat(float.NegativeInfinity, 4)];
        Check(new PoolSelect(new(2)), [image, image], [x, [1, 2, 3, 4]], [1], 0, Seed);
        Check(new PoolScatter(new(2)), [image, new Shape(1, 1, 1, 1)], [x, [5]], [5, 0, 0, 0], 0, Seed);
    }

    [Test]
    public void BothInfinitiesInAWindowAreNoNaN([Values(2, 3)] int side)
    {
        Shape image = new(1, side, side, 1);
        float[] x =
            [float.NegativeInfinity, float.PositiveInfinity, .. Enumerable.Range(2, (side * side) - 2).Select(i => (float)i)];
        double[] scattered = [0, 5, .. new double[(side * side) - 2]];
        float[] v = [.. Enumerable.Range(0, side * side).Select(i => (float)i)];
        Check(new PoolSelect(new(side)), [image, image], [x, v], [1], 0, Seed);
        Check(new PoolScatter(new(side, 1)), [image, new Shape(1, 1, 1, 1)], [x, [5]], scattered, 0, Seed);
    }

    [Test]
    public void ShapesThatDoNotFitAreNamed()
    {
        PoolGeometry geometry = new(3);
        Shape image = new(2, 9, 9, 4), small = new(2, 2, 9, 4), wrong = new(2, 2, 3, 4);
        Assert.That(() => new PoolSelect(geometry).Infer([image, wrong]), Throws.TypeOf<ShapeException>().With.Message.Contains(
            "(2, 9, 9, 4) and (2, 2, 3, 4)"));
        Assert.That(() => new PoolScatter(geometry).Infer([image, wrong]), Throws.TypeOf<ShapeException>().With.Message.Contains(
            "(2, 3, 3, 4)").And.Message.Contains("(2, 2, 3, 4)"));
        Assert.That(() => new AveragePool(geometry).Infer([small]), Throws.TypeOf<ShapeException>().With.Message.Contains(
            "3×3").And.Message.Contains("(2, 2, 9, 4)"));
        Assert.That(
            () => new AveragePool(geometry).Infer([new Shape(9, 9)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(9, 9)"));
        Assert.That(
            () => new AveragePoolGradient(geometry, 9, 9).Infer([wrong]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(2, 2, 3, 4)").And.Message.Contains("(2, 9, 9, 4)"));
    }

    [Test]
    public void WindowsThatMakeNoSenseAreErrors()
    {
        Assert.That(() => new PoolGeometry(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new PoolGeometry(2, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new PoolGeometry(3, 1, 2), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(new PoolGeometry(2), Is.EqualTo(new PoolGeometry(2, 2, 2, 2)));
        Assert.That(new PoolSelect(new(2)), Is.EqualTo(new PoolSelect(new(2, 2))));
    }

    private void CheckScatter(PoolGeometry geometry, Shape image, float[] x)
    {
        Shape pooled = geometry.Pool(image, "");
        float[] dy = KernelRun.Random(pooled, Seed + 1);
        double[] expected = new double[image.Count], scale = new double[image.Count];
        int next = 0;
        Each(geometry, image, (window, channel) =>
        {
            int best = Best(x, window, image[3], channel);
            expected[best] += dy[next];
            scale[best] += Math.Abs(dy[next]);
            return dy[next++];
        });
        Check(new PoolScatter(geometry), [image, pooled], [x, dy], expected, 5e-7, Seed, scale);
    }

    /// <summary>Few different values, so that windows have ties.</summary>
    private static float[] Coarse(Shape image) => [.. KernelRun.Random(image, Seed).Select(value => MathF.Round(value * 3))];

    /// <summary>
    /// A value of each window and channel, in the output's order; windows are lists of pixels without the padding.
    /// </summary>
    private static double[] Each(PoolGeometry g, Shape image, Func<List<int>, int, double> value)
    {
        List<double> values = [];
        int height = ((image[1] + (2 * g.PaddingHeight) - g.KernelHeight) / g.StrideHeight) + 1;
        int width = ((image[2] + (2 * g.PaddingWidth) - g.KernelWidth) / g.StrideWidth) + 1;
        for (int i = 0; i < image[0] * height * width; i++)
        {
            int n = i / (height * width), row = i / width % height, column = i % width;
            List<int> window = [];
            for (int a = 0; a < g.KernelHeight * g.KernelWidth; a++)
            {
                int r = (row * g.StrideHeight) - g.PaddingHeight + (a / g.KernelWidth);
                int c = (column * g.StrideWidth) - g.PaddingWidth + (a % g.KernelWidth);
                if (r >= 0 && r < image[1] && c >= 0 && c < image[2])
                {
                    window.Add((((n * image[1]) + r) * image[2]) + c);
                }
            }

            for (int channel = 0; channel < image[3]; channel++)
            {
                values.Add(value(window, channel));
            }
        }

        return [.. values];
    }

    private static int Best(float[] x, List<int> window, int channels, int channel)
    {
        int best = (window[0] * channels) + channel;
        foreach (int pixel in window)
        {
            int at = (pixel * channels) + channel;
            best = float.IsNaN(x[at]) || x[at] > x[best] ? at : best;
        }

        return best;
    }
}
