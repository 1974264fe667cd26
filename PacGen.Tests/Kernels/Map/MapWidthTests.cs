using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// The fused map on the CPU at each vector width, with one and two threads: the same bits, and those of the formula in double.
/// </summary>
internal sealed class MapWidthTests
{
    private const int Guard = 32;
    private const float Canary = -7654321f;

    private static IEnumerable<TestCaseData> Cases()
    {
        foreach (int count in (int[])[1, 15, 16, 17, 16383, 16384, 16385, 40_001])
        {
            yield return Case($"same shape ({count})", new(count), new(count));
            yield return Case($"scalar and ({count})", Shape.Scalar, new(count));
            yield return Case($"({count}) and scalar", new(count), Shape.Scalar);
        }

        foreach (int columns in (int[])[1, 3, 7, 10, 16, 17, 255, 256, 300])
        {
            foreach (int rows in (int[])[1, 5, (16384 / columns) + 3])
            {
                yield return Case($"row vector, {rows} rows of {columns}", new(rows, columns), new(columns));
                yield return Case($"column, {rows} rows of {columns}", new(rows, columns), new(rows, 1));
                yield return Case(
                    $"two row vectors and a column, {rows} rows of {columns}", new(columns), new(1, columns), new(rows, 1));
                yield return Case(
                    $"two row vectors and a matrix, {rows} rows of {columns}", new(columns), new(rows, columns), new(1, columns));
                yield return Case(
                    $"row vector, matrix and scalar, {rows} rows of {columns}", new(columns), new(rows, columns), Shape.Scalar);
            }
        }

        yield return Case("middle stretched", new(2, 1, 5), new(2, 7, 5));
        yield return Case("middle stretched, large", new(41, 1, 5), new(41, 111, 5));
        yield return Case("ends stretched", new(1, 7, 1), new(6, 7, 500));
        yield return Case(
            "eight arguments", new(33, 517), new(517), new(33, 1), Shape.Scalar, new(33, 517), new(1, 517), new(1, 1),
            new(33, 517));
        yield return Case(
            "eight arguments, short rows", new(2341, 7), new(7), new(2341, 7), Shape.Scalar, new(2341, 7), new(1, 7), new(1, 1),
            new(2341, 7));
    }

    private static TestCaseData Case(string name, params Shape[] shapes) => new TestCaseData((object)shapes).SetArgDisplayNames(
        name);

    [TestCaseSource(nameof(Cases))]
    public void TheBitsDependOnNeitherWidthNorThreads(Shape[] shapes)
    {
        const ulong Seed = 20;
        float[][] inputs = [.. shapes.Select((shape, i) => KernelRun.Random(shape, Seed + (ulong)i))];
        Expression expression = Formula(shapes.Length);
        FusedMap map = new(expression);
        Shape result = map.Infer(shapes);
        double[] expected = Expected(result, shapes, inputs);
        int inPlace = Array.FindIndex(shapes, shape => shape == result);
        float[]? first = null;
        foreach (int width in (int[])[16, 8, 4, 1])
        {
            foreach (int threads in (int[])[1, 2])
            {
                foreach (int target in inPlace < 0 ? [-1] : (int[])[-1, inPlace])
                {
                    string what = $"width {width}, {threads} threads{(target < 0 ? "" : ", in place")}, seed {Seed}";
                    float[] values = Run(map, shapes, inputs, result, width, threads, target);
                    first ??= values;
                    Bits.AssertSame(values, first, what);
                    int wrong = Enumerable.Range(0, values.Length).FirstOrDefault(
                        i => !(Math.Abs(values[i] - expected[i]) <= 1e-6 * Math.Max(1, Math.Abs(expected[i]))), -1);
                    Assert.That(
                        wrong, Is.EqualTo(-1), () => $"{what}: element {wrong} is {values[wrong]:R}, not {expected[wrong]:R}");
                }
            }
        }
    }

    private static float[] Run(FusedMap map, Shape[] shapes, float[][] inputs, Shape result, int width, int threads, int inPlace)
    {
        using CpuDevice device = new(threads) { Lanes = width };
        List<DeviceBuffer> buffers = [];
        Region Place(long count, float[]? values)
        {
            DeviceBuffer buffer = device.Allocate(count + (2 * Guard));
            buffers.Add(buffer);
            float[] all = new float[buffer.Count];
            Array.Fill(all, Canary);
            values?.CopyTo(all, Guard);
            buffer.Write(0, all);
            return new Region(buffer, Guard, count);
        }

        try
        {
            Region[] regions = [.. shapes.Select((shape, i) => Place(shape.Count, inputs[i]))];
            Region output = inPlace < 0 ? Place(result.Count, null) : regions[inPlace];
            map.Bind(device, shapes, regions, output).Run();
            float[] whole = new Region(output.Buffer).ToArray();
            Assert.That(whole.AsSpan(0, Guard).IndexOfAnyExcept(Canary), Is.EqualTo(-1), "written before the output");
            Assert.That(whole.AsSpan(whole.Length - Guard).IndexOfAnyExcept(Canary), Is.EqualTo(-1), "written behind the output");
            for (int i = 0; i < regions.Length; i++)
            {
                if (i != inPlace)
                {
                    Assert.That(regions[i].ToArray().AsSpan().SequenceEqual(inputs[i]), Is.True, $"input {i} was written");
                }
            }

            return output.ToArray();
        }
        finally
        {
            buffers.ForEach(buffer => buffer.Dispose());
        }
    }

    /// <summary>((tanh(x₀)·x₁ − x₂)·x₃ − x₄)·…: every argument counts.</summary>
    private static Expression Formula(int arguments)
    {
        Expression expression = Expression.Unary<TanhFunction>();
        for (int i = 1; i < arguments; i++)
        {
            expression = (i % 2 == 1 ? Expression.Binary<MultiplyFunction>() : Expression.Binary<SubtractFunction>()).Substitute(
                [expression, Expression.Argument(i)]);
        }

        return expression;
    }

    private static double[] Expected(Shape result, Shape[] shapes, float[][] inputs)
    {
        double[] values = new double[result.Count];
        for (int i = 0; i < values.Length; i++)
        {
            for (int a = 0; a < shapes.Length; a++)
            {
                int rest = i, at = 0, step = 1;
                for (int axis = 1; axis <= shapes[a].Rank; axis++)
                {
                    int coordinate = rest % result[-axis], own = shapes[a][-axis];
                    rest /= result[-axis];
                    at += own == 1 ? 0 : coordinate * step;
                    step *= own;
                }

                double x = inputs[a][at];
                values[i] = a == 0 ? Math.Tanh(x) : a % 2 == 1 ? values[i] * x : values[i] - x;
            }
        }

        return values;
    }
}
