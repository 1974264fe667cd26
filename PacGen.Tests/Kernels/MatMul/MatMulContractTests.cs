using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

internal sealed class MatMulContractTests
{
    [Test]
    public void TransposingSwapsTheExtents()
    {
        Assert.That(new MatMul().Infer([new(2, 3), new(3, 5)]), Is.EqualTo(new Shape(2, 5)));
        Assert.That(new MatMul(true).Infer([new(3, 2), new(3, 5)]), Is.EqualTo(new Shape(2, 5)));
        Assert.That(new MatMul(false, true).Infer([new(2, 3), new(5, 3)]), Is.EqualTo(new Shape(2, 5)));
        Assert.That(new MatMul(true, true).Infer([new(3, 2), new(5, 3)]), Is.EqualTo(new Shape(2, 5)));
    }

    [Test]
    public void ShapesThatDoNotFitAreBothNamed()
    {
        Assert.That(() => new MatMul().Infer([new(2, 3), new(4, 5)]), Throws.TypeOf<ShapeException>().With.Message.Contains(
            "(2, 3)").And.Message.Contains("(4, 5)"));
        Assert.That(() => new MatMul(true).Infer([new(2, 3), new(3, 5)]), Throws.TypeOf<ShapeException>());
        Assert.That(() => new MatMul().Infer([new(2, 3, 1), new(3, 5)]), Throws.TypeOf<ShapeException>().With.Message.Contains(
            "(2, 3, 1)"));
        Assert.That(() => new MatMul().Infer([new(2, 3)]), Throws.TypeOf<ShapeException>());
    }

    [TestCase(96, 300, 192)]
    [TestCase(7, 700, 401)]
    [TestCase(300, 70, 11)]
    public void GivesTheSameBitsWithAnyNumberOfThreads(int m, int k, int n)
    {
        Shape[] shapes = [new(m, k), new(k, n)];
        float[][] inputs = [DoubleReference.Random(m * k, 3), DoubleReference.Random(k * n, 4)];
        foreach (string machine in Kernel.Processor)
        {
            float[] one = Kernel.Run(machine, new MatMul(), shapes, inputs, threads: 1);
            Assert.That(Kernel.Run(machine, new MatMul(), shapes, inputs, threads: 2), Is.EqualTo(one), machine);
            Assert.That(Kernel.Run(machine, new MatMul(), shapes, inputs, threads: 3), Is.EqualTo(one), machine);
        }
    }

    [Test]
    public void RunningAllocatesNoManagedMemory()
    {
        using CpuDevice device = new(2);
        Launch launch = device.Bind(
            new MatMul(), [new(200, 300), new(300, 150)],
            [new Region(device.Allocate(60000)), new Region(device.Allocate(45000))], new Region(device.Allocate(30000)));
        launch.Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        launch.Run();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }
}
