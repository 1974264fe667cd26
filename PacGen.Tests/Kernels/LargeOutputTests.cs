using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Outputs of more memory than caches hold are stored another way; the bits don't tell.</summary>
internal sealed class LargeOutputTests
{
    private const int Images = 19, Size = 64, Channels = 64;
    private static readonly Shape Image = new(1, Size, Size, Channels), All = new(Images, Size, Size, Channels);

    [Test]
    public void AGradientOfPoolingIsThatOfItsImages([Values(0, 1)] int padding, [Values(0, 4)] int offset)
    {
        PoolGeometry geometry = new(3, 2, padding);
        Check(
            new PoolScatter(geometry), [Image, geometry.Pool(Image, "")], [All, geometry.Pool(All, "")], offset);
    }

    [Test]
    public void ADepthwiseConvolutionIsThatOfItsImages([Values(0, 1)] int padding, [Values(0, 4)] int offset)
    {
        Shape weights = new(3, 3, 1, Channels);
        Check(
            new DepthwiseConv2d(new DepthwiseGeometry(new Conv2dGeometry(1, padding))), [Image, weights], [All, weights], offset);
    }

    private static void Check(Operation operation, Shape[] one, Shape[] all, int offset)
    {
        using CpuDevice device = new(2);
        float[][] inputs = [.. all.Select((shape, i) => KernelRun.Random(shape, (ulong)i))];
        float[] whole = Run(device, operation, all, inputs, offset);
        int length = (int)operation.Infer(one).Count;
        for (int image = 0; image < Images; image += 8)
        {
            float[][] parts = [.. one.Select((shape, i) => Part(inputs[i], image, (int)shape.Count))];
            Assert.That(
                whole.AsSpan(image * length, length).SequenceEqual(Run(device, operation, one, parts, offset)), $"image {image}");
        }

        // What all images share is of one length for one and for all.
        static float[] Part(float[] input, int image, int length) =>
            input.Length == length ? input : input[(image * length)..((image + 1) * length)];
    }

    private static float[] Run(CpuDevice device, Operation operation, Shape[] shapes, float[][] inputs, int offset)
    {
        DeviceBuffer[] memory = [.. inputs.Select(input => device.Allocate(input.Length))];
        for (int i = 0; i < inputs.Length; i++)
        {
            memory[i].Write(0, inputs[i]);
        }

        Region[] regions = [.. memory.Select(buffer => new Region(buffer))];
        int count = (int)operation.Infer(shapes).Count;
        using DeviceBuffer output = device.Allocate(count + offset);
        Region to = new(output, offset, count);
        using Launch launch = operation.Bind(device, shapes, regions, to);
        launch.Run();
        float[] result = to.ToArray();
        foreach (DeviceBuffer buffer in memory)
        {
            buffer.Dispose();
        }

        return result;
    }
}
