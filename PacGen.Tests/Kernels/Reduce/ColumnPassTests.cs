using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Passes over columns of a GPU: sums against double, maps behind them the bits of separate ones.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(DeviceFixture.GpuIds))]
internal sealed class ColumnPassTests(string id) : DeviceFixture(id)
{
    private static readonly Expression Difference = Expression.Binary<SubtractFunction>().Substitute(
        [Expression.Argument(1), Expression.Argument(2)]);

    private static readonly Expression Product = Expression.Binary<MultiplyFunction>().Substitute(
        [Expression.Argument(0), Difference]);

    private GpuDevice Gpu => (GpuDevice)Device;

    // One row a thread and many, one group of columns and several, groups of rows that aren't full; memory that starts anywhere.
    [Test]
    public void SumsOfTheSameNumbersAreThoseOfDouble(
        [Values(2, 5, 64, 257, 600)] int rows, [Values(4, 12, 72)] int columns, [Values(0, 1)] int offset)
    {
        columns = rows > 64 && columns > 12 && Gpu.Kind == DeviceKind.Simulator ? 20 : columns;
        Shape source = new(rows, columns);
        Shape[] shapes = [source, source, new(columns), new(1)];
        float[][] inputs = [.. shapes.Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        ColumnMap[] maps =
        [
            new(Expression.Binary<MultiplyFunction>(), [4, 3]),
            new(Expression.Binary<AddFunction>(), [2, 6]),
            new(Expression.Binary<SubtractFunction>(), [7, 5]),
        ];
        ColumnPass pass = new(ColumnPassKind.Sums, source, Expression.Argument(0), Product, [.. maps]);
        float[][] results = Run(pass, shapes, inputs, offset);
        double[] first = new double[columns], second = new double[columns];
        for (int i = 0; i < rows * columns; i++)
        {
            int column = i % columns;
            first[column] += inputs[0][i];
            second[column] += inputs[0][i] * ((double)inputs[1][i] - inputs[2][column]);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(results[0], Is.EqualTo(first).Within(1e-6 * rows));
            Assert.That(results[1], Is.EqualTo(second).Within(1e-6 * rows));
            float[] scaled = [.. results[0].Select(sum => sum * inputs[3][0])];
            float[] added = [.. inputs[2].Zip(scaled, (a, b) => a + b)];
            Assert.That(results[2], Is.EqualTo(scaled), "a map of a sum and a number");
            Assert.That(results[3], Is.EqualTo(added), "a map of a map");
            Assert.That(results[4], Is.EqualTo(added.Zip(results[1], (a, b) => a - b)), "a map of the second sum");
        }
    }

    [Test]
    public void OneSumIsThatOfDouble([Values(7, 300)] int rows)
    {
        Shape source = new(rows, 2, 8);
        float[] input = KernelRun.Random(source, 1);
        ColumnPass pass = new(ColumnPassKind.Sum, source, Expression.Unary<SquareFunction>(), null, []);
        double[] expected = new double[8];
        for (int i = 0; i < input.Length; i++)
        {
            expected[i % 8] += (double)input[i] * input[i];
        }

        Assert.That(Run(pass, [source], [input], 0)[0], Is.EqualTo(expected).Within(1e-6 * rows));
    }

    // The map's bits are those of the map alone.
    [Test]
    public void AStoredMapAndItsSum([Values(3, 130)] int rows, [Values(0, 1)] int offset)
    {
        const int Columns = 12;
        Shape source = new(rows, Columns);
        Shape[] shapes = [source, source, new(Columns)];
        float[][] inputs = [.. shapes.Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        ColumnPass pass = new(ColumnPassKind.StoredSum, source, Product, null, []);
        float[][] results = Run(pass, shapes, inputs, offset);
        double[] expected = new double[Columns];
        for (int i = 0; i < results[0].Length; i++)
        {
            expected[i % Columns] += results[0][i];
        }

        Assert.That(results[0], Is.EqualTo(KernelRun.Values(Device, new FusedMap(Product), shapes, inputs, 0)));
        Assert.That(results[1], Is.EqualTo(expected).Within(1e-6 * rows));
    }

    // The variance of numbers far from zero, relative to what their own rounding leaves: that of double of the same numbers.
    [Test]
    public void MomentsDoNotCancel(
        [Values(2, 6, 65, 300)] int rows, [Values(4, 20)] int columns, [Values(0f, 10f, 3e3f, -1e5f)] float mean,
        [Values(0, 1)] int offset)
    {
        Shape source = new(rows, columns);
        Shape[] shapes = [source, new(columns)];
        float[][] inputs = [.. shapes.Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        for (int i = 0; i < inputs[0].Length; i++)
        {
            inputs[0][i] += mean;
        }

        (double[] sums, double[] squares) = Moments(inputs, columns);
        ColumnPass pass = new(ColumnPassKind.Moments, source, Expression.Binary<AddFunction>(), null, []);
        float[][] results = Run(pass, shapes, inputs, offset);
        using (Assert.EnterMultipleScope())
        {
            for (int c = 0; c < columns; c++)
            {
                Assert.That(results[0][c], Is.EqualTo(sums[c]).Within(3e-7 * rows * (Math.Abs(mean) + 1)), $"sum {c}");
                Assert.That(results[1][c], Is.EqualTo(squares[c]).Within(3e-6 * squares[c]), $"squares {c}");
            }
        }
    }

    // Where a thread's first number, or the column's, lies far from all others.
    [Test]
    public void MomentsOfColumnsWithAnOutlier([Values(0, 1, 299)] int place)
    {
        const int Rows = 300, Columns = 4;
        Shape source = new(Rows, Columns);
        float[][] inputs = [KernelRun.Random(source, 5), new float[Columns]];
        for (int c = 0; c < Columns; c++)
        {
            inputs[0][(place * Columns) + c] = 1000;
        }

        (double[] sums, double[] squares) = Moments(inputs, Columns);
        float[][] results = Run(
            new ColumnPass(ColumnPassKind.Moments, source, Expression.Argument(0), null, []), [source], [inputs[0]], 0);

        // The distance of the column's first number from the mean is rounded once.
        Assert.That(results[0], Is.EqualTo(sums).Within(1.2e-7 * Rows * 1000));
        Assert.That(results[1], Is.EqualTo(squares).Within(3e-6 * squares.Min()));
    }

    // As many groups as a network's layers have.
    [Test]
    public void MomentsOfManyRows([Values(8193, 100_003)] int rows, [Values(16, 48, 640)] int columns)
    {
        if (Gpu.Kind == DeviceKind.Simulator || (Gpu.Kind == DeviceKind.OpenCl && (long)rows * columns > 10_000_000))
        {
            Assert.Ignore("It takes too long.");
        }

        Shape source = new(rows, columns);
        float[][] inputs = [KernelRun.Random(source, 7), new float[columns]];
        (double[] sums, double[] squares) = Moments(inputs, columns);
        ColumnPass pass = new(ColumnPassKind.Moments, source, Expression.Argument(0), null, []);
        float[][] results = Run(pass, [source], [inputs[0]], 0);
        Assert.That(results[0], Is.EqualTo(sums).Within(2e-7 * rows));
        Assert.That(results[1], Is.EqualTo(squares).Within(1e-6 * rows));
    }

    [Test]
    public void ConstantColumnsHaveNoVariance()
    {
        Shape source = new(70, 4);
        float[] input = [.. Enumerable.Range(0, 280).Select(i => 0.1f + (i % 4))];
        float[][] results = Run(
            new ColumnPass(ColumnPassKind.Moments, source, Expression.Argument(0), null, []), [source], [input], 0);
        Assert.That(results[1], Is.All.Zero);
    }

    [Test]
    public void WhatItDoesNotTake()
    {
        Reduce sum = new(ReduceKind.Sum, new Axes(0));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ColumnPass.Takes(new FusedReduce(Expression.Argument(0), new Shape(5, 8), sum)), Is.True);
            Assert.That(ColumnPass.Takes(new FusedReduce(Expression.Argument(0), new Shape(5, 7), sum)), Is.False);
            Assert.That(ColumnPass.Takes(new FusedReduce(Expression.Argument(0), new Shape(5, 2, 8), sum)), Is.False);
            Assert.That(
                ColumnPass.Takes(new FusedReduce(Expression.Argument(0), new Shape(5, 8), sum with { Kind = ReduceKind.Max })),
                Is.False);
            ColumnPass pass = new(ColumnPassKind.Sum, new Shape(5, 8), Expression.Argument(0), null, []);
            Assert.That(pass.CanRead([new Shape(5, 8)]), Is.True);
            Assert.That(pass.CanRead([new Shape(5, 1)]), Is.False);
            Assert.That(pass.CanRead([new Shape(8)]), Is.False);
            Assert.That(() => pass.Bind(Gpu, [], [], []), Throws.ArgumentException);
        }
    }

    private static (double[] Sums, double[] Squares) Moments(float[][] inputs, int columns)
    {
        // x + shift as single precision has it.
        double[] sums = new double[columns], squares = new double[columns];
        float[] values = [.. inputs[0].Select((value, i) => value + inputs[1][i % columns])];
        for (int i = 0; i < values.Length; i++)
        {
            sums[i % columns] += values[i];
        }

        for (int i = 0; i < values.Length; i++)
        {
            double distance = values[i] - (sums[i % columns] * columns / values.Length);
            squares[i % columns] += distance * distance;
        }

        return (sums, squares);
    }

    /// <summary>The pass's results, twice the same.</summary>
    private float[][] Run(ColumnPass pass, Shape[] shapes, float[][] inputs, int offset)
    {
        List<DeviceBuffer> buffers = [];
        try
        {
            Region[] regions = [.. inputs.Select(input => New(input.Length))];
            for (int i = 0; i < regions.Length; i++)
            {
                regions[i].Write(inputs[i]);
            }

            Region[] results = [.. Enumerable.Range(0, pass.Results).Select(i => New(
                i == 0 && pass.Kind == ColumnPassKind.StoredSum ? (int)pass.Source.Count : pass.Source[-1]))];
            using Launch launch = pass.Bind(Gpu, shapes, regions, results);
            launch.Run();
            float[][] values = [.. results.Select(result => result.ToArray())];
            launch.Run();
            Assert.That(results.Select(result => result.ToArray()), Is.EqualTo(values), "A second run gives other values.");
            return values;
        }
        finally
        {
            buffers.ForEach(buffer => buffer.Dispose());
        }

        Region New(int count)
        {
            buffers.Add(Device.Allocate(count + offset));
            return new Region(buffers[^1], offset, count);
        }
    }
}
