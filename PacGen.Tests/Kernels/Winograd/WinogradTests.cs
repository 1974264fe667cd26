using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

internal sealed class WinogradTests
{
    // Of the largest sum of absolute values, for an error is relative to the largest numbers of a tile.
    private const double Tolerance2 = 4e-7, Tolerance4 = 1e-6;

    // Whole tiles and parts of one, one channel and more than a section, images inside a task and several tasks, sides of 16.
    [TestCase(1, 1, 1, 1, 1, 1)]
    [TestCase(1, 3, 3, 2, 1, 0)]
    [TestCase(2, 7, 6, 13, 17, 0)]
    [TestCase(3, 8, 11, 4, 25, 1)]
    [TestCase(2, 5, 5, 3, 2, 4)]
    [TestCase(1, 17, 17, 5, 49, 1)]
    [TestCase(2, 6, 5, 300, 7, 1)]
    [TestCase(1, 4, 130, 2, 3, 0)]
    [TestCase(30, 8, 8, 24, 36, 1)]
    [TestCase(13, 4, 4, 97, 16, 1)]
    [TestCase(3, 9, 6, 16, 16, 1)]
    [TestCase(2, 8, 5, 32, 9, 1)]
    public void FollowsTheReference(int n, int h, int w, int c, int oc, int padding)
    {
        foreach (float mean in (float[])[0, 1])
        {
            ConvolutionReference reference = new(new Conv2dGeometry(1, padding), n, h, w, c, 3, 3, oc, n + h + c, mean);
            foreach ((Operation operation, Shape[] shapes, float[][] inputs, DoubleReference expected) in reference.Passes)
            {
                foreach (string machine in Kernel.Processor)
                {
                    foreach (ConvolutionMode mode in (ConvolutionMode[])[ConvolutionMode.Winograd2, ConvolutionMode.Winograd4])
                    {
                        float[] values = Kernel.Run(machine, operation, shapes, inputs, convolutions: mode);
                        Assert.That(
                            expected.ErrorOfAll(values),
                            Is.LessThan(mode == ConvolutionMode.Winograd2 ? Tolerance2 : Tolerance4),
                            $"{operation.Name}, {mode}, {machine}, {reference}");
                        Assert.That(
                            Kernel.Run(machine, operation, shapes, inputs, threads: 1, convolutions: mode), Is.EqualTo(values),
                            $"{operation.Name}, {mode}, {machine}, {reference}: other bits with one thread");
                    }
                }
            }
        }
    }

    [TestCase(2, 9, 8, 16, 17, 1)]
    [TestCase(1, 7, 7, 32, 5, 0)]
    [TestCase(3, 16, 11, 16, 33, 1)]
    [TestCase(13, 8, 8, 48, 16, 1)]
    [TestCase(1, 2, 30, 16, 16, 2)]
    [TestCase(40, 8, 8, 80, 16, 1)]
    public void WindowsTwoPlacesApartFollowTheReference(int n, int h, int w, int c, int oc, int padding)
    {
        foreach (float mean in (float[])[0, 1])
        {
            ConvolutionReference reference = new(new Conv2dGeometry(2, padding), n, h, w, c, 3, 3, oc, n + h + c, mean);
            foreach ((Operation operation, Shape[] shapes, float[][] inputs, DoubleReference expected) in reference.Passes)
            {
                foreach (string machine in Kernel.Processor)
                {
                    float[] values = Kernel.Run(machine, operation, shapes, inputs, convolutions: ConvolutionMode.Winograd4);
                    Assert.That(
                        expected.ErrorOfAll(values), Is.LessThan(Tolerance2), $"{operation.Name}, {machine}, {reference}");
                    Assert.That(
                        Kernel.Run(machine, operation, shapes, inputs, threads: 1, convolutions: ConvolutionMode.Winograd4),
                        Is.EqualTo(values), $"{operation.Name}, {machine}, {reference}: other bits with one thread");
                }
            }
        }
    }

    [Test]
    public void TakesMemoryThatStartsAnywhere([Values(1, 3)] int offset)
    {
        ConvolutionReference reference = new(new Conv2dGeometry(1, 1), 2, 5, 6, 18, 3, 3, 20, offset);
        foreach ((Operation operation, Shape[] shapes, float[][] inputs, DoubleReference expected) in reference.Passes)
        {
            foreach (string machine in Kernel.Processor)
            {
                Assert.That(
                    expected.ErrorOfAll(Kernel.Run(
                        machine, operation, shapes, inputs, offset: offset, convolutions: ConvolutionMode.Winograd4)),
                    Is.LessThan(Tolerance4), $"{operation.Name}, {machine}");
            }
        }
    }

    [Test]
    public void OtherStridesAndKernelsAreDirectInAnyMode()
    {
        foreach ((int stride, int kh, int kw) in ((int, int, int)[])[(3, 3, 3), (2, 5, 5), (1, 5, 5), (1, 3, 1)])
        {
            ConvolutionReference reference = new(new Conv2dGeometry(stride, 1), 4, 12, 12, 16, kh, kw, 24, stride);
            foreach ((Operation operation, Shape[] shapes, float[][] inputs, _) in reference.Passes)
            {
                Assert.That(
                    Kernel.Run("cpu/8", operation, shapes, inputs, convolutions: ConvolutionMode.Winograd4),
                    Is.EqualTo(Kernel.Run("cpu/8", operation, shapes, inputs, convolutions: ConvolutionMode.Direct)));
            }
        }
    }

    [Test]
    public void ManyChannelsAreMultipliedByWinogradUnlessTheDeviceIsToldNot()
    {
        ConvolutionReference reference = new(new Conv2dGeometry(1, 1), 8, 8, 8, 96, 3, 3, 96, 1);
        foreach ((Operation operation, Shape[] shapes, float[][] inputs, DoubleReference expected) in reference.Passes)
        {
            float[] fastest = Kernel.Run("cpu/8", operation, shapes, inputs);
            float[] direct = Kernel.Run("cpu/8", operation, shapes, inputs, convolutions: ConvolutionMode.Direct);
            float[] winograd = Kernel.Run("cpu/8", operation, shapes, inputs, convolutions: ConvolutionMode.Winograd4);
            Assert.That(fastest, Is.EqualTo(winograd), operation.Name);
            Assert.That(fastest, Is.Not.EqualTo(direct), operation.Name);
            TestContext.Out.WriteLine(
                $"{operation.Name}: {expected.ErrorOfAll(direct):E1} direct, {expected.ErrorOfAll(winograd):E1} by Winograd");
        }
    }
}
