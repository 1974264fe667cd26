using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(Kernel), nameof(Kernel.Machines))]
internal sealed class BatchMatMulTests(string machine)
{
    private const double Tolerance = 2e-6;

    [Test]
    public void FollowsTheReference([Values] bool transposeA, [Values] bool transposeB)
    {
        int seed = 1;
        foreach ((int count, int m, int k, int n) in ((int, int, int, int)[])(Kernel.IsSimulator(machine)
            ? [(1, 1, 1, 1), (3, 7, 5, 9), (2, 33, 4, 8)]
            : [(1, 1, 1, 1), (3, 7, 5, 9), (2, 33, 4, 8), (5, 64, 64, 64), (2, 17, 300, 25), (130, 4, 3, 2)]))
        {
            Compare(count, m, k, n, transposeA, transposeB, seed++);
        }
    }

    // Past the size from which the workers share each product.
    [Test]
    public void FollowsTheReferenceWithLargeMatrices()
    {
        if (!Kernel.IsSimulator(machine))
        {
            Compare(2, 257, 260, 258, false, false, 9);
        }
    }

    [Test]
    public void ShapesThatDoNotFitAreNamed()
    {
        Assert.That(
            () => new BatchMatMul().Infer([new(2, 3, 4), new(3, 4, 5)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(2, 3, 4) and (3, 4, 5)"));
        Assert.That(
            () => new BatchMatMul().Infer([new(3, 4), new(4, 5)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(3, 4) and (4, 5)"));
    }

    private void Compare(int count, int m, int k, int n, bool transposeA, bool transposeB, int seed)
    {
        Shape left = transposeA ? new(count, k, m) : new(count, m, k), right = transposeB ? new(count, n, k) : new(count, k, n);
        float[] a = DoubleReference.Random((int)left.Count, seed), b = DoubleReference.Random((int)right.Count, seed + 100);
        DoubleReference expected = new(count * m * n);
        for (int item = 0; item < count; item++)
        {
            for (int i = 0; i < m; i++)
            {
                for (int j = 0; j < n; j++)
                {
                    for (int l = 0; l < k; l++)
                    {
                        expected.Add(
                            (((item * m) + i) * n) + j,
                            a[(item * m * k) + (transposeA ? (l * m) + i : (i * k) + l)],
                            b[(item * k * n) + (transposeB ? (j * k) + l : (l * n) + j)]);
                    }
                }
            }
        }

        float[] product = Kernel.Run(machine, new BatchMatMul(transposeA, transposeB), [left, right], [a, b]);
        Assert.That(expected.Error(product), Is.LessThan(Tolerance), $"{left} {right} {transposeA} {transposeB}");
    }
}
