using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Gradients of more memory than caches hold are stored another way; the bits don't tell.</summary>
internal sealed class LargePoolingTests
{
    [Test]
    public void ALargeGradientIsThatOfItsImages([Values(0, 1)] int padding, [Values(0, 4)] int offset)
    {
        const int Images = 17, Size = 64, Channels = 64;
        PoolGeometry geometry = new(3, 2, padding);
        Shape image = new(1, Size, Size, Channels), all = new(Images, Size, Size, Channels);
        Shape pooled = geometry.Pool(image, ""), allPooled = geometry.Pool(all, "");
        float[] x = KernelRun.Random(all, 1), dy = KernelRun.Random(allPooled, 2);
        using CpuDevice device = new(2);
        float[] whole = Run(device, all, allPooled, x, dy, offset);
        int length = (int)image.Count, step = (int)pooled.Count;
        for (int i = 0; i < Images; i += 8)
        {
            float[] one = Run(
                device, image, pooled, x[(i * length)..((i + 1) * length)], dy[(i * step)..((i + 1) * step)], offset);
            Assert.That(whole.AsSpan(i * length, length).SequenceEqual(one), $"image {i}");
        }

        float[] Run(CpuDevice device, Shape shape, Shape small, float[] x, float[] dy, int offset)
        {
            using DeviceBuffer memory = device.Allocate(x.Length + dy.Length), output = device.Allocate(x.Length + offset);
            memory.Write(0, x);
            memory.Write(x.Length, dy);
            Region to = new(output, offset, x.Length);
            using Launch launch = new PoolScatter(geometry).Bind(
                device, [shape, small], [new Region(memory, 0, x.Length), new Region(memory, x.Length, dy.Length)], to);
            launch.Run();
            return to.ToArray();
        }
    }
}
