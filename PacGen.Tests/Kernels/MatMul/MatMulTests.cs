using PacGen.Kernels;
using PacGen.Kernels.Devices;

namespace PacGen.Tests.Kernels;

[TestFixture(16)]
[TestFixture(8)]
[TestFixture(4)]
[TestFixture(1)]
internal sealed class MatMulTests(int width)
{
    private const double Tolerance = 2e-6;

    [Test]
    public void Follows_the_reference_at_small_and_odd_shapes([Values] bool transposeA, [Values] bool transposeB)
    {
        int[] extents = [1, 2, 5, 7, 13, 17, 25, 33, 49];
        int seed = 1;
        foreach (int m in extents)
        {
            foreach (int n in extents)
            {
                foreach (int k in (int[])[1, 3, 31])
                {
                    Compare(m, k, n, transposeA, transposeB, seed++);
                }
            }
        }
    }

    [TestCase(145, 20, 23)]
    [TestCase(23, 257, 17)]
    [TestCase(64, 320, 50)]
    [TestCase(11, 513, 401)]
    [TestCase(151, 97, 211)]
    [TestCase(289, 65, 386)]
    [TestCase(65, 193, 203)]
    [TestCase(197, 1024, 203)]
    public void Follows_the_reference_past_each_block_size(int m, int k, int n)
    {
        Compare(m, k, n, false, false, m);
        Compare(m, k, n, true, true, n);
    }

    [TestCase(96, 300, 192)]
    [TestCase(7, 700, 401)]
    [TestCase(300, 70, 11)]
    public void Gives_the_same_bits_with_any_number_of_threads(int m, int k, int n)
    {
        Shape[] shapes = [new(m, k), new(k, n)];
        float[][] inputs = [DoubleReference.Random(m * k, 3), DoubleReference.Random(k * n, 4)];
        float[] one = Kernel.Run(1, new MatMul(), width, shapes, inputs);
        Assert.That(Kernel.Run(2, new MatMul(), width, shapes, inputs), Is.EqualTo(one));
        Assert.That(Kernel.Run(3, new MatMul(), width, shapes, inputs), Is.EqualTo(one));
    }

    private void Compare(int m, int k, int n, bool transposeA, bool transposeB, int seed)
    {
        float[] a = DoubleReference.Random(m * k, seed), b = DoubleReference.Random(k * n, seed + 1000);
        Shape[] shapes = [transposeA ? new(k, m) : new(m, k), transposeB ? new(n, k) : new(k, n)];
        float[] c = Kernel.Run(2, new MatMul(transposeA, transposeB), width, shapes, [a, b]);
        DoubleReference reference = new(m * n);
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                for (int t = 0; t < k; t++)
                {
                    reference.Add((i * n) + j, a[transposeA ? (t * m) + i : (i * k) + t], b[transposeB ? (j * k) + t : (t * n) + j]);
                }
            }
        }

        Assert.That(reference.Error(c), Is.LessThan(Tolerance), $"({m}, {k}, {n}), transposed {transposeA}, {transposeB}, seed {seed}");
    }
}
