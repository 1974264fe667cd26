using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class RowsTests(string id) : DeviceFixture(id)
{
    private const ulong Seed = 78;

    [Test]
    public void GathersRowsAndAddsThemUp(
        [Values(1, 13, 1001)] int count, [Values(1, 33, 300)] int rows, [Values(1, 8, 19)] int columns)
    {
        float[] x = KernelRun.Random(new Shape(rows, columns), Seed), index = KernelRun.Integers(count, rows, Seed);
        float[] g = KernelRun.Random(new Shape(count, columns), Seed + 1);
        double[] gathered = new double[count * columns], sums = new double[rows * columns], sizes = new double[sums.Length];
        for (int at = 0; at < gathered.Length; at++)
        {
            int place = ((int)index[at / columns] * columns) + (at % columns);
            gathered[at] = x[place];
            sums[place] += g[at];
            sizes[place] += Math.Abs(g[at]) + 1e-9;
        }

        Shape matrix = new(rows, columns), indices = new(count);
        Check(new GatherRows(), [matrix, indices], [x, index], gathered, 0, Seed);
        Check(new ScatterRows(rows), [new Shape(count, columns), indices], [g, index], sums, 1e-6, Seed, sizes);
    }

    [Test]
    public void AnIndexThatIsNoRowIsAnErrorThatNamesItsPlace([Values(-1f, 4f, 1.5f, float.NaN)] float wrong)
    {
        float[] index = new float[2001];
        index[1700] = wrong;
        (VectorOperation Operation, Shape Shape)[] all = [(new GatherRows(), new(4, 3)), (new ScatterRows(4), new(2001, 3))];
        foreach ((VectorOperation operation, Shape shape) in all)
        {
            Assert.That(
                () => Values(operation, [shape, new Shape(2001)], [new float[shape.Count], index]),
                Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
                    $"{operation.Name}: the index of row 1700 is {wrong:R}, which is not an integer from 0 to 3."));
        }
    }
}
