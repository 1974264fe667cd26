using PacGen.Kernels;
using PacGen.Kernels.Devices;

namespace PacGen.Tests.Kernels;

/// <summary>Runs one operation on the CPU with vectors of a given width.</summary>
internal static class Kernel
{
    private static readonly CpuDevice[] Devices = [.. Enumerable.Range(1, 3).Select(static threads => new CpuDevice(threads))];

    public static float[] Run(int threads, Operation operation, int width, Shape[] shapes, float[][] inputs)
    {
        CpuDevice device = Devices[threads - 1];
        PacGen.Kernels.Devices.Buffer[] memory = [.. inputs.Select(input => device.Allocate(input.Length))];
        for (int i = 0; i < inputs.Length; i++)
        {
            memory[i].Write(0, inputs[i]);
        }

        // A little more than the output, to see that nothing behind it is written.
        const int Guard = 64;
        int count = (int)operation.Infer(shapes).Count;
        using PacGen.Kernels.Devices.Buffer output = device.Allocate(count + Guard);
        output.Write(0, [.. Enumerable.Repeat(float.NaN, count + Guard)]);
        Region[] regions = [.. memory.Select(buffer => new Region(buffer))];
        Region to = new Region(output).Slice(0, count);
        Launch launch = operation switch
        {
            MatMul product => product.Bind(device, width, shapes, regions, to),
            Conv2dForward convolution => convolution.Bind(device, width, shapes, regions, to),
            Conv2dInputGradient gradient => gradient.Bind(device, width, shapes, regions, to),
            Conv2dWeightGradient gradient => gradient.Bind(device, width, shapes, regions, to),
            _ => throw new ArgumentException($"{operation.Name} has no kernel of a given width."),
        };
        launch.Run();
        float[] result = to.ToArray();
        Assert.That(new Region(output).Slice(count, Guard).ToArray(), Is.All.NaN, $"{operation} wrote past its output");

        // A second run overwrites, it doesn't add.
        launch.Run();
        Assert.That(to.ToArray(), Is.EqualTo(result));
        foreach (PacGen.Kernels.Devices.Buffer buffer in memory)
        {
            buffer.Dispose();
        }

        return result;
    }
}
