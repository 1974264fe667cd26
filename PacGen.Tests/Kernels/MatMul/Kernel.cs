using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// The machines that a product's fixture runs on, named by its argument: the CPU at each vector width, such as <c>cpu/8</c>, and
/// every GPU, OpenCL processor and simulator there is.
/// </summary>
internal static class Kernel
{
    private static readonly CpuDevice[] Processors = [.. Enumerable.Range(1, 3).Select(static threads => new CpuDevice(threads))];

    public static IEnumerable<string> Machines => [.. Processor, .. DeviceFixture.GpuIds];

    public static IEnumerable<string> Processor => ["cpu/16", "cpu/8", "cpu/4", "cpu/1"];

    /// <summary>Whether kernels run on the simulator, which is to get small shapes, and few.</summary>
    public static bool IsSimulator(string machine) => machine == "simulator";

    /// <summary>Runs an operation.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="threads">The CPU's threads.</param>
    /// <param name="offset">Where inputs and output begin in their memory: a multiple of 4 is on 16 bytes.</param>
    /// <param name="convolutions">How the CPU convolves.</param>
    public static float[] Run(
        string machine, Operation operation, Shape[] shapes, float[][] inputs, int threads = 2, int offset = 0,
        ConvolutionMode convolutions = ConvolutionMode.Fastest)
    {
        string[] parts = machine.Split('/');
        Device device = parts.Length > 1 ? Processors[threads - 1] : Device.Open(machine);
        Processors[threads - 1].Convolutions = convolutions;
        PacGen.Kernels.DeviceBuffer[] memory = [.. inputs.Select(input => device.Allocate(offset + input.Length))];
        for (int i = 0; i < inputs.Length; i++)
        {
            memory[i].Write(offset, inputs[i]);
        }

        // A little more than the output, to see that nothing around it is written.
        const int Guard = 64;
        int count = (int)operation.Infer(shapes).Count;
        using PacGen.Kernels.DeviceBuffer output = device.Allocate(offset + count + Guard);
        output.Write(0, [.. Enumerable.Repeat(float.NaN, offset + count + Guard)]);
        Region[] regions = [.. memory.Select((buffer, i) => new Region(buffer, offset, inputs[i].Length))];
        Region to = new Region(output).Slice(offset, count);
        using Launch launch = device is CpuDevice processor
            ? Bind(operation, processor, int.Parse(parts[1]), shapes, regions, to)
            : device.Bind(operation, shapes, regions, to);
        Processors[threads - 1].Convolutions = ConvolutionMode.Fastest;
        launch.Run();
        float[] result = to.ToArray();
        Assert.That(new Region(output).Slice(0, offset).ToArray(), Is.All.NaN, $"{operation} wrote before its output");
        Assert.That(new Region(output).Slice(offset + count, Guard).ToArray(), Is.All.NaN, $"{operation} wrote past its output");

        // A second run overwrites, it doesn't add.
        launch.Run();
        Assert.That(to.ToArray(), Is.EqualTo(result));
        foreach (PacGen.Kernels.DeviceBuffer buffer in memory)
        {
            buffer.Dispose();
        }

        return result;
    }

    private static Launch Bind(
        Operation operation, CpuDevice device, int width, Shape[] shapes, Region[] inputs, Region output) => operation switch
    {
        MatMul product => product.Bind(device, width, shapes, inputs, output),
        BatchMatMul products => products.Bind(device, width, shapes, inputs, output),
        Conv2dForward convolution => convolution.Bind(device, width, shapes, inputs, output),
        Conv2dInputGradient gradient => gradient.Bind(device, width, shapes, inputs, output),
        Conv2dWeightGradient gradient => gradient.Bind(device, width, shapes, inputs, output),
        _ => throw new ArgumentException($"{operation.Name} has no kernel of a given width."),
    };
}
