using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class SoftmaxTests(string id) : DeviceFixture(id)
{
    private const ulong Seed = 41;
    private const double Tolerance = 1e-6;

    private static readonly (int Rows, int Columns)[] Sizes =
        [(1, 1), (1, 10), (5, 1), (7, 2), (8, 8), (17, 10), (128, 10), (833, 10), (16, 16), (33, 17), (3, 101), (100, 100), (
            2, 9001)];

    [Test]
    public void SoftmaxAgreesWithTheDoubleReference([ValueSource(nameof(Sizes))] (int Rows, int Columns) size)
    {
        (float[] z, _, Shape matrix, _) = Make(size);
        double[] expected = [.. Enumerable.Range(0, size.Rows).SelectMany(row => Probabilities(z, row, size.Columns))];
        Check(new Softmax(), [matrix], [z], expected, Tolerance, Seed);
    }

    [Test]
    public void CrossEntropyAgreesWithTheDoubleReference([ValueSource(nameof(Sizes))] (int Rows, int Columns) size)
    {
        (float[] z, float[] labels, Shape matrix, Shape vector) = Make(size);
        double[] expected = [.. Enumerable.Range(0, size.Rows).Select(row => Loss(z, row, size.Columns, (int)labels[row]))];
        Check(new SoftmaxCrossEntropy(), [matrix, vector], [z, labels], expected, Tolerance, Seed);
    }

    [Test]
    public void TheGradientAgreesWithTheDoubleReference([ValueSource(nameof(Sizes))] (int Rows, int Columns) size)
    {
        (float[] z, float[] labels, Shape matrix, Shape vector) = Make(size);
        double[] expected =
            [.. Enumerable.Range(0, size.Rows).SelectMany(row => Gradient(z, row, size.Columns, (int)labels[row]))];
        Check(new SoftmaxCrossEntropyGradient(), [matrix, vector], [z, labels], expected, Tolerance, Seed);
    }

    [Test]
    public void ATinyLossAndItsGradientKeepTheirDigits([Values(5f, 12f, 20f, 60f)] float margin)
    {
        float[] z = [0, margin, 0.25f, -1, 0, 0, -margin, 0, 0.5f, 0], labels = [1];
        Shape matrix = new(1, 10), vector = new(1);
        Check(new SoftmaxCrossEntropy(), [matrix, vector], [z, labels], [Loss(z, 0, 10, 1)], Tolerance, Seed);
        double[] gradient = Gradient(z, 0, 10, 1);
        Check(
            new SoftmaxCrossEntropyGradient(), [matrix, vector], [z, labels], gradient, Tolerance, Seed,
            [.. gradient.Select(g => Math.Abs(g) + 1e-31)]);
    }

    [Test]
    public void LargeLogitsDoNotOverflow()
    {
        float[] z = [1e30f, 0, -1e30f, 3e38f, 3e38f, -3e38f];
        Shape matrix = new(2, 3), vector = new(2);
        double[] scale = [1, 1, 1, 1, 1, 1];
        Check(new Softmax(), [matrix], [z], [1, 0, 0, 0.5, 0.5, 0], Tolerance, Seed, scale);
        Check(new SoftmaxCrossEntropy(), [matrix, vector], [z, [1, 0]], [1e30f, Math.Log(2)], Tolerance, Seed);
        Check(
            new SoftmaxCrossEntropyGradient(), [matrix, vector], [z, [1, 0]], [1, -1, 0, -0.5, 0.5, 0], Tolerance, Seed, scale);
    }

    [Test]
    public void ANaNReachesItsRowAndNoOther([Values(0, 3, 9)] int column)
    {
        (float[] z, float[] labels, Shape matrix, Shape vector) = Make((9, 10));
        z[40 + column] = float.NaN;
        float[] y = Values(new Softmax(), [matrix], [z]);
        float[] losses = Values(new SoftmaxCrossEntropy(), [matrix, vector], [z, labels]);
        float[] gradient = Values(new SoftmaxCrossEntropyGradient(), [matrix, vector], [z, labels]);
        for (int i = 0; i < y.Length; i++)
        {
            Assert.That(float.IsNaN(y[i]), Is.EqualTo(i / 10 == 4), $"probability {i}");
            Assert.That(float.IsNaN(gradient[i]), Is.EqualTo(i / 10 == 4), $"gradient {i}");
            Assert.That(float.IsNaN(losses[i / 10]), Is.EqualTo(i / 10 == 4), $"loss {i / 10}");
        }
    }

    [Test]
    public void ShapesThatDoNotFitAreNamed()
    {
        Assert.That(() => new Softmax().Infer([new Shape(3)]), Throws.TypeOf<ShapeException>().With.Message.Contains("(3)"));
        foreach (Operation operation in (Operation[])[new SoftmaxCrossEntropy(), new SoftmaxCrossEntropyGradient()])
        {
            Assert.That(
                () => operation.Infer([new Shape(3, 10), new Shape(4)]),
                Throws.TypeOf<ShapeException>().With.Message.Contains(operation.Name).And.Message.Contains("(3, 10) and (4)"));
        }
    }

    private static (float[] Z, float[] Labels, Shape Matrix, Shape Vector) Make((int Rows, int Columns) size)
    {
        Shape matrix = new(size.Rows, size.Columns);
        float[] z = [.. KernelRun.Random(matrix, Seed).Select(value => 8 * value)];
        return (z, KernelRun.Integers(size.Rows, size.Columns, Seed), matrix, new Shape(size.Rows));
    }

    private static double[] Probabilities(float[] z, int row, int columns)
    {
        double[] e = [.. z.Skip(row * columns).Take(columns).Select(value => (double)value)];
        double largest = e.Max();
        e = [.. e.Select(value => Math.Exp(value - largest))];
        double total = e.Sum();
        return [.. e.Select(value => value / total)];
    }

    /// <summary>Without the cancellation of 1 + r: ln(1 + r) by its series where r is small.</summary>
    private static double Loss(float[] z, int row, int columns, int label)
    {
        double r = 0;
        for (int j = 0; j < columns; j++)
        {
            r += j == label ? 0 : Math.Exp((double)z[(row * columns) + j] - z[(row * columns) + label]);
        }

        return double.IsInfinity(r) ? z.Skip(row * columns).Take(columns).Max() - (double)z[(row * columns) + label]
            : r < 1e-5 ? r - (r * r / 2) + (r * r * r / 3) : Math.Log(1 + r);
    }

    private static double[] Gradient(float[] z, int row, int columns, int label)
    {
        double[] p = Probabilities(z, row, columns);
        p[label] = 0;
        p[label] = -p.Sum();
        return p;
    }
}
