using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(Kernel), nameof(Kernel.Machines))]
internal sealed class Conv2dTests(string machine)
{
    private const double Tolerance = 2e-6;

    [Test]
    public void FollowsTheReference(
        [Values(1, 2, 3)] int stride, [Values(0, 1, 2)] int padding, [Values("1x1", "2x3", "3x3", "5x5")] string kernel)
    {
        int kh = kernel[0] - '0', kw = kernel[2] - '0', seed = 1;
        Conv2dGeometry geometry = new(stride, padding);
        bool small = Kernel.IsSimulator(machine);
        foreach ((int n, int c, int oc) in ((int, int, int)[])(
            small ? [(2, 3, 10), (1, 4, 8)] : [(1, 1, 1), (2, 3, 10), (1, 13, 17), (3, 4, 25), (2, 12, 36)]))
        {
            foreach ((int h, int w) in ((int, int)[])(small ? [(5, 6)] : [(kh, kw), (7, 6), (8, 11)]))
            {
                Compare(geometry, n, h, w, c, kh, kw, oc, seed++);
            }
        }
    }

    [Test]
    public void FollowsTheReferenceWithDifferentStridesAndPaddings()
    {
        Compare(new Conv2dGeometry(2, 1, 0, 2), 2, 9, 7, 3, 4, 2, 5, 1);
        Compare(new Conv2dGeometry(1, 3, 2, 1), 2, 6, 13, 14, 2, 5, 9, 2);
        Compare(new Conv2dGeometry(3, 2, 1, 3), 1, 10, 4, 2, 2, 2, 3, 3);
        Compare(new Conv2dGeometry(4, 5, 0, 0), 1, 11, 12, 2, 2, 1, 3, 4);
        Compare(new Conv2dGeometry(1, 1, 4, 4), 1, 1, 1, 13, 3, 3, 3, 5);
    }

    // Each case passes a limit of the blocking: windows of a task, channels of a section, rows of a gradient's task.
    [TestCase(1, 17, 17, 5, 3, 3, 49, 1)]
    [TestCase(34, 8, 8, 10, 5, 5, 20, 0)]
    [TestCase(3, 6, 5, 89, 3, 3, 7, 1)]
    [TestCase(2, 5, 5, 73, 1, 1, 33, 0)]
    [TestCase(1, 4, 130, 2, 2, 2, 3, 0)]
    [TestCase(1, 3, 261, 1, 3, 3, 2, 1)]
    [TestCase(33, 12, 12, 1, 5, 5, 10, 0)]
    [TestCase(20, 9, 12, 1, 5, 5, 13, 2)]
    [TestCase(2, 8, 9, 1, 5, 5, 16, 2)]
    [TestCase(2, 8, 4, 1, 5, 5, 2, 2)]
    [TestCase(2, 40, 40, 3, 3, 3, 16, 1)]
    [TestCase(16, 24, 24, 3, 3, 3, 16, 1)]
    [TestCase(16, 24, 24, 3, 4, 3, 16, 1)]
    [TestCase(3, 11, 9, 20, 1, 1, 100, 0)]
    [TestCase(3, 11, 9, 20, 1, 1, 16, 0)]
    [TestCase(3, 11, 9, 20, 1, 1, 48, 0)]
    [TestCase(3, 11, 9, 16, 1, 1, 48, 0)]
    [TestCase(3, 7, 9, 5, 1, 1, 16, 0)]
    [TestCase(2, 11, 9, 48, 1, 1, 17, 0)]
    [TestCase(3, 11, 9, 100, 1, 1, 70, 0)]
    public void FollowsTheReferencePastEachBlockSize(int n, int h, int w, int c, int kh, int kw, int oc, int padding)
    {
        if (Kernel.IsSimulator(machine))
        {
            Assert.Ignore("These are limits of the CPU's kernels, and the simulator would take minutes.");
        }

        Compare(new Conv2dGeometry(1, padding), n, h, w, c, kh, kw, oc, n + h + w);
    }

    [Test]
    public void TakesMemoryThatStartsAnywhere([Values(1, 2, 4)] int offset) =>
        Compare(new Conv2dGeometry(2, 1), 2, 5, 6, 4, 3, 3, 8, offset, offset);

    // Of these a GPU needs its larger tiles, and parts of the gradient's terms.
    [TestCase(16, 16, 16, 16, 72, 1)]
    [TestCase(64, 12, 12, 3, 136, 2)]
    public void FollowsTheReferenceWithManyTilesAndLongSums(int n, int h, int w, int c, int oc, int stride)
    {
        if (Kernel.IsSimulator(machine))
        {
            (n, c, oc) = (n / 8, c / 2, oc / 8);
        }

        Compare(new Conv2dGeometry(stride, 1), n, h, w, c, 3, 3, oc, n);
    }

    private void Compare(Conv2dGeometry geometry, int n, int h, int w, int c, int kh, int kw, int oc, int seed, int offset = 0)
    {
        (int oh, int ow) = geometry.Output(h, w, kh, kw);
        if (oh < 1 || ow < 1)
        {
            return;
        }

        ConvolutionReference reference = new(geometry, n, h, w, c, kh, kw, oc, seed);
        foreach ((Operation operation, Shape[] shapes, float[][] inputs, DoubleReference expected) in reference.Passes)
        {
            Assert.That(
                expected.Error(Kernel.Run(
                    machine, operation, shapes, inputs, offset: offset, convolutions: ConvolutionMode.Direct)),
                Is.LessThan(Tolerance), $"{operation.Name}, {reference}");
        }
    }
}
