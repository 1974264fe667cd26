using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Convolutions by Winograd on every GPU, OpenCL processor and simulator.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(DeviceFixture.GpuIds))]
internal sealed class WinogradGpuTests(string id)
{
    // The CPU's: of the largest sum of absolute values.
    private const double Tolerance2 = 4e-7, Tolerance4 = 1e-6;

    private static readonly ConvolutionMode[] Winograd = [ConvolutionMode.Winograd2, ConvolutionMode.Winograd4];

    private GpuDevice Device => (GpuDevice)PacGen.Kernels.Device.Open(id);

    // Whole tiles and parts of one, all padding and none, one image and several.
    [TestCase(1, 4, 4, 16, 4, 1)]
    [TestCase(2, 7, 6, 16, 20, 0)]
    [TestCase(3, 5, 9, 32, 16, 1)]
    [TestCase(1, 3, 3, 16, 16, 1)]
    [TestCase(2, 5, 2, 16, 12, 2)]
    public void FollowsTheReference(int n, int h, int w, int c, int oc, int padding)
    {
        foreach (float mean in (float[])[0, 1])
        {
            ConvolutionReference reference = new(new Conv2dGeometry(1, padding), n, h, w, c, 3, 3, oc, n + h + c, mean);
            foreach ((Operation operation, Shape[] shapes, float[][] inputs, DoubleReference expected) in reference.Passes)
            {
                foreach (ConvolutionMode mode in Winograd)
                {
                    double error = expected.ErrorOfAll(Values(mode, operation, shapes, inputs));
                    TestContext.Out.WriteLine($"{operation.Name}, {mode}, {reference}: {error:E1}");
                    Assert.That(
                        error, Is.LessThan(mode == ConvolutionMode.Winograd2 ? Tolerance2 : Tolerance4),
                        $"{operation.Name}, {mode}, {reference}");
                }
            }
        }
    }

    /// <summary>As many channels as a wide network's.</summary>
    [TestCase(32, 32, 160, 160)]
    [TestCase(16, 17, 96, 100)]
    [TestCase(8, 8, 320, 256)]
    public void LargeConvolutions(int h, int w, int c, int oc)
    {
        if (Device.Kind != DeviceKind.Cuda)
        {
            Assert.Ignore("Others would take minutes.");
        }

        ConvolutionReference reference = new(new Conv2dGeometry(1, 1), 1, h, w, c, 3, 3, oc, h + c);
        foreach ((Operation operation, Shape[] shapes, float[][] inputs, DoubleReference expected) in reference.Passes)
        {
            foreach (ConvolutionMode mode in Winograd)
            {
                Assert.That(
                    expected.ErrorOfAll(Values(mode, operation, shapes, inputs)),
                    Is.LessThan(mode == ConvolutionMode.Winograd2 ? Tolerance2 : Tolerance4), $"{operation.Name}, {mode}");
            }
        }
    }

    /// <summary>The tiles of a weight gradient are cut into parts, and added up.</summary>
    [Test]
    public void WeightGradientsInParts()
    {
        ConvolutionReference reference = new(new Conv2dGeometry(1, 1), 2, 16, 31, 16, 3, 3, 4, 5);
        (Operation operation, Shape[] shapes, float[][] inputs, DoubleReference expected) = reference.Passes[2];
        long before = Device.WinogradFloats;
        try
        {
            foreach (long most in (long[])[before, 1])
            {
                Device.WinogradFloats = most;
                Assert.That(
                    expected.ErrorOfAll(Values(ConvolutionMode.Winograd2, operation, shapes, inputs)), Is.LessThan(Tolerance2));
            }
        }
        finally
        {
            Device.WinogradFloats = before;
        }
    }

    /// <summary>Images are independent: any number of them at a time gives the same bits.</summary>
    [Test]
    public void PortionsOfImagesGiveTheSameBits()
    {
        ConvolutionReference reference = new(new Conv2dGeometry(1, 1), 5, 5, 6, 16, 3, 3, 16, 3);
        long before = Device.WinogradFloats;
        try
        {
            foreach ((Operation operation, Shape[] shapes, float[][] inputs, _) in reference.Passes[..2])
            {
                foreach (ConvolutionMode mode in Winograd)
                {
                    Device.WinogradFloats = before;
                    float[] whole = Values(mode, operation, shapes, inputs);

                    // An image at a time; three and two.
                    foreach (long most in (long[])[1, 36 * 4 * 32 * 3])
                    {
                        Device.WinogradFloats = most;
                        Assert.That(
                            Values(mode, operation, shapes, inputs), Is.EqualTo(whole), $"{operation.Name}, {mode}, {most}");
                    }
                }
            }
        }
        finally
        {
            Device.WinogradFloats = before;
        }
    }

    /// <summary>Channels that are no multiple of 16 or 4, other memory, kernels and strides.</summary>
    [TestCase(1, 3, 12, 16, 0)]
    [TestCase(1, 3, 16, 6, 0)]
    [TestCase(1, 3, 16, 16, 1)]
    [TestCase(2, 3, 16, 16, 0)]
    [TestCase(1, 5, 16, 16, 0)]
    public void OthersAreDirectInAnyMode(int stride, int kernel, int channels, int outputs, int offset)
    {
        ConvolutionReference reference = new(
            new Conv2dGeometry(stride, 1), 1, 6, 5, channels, kernel, kernel, outputs, channels + outputs);
        (Operation operation, Shape[] shapes, float[][] inputs, _) = reference.Passes[0];
        Assert.That(
            Values(ConvolutionMode.Winograd4, operation, shapes, inputs, offset),
            Is.EqualTo(Values(ConvolutionMode.Direct, operation, shapes, inputs, offset)));
    }

    [Test]
    public void TheChoiceIsByWhatTakesLess()
    {
        ConvolutionMode before = Device.Convolutions;
        try
        {
            Device.Convolutions = ConvolutionMode.Fastest;
            Assert.That(Side(160, 32, 160), Is.EqualTo(4));
            Assert.That(Side(640, 8, 640), Is.EqualTo(4));
            Assert.That(Side(16, 32, 16), Is.Zero);
            Device.Convolutions = ConvolutionMode.Winograd2;
            Assert.That(Side(16, 32, 16), Is.EqualTo(2));
            Device.Convolutions = ConvolutionMode.Direct;
            Assert.That(Side(640, 8, 640), Is.Zero);
        }
        finally
        {
            Device.Convolutions = before;
        }

        int Side(int channels, int size, int outputs) => WinogradChoice.Side(
            Device, Precision.Single, new Windows(128, size, size, channels, size, size, 3, 3, 1, 1, 1, 1), outputs);
    }

    /// <summary>A map behind the convolution has the bits that it has alone.</summary>
    [Test]
    public void AnEpilogueHasTheMapsBits()
    {
        Expression relu = Expression.Unary<ReluFunction>().Substitute(
            [Expression.Binary<AddFunction>().Substitute(
                [Expression.Binary<AddFunction>().Substitute([Expression.Argument(0), Expression.Argument(1)]),
                    Expression.Argument(2)])]);
        Shape images = new(2, 5, 6, 16), weights = new(3, 3, 16, 20), target = new(2, 5, 6, 20), bias = new(20);
        Shape[] shapes = [images, weights, bias, target];
        float[][] inputs = [.. shapes.Select((shape, i) => KernelRun.Random(shape, (ulong)i + 1))];
        foreach (ConvolutionMode mode in Winograd)
        {
            float[] sums = Values(mode, new Conv2dForward(1, 1), shapes[..2], inputs[..2]);
            float[] expected = KernelRun.Values(
                Device, new FusedMap(relu, target), [target, .. shapes[2..]], [sums, .. inputs[2..]], 0);
            Assert.That(
                Values(mode, new FusedProduct(new Conv2dForward(1, 1), relu, target), shapes, inputs), Is.EqualTo(expected));
        }
    }

    /// <summary>What is between the transforms lies in memory that all launches of the device share.</summary>
    [Test]
    public void SharesTheMemoryThatItSays([Values(ConvolutionMode.Winograd2, ConvolutionMode.Winograd4)] ConvolutionMode mode)
    {
        using GpuDevice device = WarpSimulator.Create(8);
        device.Convolutions = mode;
        Shape x = new(3, 8, 8, 16), w = new(3, 3, 16, 32), y = new(3, 8, 8, 32);
        Conv2dForward forward = new(1, 1);
        Conv2dInputGradient gradient = new(new Conv2dGeometry(1, 1), 8, 8);
        using DeviceBuffer images = device.Allocate(x.Count), weights = device.Allocate(w.Count), sums = device.Allocate(y.Count);
        long before = device.AllocatedBytes;
        using Launch first = device.Bind(forward, [x, w], [new Region(images), new Region(weights)], new Region(sums));
        Assert.That(
            device.AllocatedBytes - before, Is.Positive.And.EqualTo(forward.SharedBytes(device, [x, w])));
        using Launch second = device.Bind(gradient, [y, w], [new Region(sums), new Region(weights)], new Region(images));
        Assert.That(gradient.SharedBytes(device, [y, w]), Is.EqualTo(device.AllocatedBytes - before), "the same memory");
        device.ReserveShared(forward.SharedBytes(device, [x, w]));
        Assert.That(gradient.SharedBytes(device, [y, w]), Is.EqualTo(device.AllocatedBytes - before), "there already");
        device.Convolutions = ConvolutionMode.Direct;
        Assert.That(forward.SharedBytes(device, [x, w]), Is.Zero);
    }

    /// <summary>What is reserved for the largest of some convolutions is all that they take, whatever their order.</summary>
    [Test]
    public void TakesTheLargestAlone()
    {
        using GpuDevice device = WarpSimulator.Create(8);
        device.Convolutions = ConvolutionMode.Winograd4;
        Conv2dForward forward = new(1, 1);
        Shape[][] shapes = [[new(3, 8, 8, 16), new(3, 3, 16, 16)], [new(3, 8, 8, 32), new(3, 3, 32, 16)]];
        long largest = shapes.Max(pair => forward.SharedBytes(device, pair));
        using DeviceBuffer numbers = device.Allocate(1 << 14);
        long before = device.AllocatedBytes;
        device.ReserveShared(largest);
        foreach (Shape[] pair in shapes)
        {
            using Launch launch = device.Bind(
                forward, pair, [new Region(numbers, 0, pair[0].Count), new Region(numbers, 0, pair[1].Count)],
                new Region(numbers, 1 << 13, 3 * 8 * 8 * 16));
        }

        Assert.That(device.AllocatedBytes - before, Is.EqualTo(largest));
    }

    /// <summary>Launches that share memory run one after the other, all others may run beside each other.</summary>
    [Test]
    public void RunsBesideNoOther()
    {
        Shape x = new(1, 4, 4, 16), w = new(3, 3, 16, 16);
        using DeviceBuffer images = Device.Allocate(x.Count), weights = Device.Allocate(w.Count), sums = Device.Allocate(x.Count);
        ConvolutionMode before = Device.Convolutions;
        Device.Convolutions = ConvolutionMode.Winograd4;
        try
        {
            using Launch launch = Device.Bind(
                new Conv2dForward(1, 1), [x, w], [new Region(images), new Region(weights)], new Region(sums));
            Assert.That(Device.Beside(launch), Is.SameAs(launch));
        }
        finally
        {
            Device.Convolutions = before;
        }
    }

    private float[] Values(ConvolutionMode mode, Operation operation, Shape[] shapes, float[][] inputs, int offset = 0)
    {
        ConvolutionMode before = Device.Convolutions;
        Device.Convolutions = mode;
        try
        {
            return KernelRun.Values(Device, operation, shapes, inputs, offset);
        }
        finally
        {
            Device.Convolutions = before;
        }
    }
}
