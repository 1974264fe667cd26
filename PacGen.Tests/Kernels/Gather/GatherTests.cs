using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class GatherTests(string id) : DeviceFixture(id)
{
    private const ulong Seed = 77;

    [Test]
    public void GathersAColumnOfEachRow([Values(1, 13, 8193, 20001)] int rows, [Values(1, 7, 10)] int columns)
    {
        float[] x = KernelRun.Random(new Shape(rows, columns), Seed), index = KernelRun.Integers(rows, columns, Seed);
        double[] expected = [.. index.Select((column, row) => (double)x[(row * columns) + (int)column])];
        Check(new GatherColumn(), [new Shape(rows, columns), new Shape(rows)], [x, index], expected, 0, Seed);
    }

    [Test]
    public void ScattersIntoAColumnOfEachRow([Values(1, 13, 3277, 20001)] int rows, [Values(1, 7, 10)] int columns)
    {
        float[] g = KernelRun.Random(new Shape(rows), Seed), index = KernelRun.Integers(rows, columns, Seed);
        double[] expected = new double[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            expected[(row * columns) + (int)index[row]] = g[row];
        }

        Check(new ScatterColumn(columns), [new Shape(rows), new Shape(rows)], [g, index], expected, 0, Seed);
    }

    [Test]
    public void AnIndexThatIsNoColumnIsAnErrorThatNamesRowAndValue(
        [Values(-1f, 4f, 1.5f, float.NaN, float.PositiveInfinity)] float wrong, [Values(1, 2)] int threads)
    {
        int rows = Device is CpuDevice ? 20001 : 2001, row = rows * 6 / 7;
        float[] x = new float[rows * 4], g = new float[rows], index = new float[rows];
        index[row] = wrong;
        Shape matrix = new(rows, 4), vector = new(rows);
        (VectorOperation Operation, Shape[] Shapes, float[][] Inputs)[] all =
        [
            (new GatherColumn(), [matrix, vector], [x, index]),
            (new ScatterColumn(4), [vector, vector], [g, index]),
            (new SoftmaxCrossEntropy(), [matrix, vector], [x, index]),
            (new SoftmaxCrossEntropyGradient(), [matrix, vector], [x, index]),
        ];
        foreach ((VectorOperation operation, Shape[] shapes, float[][] inputs) in all)
        {
            Assert.That(
                () => Values(operation, shapes, inputs, threads),
                Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
                    $"{operation.Name}: the index of row {row} is {wrong:R}, which is not an integer from 0 to 3."));
        }
    }

    [Test]
    public void ShapesThatDoNotFitAreNamed()
    {
        Assert.That(
            () => new GatherColumn().Infer([new Shape(3, 4), new Shape(5)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(3, 4) and (5)"));
        Assert.That(
            () => new ScatterColumn(4).Infer([new Shape(3), new Shape(5)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(3) and (5)"));
    }
}
