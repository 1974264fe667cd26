using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// A sum and the squares about its mean in one pass: right at every vector width, the same bits whatever the threads, no digits
/// lost where the mean is far from zero.
/// </summary>
internal sealed class MomentsTests
{
    private const ulong Seed = 20311;

    private static readonly Expression Plain = Expression.Argument(0), Shifted = Expression.Binary<AddFunction>();

    // Rows within a wide one, one block and one more, several tasks and a last one that is shorter.
    private static readonly int[][] Shapes =
        [[2, 64], [16, 16], [33, 64], [4, 9, 9, 16], [3, 8, 5, 48], [5, 13, 17, 96], [16, 31, 33, 16], [2, 3, 700], [128, 10], [
            129, 1023]];

    [Test]
    public void AgreesWithTheDoubleReference(
        [ValueSource(nameof(Shapes))] int[] extents, [Values(0f, 1000f)] float mean, [Values] bool shifted)
    {
        Shape shape = new(extents), columns = new(extents[^1]);
        Expression expression = shifted ? Shifted : Plain;
        float[] x = KernelRun.Random(shape, Seed), b = KernelRun.Random(columns, Seed + 1);
        for (int i = 0; i < x.Length; i++)
        {
            x[i] += mean;
        }

        (double[] sum, double[] squares) = Reference(x, shifted ? b : null, extents[^1]);
        foreach (int width in (int[])[16, 8, 4, 1])
        {
            if (width <= CpuDevice.Width)
            {
                float[] one = Run(shape, expression, shifted ? [x, b] : [x], 1, width);
                Assert.That(Run(shape, expression, shifted ? [x, b] : [x], 3, width), Is.EqualTo(one), "other bits with threads");
                for (int i = 0; i < extents[^1]; i++)
                {
                    double scale = Math.Sqrt(squares[i] * x.Length / extents[^1]);
                    Assert.That(
                        one[i], Is.EqualTo(sum[i]).Within((1e-6 * Math.Abs(sum[i])) + (1e-6 * scale)),
                        $"sum {i}, width {width}, seed {Seed}");
                    Assert.That(
                        one[extents[^1] + i], Is.EqualTo(squares[i]).Within(3e-6 * squares[i]),
                        $"squares {i}, width {width}, seed {Seed}");
                }
            }
        }
    }

    [Test]
    public void EqualNumbersHaveNoDeviationsAndANaNStays()
    {
        Shape shape = new(200, 32);
        float[] x = new float[shape.Count];
        Array.Fill(x, 1234.567f);
        x[(100 * 32) + 7] = float.NaN;
        float[] given = Run(shape, Plain, [x], 1, CpuDevice.Width);
        for (int i = 0; i < 32; i++)
        {
            Assert.That(given[32 + i], i == 7 ? Is.NaN : Is.Zero, $"column {i}");
            Assert.That(given[i], i == 7 ? Is.NaN : Is.EqualTo(200 * 1234.567f).Within(1e-4).Percent, $"column {i}");
        }
    }

    [Test]
    public void TakesSumsOfWholeRowsAlone()
    {
        Shape shape = new(8, 4, 4, 16);
        Assert.That(Moments.Takes(Sum(shape, 0, 1, 2), [shape]), Is.True);
        Assert.That(Moments.Takes(Sum(shape, 0, 1), [shape]), Is.False, "some axes");
        Assert.That(Moments.Takes(Sum(shape, 1, 2, 3), [shape]), Is.False, "the last axis");
        Assert.That(Moments.Takes(Sum(new Shape(7, 16), 0), [new Shape(7, 16)]), Is.False, "rows that make no whole wide ones");
        Assert.That(
            Moments.Takes(Sum(shape, 0, 1, 2), [shape, new Shape(8, 1, 1, 16)]), Is.False, "an input stretched otherwise");
        Assert.That(Moments.Takes(Sum(new Shape(4, 1024), 0), [new Shape(4, 1024)]), Is.False, "too many columns");
        Assert.That(Moments.Takes(Sum(new Shape(64, 63), 0), [new Shape(64, 63)]), Is.False, "too long a wide row");
    }

    private static FusedReduce Sum(Shape shape, params int[] axes) =>
        new(Plain, shape, new Reduce(ReduceKind.Sum, new Axes(axes)));

    private static (double[] Sum, double[] Squares) Reference(float[] x, float[]? b, int columns)
    {
        double[] values = [.. x.Select((value, i) => (double)(b is null ? value : value + b[i % columns]))];
        double[] sum = new double[columns], squares = new double[columns];
        for (int i = 0; i < values.Length; i++)
        {
            sum[i % columns] += values[i];
        }

        for (int i = 0; i < values.Length; i++)
        {
            double apart = values[i] - (sum[i % columns] / (values.Length / columns));
            squares[i % columns] += apart * apart;
        }

        return (sum, squares);
    }

    /// <summary>
    /// The sums, and behind them the squares; the threads' scratch memory apart, the kernel takes what it says.
    /// </summary>
    private static float[] Run(Shape shape, Expression expression, float[][] inputs, int threads, int width)
    {
        using CpuDevice device = new(threads) { Lanes = width };
        device.ReserveScratch(1 << 16);
        int columns = shape[-1];
        Shape[] shapes = [shape, new Shape(columns)];
        List<DeviceBuffer> buffers = [.. inputs.Select(input => device.Allocate(input.Length)), device.Allocate(2 * columns)];
        try
        {
            Region[] regions = [.. buffers.Select(buffer => new Region(buffer))];
            for (int i = 0; i < inputs.Length; i++)
            {
                regions[i].Write(inputs[i]);
            }

            Region output = regions[^1];
            Moments moments = new(expression, shape);
            long before = device.AllocatedBytes;
            using Launch launch = moments.Bind(
                device, shapes.AsSpan(0, inputs.Length), regions.AsSpan(0, inputs.Length), output.Slice(0, columns),
                output.Slice(columns, columns));
            Assert.That(device.AllocatedBytes - before, Is.EqualTo(moments.KernelBytes));
            launch.Run();
            launch.Run();
            return output.ToArray();
        }
        finally
        {
            buffers.ForEach(buffer => buffer.Dispose());
        }
    }
}
