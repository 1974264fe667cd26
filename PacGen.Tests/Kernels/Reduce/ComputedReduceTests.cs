using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Reductions of an expression's values on a GPU: the bits of a map and the reduction behind it.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(DeviceFixture.GpuIds))]
internal sealed class ComputedReduceTests(string id) : DeviceFixture(id)
{
    // In fours and in ones, folded, in several steps; the third input is stretched, and where it is so along other axes than the
    // first, or the last axis does not stay alone, values are in memory between.
    [TestCase(new[] { 40, 8 }, new[] { 8 }, new[] { 0 }, true)]
    [TestCase(new[] { 41, 7 }, new[] { 7 }, new[] { 0 }, true)]
    [TestCase(new[] { 2, 5, 3, 8 }, new[] { 1, 1, 1, 8 }, new[] { 0, 1, 2 }, true)]
    [TestCase(new[] { 3, 20, 8 }, new[] { 8 }, new[] { 1 }, true)]
    [TestCase(new[] { 70 }, new[] { 1 }, new[] { 0 }, true)]
    [TestCase(new[] { 64 }, new[] { 64 }, new[] { 0 }, true)]
    [TestCase(new[] { 3, 12 }, new int[0], new[] { 1 }, true)]
    [TestCase(new[] { 1500, 4 }, new[] { 4 }, new[] { 0 }, true)]
    [TestCase(new[] { 3, 5, 7 }, new[] { 3, 5, 7 }, new[] { 0, 2 }, true)]
    [TestCase(new[] { 2, 3, 5 }, new[] { 5 }, new[] { 0, 1, 2 }, false)]
    [TestCase(new[] { 6, 4, 8 }, new[] { 8 }, new[] { 0 }, false)]
    [TestCase(new[] { 6, 8 }, new[] { 6, 1 }, new[] { 0 }, false)]
    public void HasTheBitsOfAMapAndAReduction(int[] source, int[] third, int[] axes, bool onePass)
    {
        GpuDevice device = (GpuDevice)Device;
        Expression difference = Expression.Binary<SubtractFunction>().Substitute(
            [Expression.Argument(1), Expression.Argument(2)]);
        Expression product = Expression.Binary<MultiplyFunction>().Substitute([Expression.Argument(0), difference]);
        Shape[] shapes = [new(source), new(source), new(third)];
        float[][] inputs = [.. shapes.Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        bool before = device.FusesMaps;
        try
        {
            foreach (ReduceKind kind in Enum.GetValues<ReduceKind>())
            {
                FusedReduce reduce = new(product, shapes[0], new Reduce(kind, new Axes(axes)));
                device.FusesMaps = true;
                Assert.That(reduce.IsOnePass(device, shapes), Is.EqualTo(onePass));
                float[] values = KernelRun.Values(device, reduce, shapes, inputs, 0);
                device.FusesMaps = false;
                Assert.That(reduce.IsOnePass(device, shapes), Is.False);
                Assert.That(
                    values, Is.EqualTo(KernelRun.Values(device, reduce, shapes, inputs, 0)), $"{kind} on {device.Name}");
            }
        }
        finally
        {
            device.FusesMaps = before;
        }
    }

    [Test]
    public void TakesMemoryThatStartsAnywhere()
    {
        Shape[] shapes = [new(40, 8), new(1, 8)];
        float[][] inputs = [.. shapes.Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        SquaredDeviations deviations = new(new Axes(0));
        float[] aligned = KernelRun.Values(Device, deviations, shapes, inputs, 0);
        Assert.That(KernelRun.Values(Device, deviations, shapes, inputs, 1), Is.EqualTo(aligned).Within(1e-5));
    }
}
