using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

internal sealed class Conv2dContractTests
{
    [Test]
    public void TheOutputHasAPlaceForEachWindow()
    {
        Assert.That(new Conv2dForward().Infer([new(16, 28, 28, 1), new(5, 5, 1, 10)]), Is.EqualTo(new Shape(16, 24, 24, 10)));
        Assert.That(new Conv2dForward(2, 1).Infer([new(1, 8, 7, 3), new(3, 3, 3, 4)]), Is.EqualTo(new Shape(1, 4, 4, 4)));
        Assert.That(
            new Conv2dInputGradient(new(2, 1), 8, 7).Infer([new(1, 4, 4, 4), new(3, 3, 3, 4)]),
            Is.EqualTo(new Shape(1, 8, 7, 3)));
        Assert.That(
            new Conv2dWeightGradient(new(2, 1), 3, 3).Infer([new(1, 8, 7, 3), new(1, 4, 4, 4)]),
            Is.EqualTo(new Shape(3, 3, 3, 4)));
    }

    [Test]
    public void ShapesThatDoNotFitAreBothNamed()
    {
        Refuses(new Conv2dForward(), new Shape(2, 8, 8, 3), new Shape(3, 3, 4, 5));
        Refuses(new Conv2dForward(), new Shape(2, 2, 8, 3), new Shape(3, 3, 3, 5));
        Refuses(new Conv2dForward(), new Shape(2, 8, 8), new Shape(3, 3, 3, 5));
        Refuses(new Conv2dInputGradient(new(1, 0), 8, 8), new Shape(2, 8, 8, 5), new Shape(3, 3, 3, 5));
        Refuses(new Conv2dInputGradient(new(1, 0), 8, 8), new Shape(2, 6, 6, 4), new Shape(3, 3, 3, 5));
        Refuses(new Conv2dWeightGradient(new(1, 0), 3, 3), new Shape(2, 8, 8, 3), new Shape(1, 6, 6, 5));
        Refuses(new Conv2dWeightGradient(new(1, 0), 3, 3), new Shape(2, 8, 8, 3), new Shape(2, 6, 7, 5));
        Assert.That(() => new Conv2dForward(0).Infer([new(2, 8, 8, 3), new(3, 3, 3, 5)]), Throws.TypeOf<ShapeException>());
        Assert.That(() => new Conv2dForward().Infer([new(2, 8, 8, 3)]), Throws.TypeOf<ShapeException>());
    }

    [Test]
    public void GivesTheSameBitsWithAnyNumberOfThreads([Values(1, 2)] int stride, [Values(3, 16)] int channels)
    {
        Conv2dGeometry geometry = new(stride, 1);
        Shape x = new(5, 9, 9, channels), w = new(3, 3, channels, 21);
        Shape y = new Conv2dForward(geometry).Infer([x, w]);
        float[] image = DoubleReference.Random((int)x.Count, 5), weights = DoubleReference.Random(
            (int)w.Count, 6), gradient = DoubleReference.Random((int)y.Count, 7);
        foreach ((Operation operation, Shape[] shapes, float[][] inputs) in ((Operation, Shape[], float[][])[])
            [
                (new Conv2dForward(geometry), [x, w], [image, weights]),
                (new Conv2dInputGradient(geometry, 9, 9), [y, w], [gradient, weights]),
                (new Conv2dWeightGradient(geometry, 3, 3), [x, y], [image, gradient]),
            ])
        {
            foreach (string machine in Kernel.Processor)
            {
                float[] one = Kernel.Run(machine, operation, shapes, inputs, threads: 1);
                Assert.That(
                    Kernel.Run(machine, operation, shapes, inputs, threads: 2), Is.EqualTo(one), $"{operation.Name}, {machine}");
                Assert.That(
                    Kernel.Run(machine, operation, shapes, inputs, threads: 3), Is.EqualTo(one), $"{operation.Name}, {machine}");
            }
        }
    }

    [Test]
    public void RunningAllocatesNoManagedMemory()
    {
        using CpuDevice device = new(2);
        Shape x = new(4, 9, 9, 5), w = new(3, 3, 5, 7), y = new(4, 9, 9, 7);
        Region images = new(device.Allocate(x.Count)), weights = new(device.Allocate(w.Count)), result = new(
            device.Allocate(y.Count));
        Conv2dGeometry geometry = new(1, 1);
        Launch[] launches =
        [
            device.Bind(new Conv2dForward(geometry), [x, w], [images, weights], result),
            device.Bind(new Conv2dInputGradient(geometry, 9, 9), [y, w], [result, weights], images),
            device.Bind(new Conv2dWeightGradient(geometry, 3, 3), [x, y], [images, result], weights),
        ];
        foreach (Launch launch in launches)
        {
            launch.Run();
            long before = GC.GetAllocatedBytesForCurrentThread();
            launch.Run();
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        }
    }

    private static void Refuses(Operation operation, Shape first, Shape second) =>
        Assert.That(
            () => operation.Infer([first, second]),
            Throws.TypeOf<ShapeException>().With.Message.Contains(first.ToString()).And.Message.Contains(second.ToString()));
}
