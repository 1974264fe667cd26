using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class TransposeTests(string id) : DeviceFixture(id)
{
    [Test]
    public void SwapsTheAxes([Values(1, 3, 4, 7, 8, 13, 64, 65, 513)] int rows, [Values(1, 2, 5, 8, 9, 64, 67, 300)] int columns)
    {
        const ulong Seed = 11;
        Shape shape = new(rows, columns);
        float[] x = KernelRun.Random(shape, Seed);
        double[] expected = new double[x.Length];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                expected[(j * rows) + i] = x[(i * columns) + j];
            }
        }

        Assert.That(new Transpose().Infer([shape]), Is.EqualTo(new Shape(columns, rows)));
        Check(new Transpose(), [shape], [x], expected, 0, Seed);
    }

    [Test]
    public void AShapeThatIsNoMatrixIsAnErrorThatNamesIt() =>
        Assert.That(
            () => new Transpose().Infer([new Shape(2, 3, 4)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("Transpose").And.Message.Contains("(2, 3, 4)"));
}
