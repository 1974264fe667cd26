using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(Kernel), nameof(Kernel.Machines))]
internal sealed class MatMulTests(string machine)
{
    private const double Tolerance = 2e-6;

    [Test]
    public void FollowsTheReferenceAtSmallAndOddShapes([Values] bool transposeA, [Values] bool transposeB)
    {
        int[] extents = Kernel.IsSimulator(machine) ? [1, 7, 32, 49] : [1, 2, 5, 7, 13, 17, 25, 33, 49, 68];
        int seed = 1;
        foreach (int m in extents)
        {
            foreach (int n in extents)
            {
                foreach (int k in (int[])[1, 3, 8, 31])
                {
                    Compare(m, k, n, transposeA, transposeB, seed++);
                }
            }
        }
    }

    [TestCase(1, 513, 401)]
    [TestCase(145, 20, 23)]
    [TestCase(23, 257, 17)]
    [TestCase(64, 320, 50)]
    [TestCase(11, 513, 401)]
    [TestCase(151, 97, 211)]
    [TestCase(289, 65, 386)]
    [TestCase(65, 193, 203)]
    [TestCase(197, 1024, 203)]
    public void FollowsTheReferencePastEachBlockSize(int m, int k, int n)
    {
        if (Kernel.IsSimulator(machine))
        {
            (m, n) = ((m + 3) / 4, (n + 3) / 4);
        }

        Compare(m, k, n, false, false, m);
        Compare(m, k, n, true, true, n);
    }

    // Of these a GPU needs tiles by the dozen, and parts of the terms.
    [TestCase(1025, 9, 1030)]
    [TestCase(1024, 24, 1024)]
    [TestCase(20, 4100, 36)]
    [TestCase(24, 8511, 40)]
    [TestCase(32, 8511, 48)]
    [TestCase(33, 2051, 131)]
    public void FollowsTheReferenceWithManyTilesAndLongSums(int m, int k, int n)
    {
        if (Kernel.IsSimulator(machine))
        {
            (m, n) = (m / 8, n / 8);
        }

        Compare(m, k, n, false, false, m);
        Compare(m, k, n, true, true, n);
    }

    [Test]
    public void TakesMemoryThatStartsAnywhere([Values] bool transposeA, [Values] bool transposeB, [Values(1, 2, 4)] int offset) =>
        Compare(36, 40, 44, transposeA, transposeB, offset, offset);

    [Test]
    public void RowsAndColumnsAreTheSameSumsWhereverTheyStand()
    {
        const int M = 70, N = 90, K = 40;
        float[] a = DoubleReference.Random(K, 1), b = DoubleReference.Random(K, 2);
        float[] c = Kernel.Run(
            machine, new MatMul(), [new(M, K), new(K, N)],
            [[.. Enumerable.Repeat(a, M).SelectMany(row => row)], [.. b.SelectMany(value => Enumerable.Repeat(value, N))]]);
        Assert.That(c, Is.All.EqualTo(c[0]));
    }

    private void Compare(int m, int k, int n, bool transposeA, bool transposeB, int seed, int offset = 0)
    {
        float[] a = DoubleReference.Random(m * k, seed), b = DoubleReference.Random(k * n, seed + 1000);
        Shape[] shapes = [transposeA ? new(k, m) : new(m, k), transposeB ? new(n, k) : new(k, n)];
        float[] c = Kernel.Run(machine, new MatMul(transposeA, transposeB), shapes, [a, b], offset: offset);
        DoubleReference reference = new(m * n);
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                for (int t = 0; t < k; t++)
                {
                    reference.Add(
                        (i * n) + j, a[transposeA ? (t * m) + i : (i * k) + t], b[transposeB ? (j * k) + t : (t * n) + j]);
                }
            }
        }

        Assert.That(
            reference.Error(c), Is.LessThan(Tolerance), $"({m}, {k}, {n}), transposed {transposeA}, {transposeB}, seed {seed}");
    }
}
