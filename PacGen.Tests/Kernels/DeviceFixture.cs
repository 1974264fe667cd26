using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Tests that run on every device of the machine, the CPU, the simulator, and CUDA and OpenCL devices where there are any: a
/// fixture names <see cref="Ids"/> or <see cref="GpuIds"/> as its source.
/// </summary>
internal abstract class DeviceFixture(string id)
{
    private const long LargestSimulated = 10_000;

    public static IEnumerable<string> Ids => Device.List().Where(device => device.IsAvailable).Select(device => device.Id);

    public static IEnumerable<string> GpuIds => Ids.Where(id => id != "cpu");

    protected Device Device => Device.Open(id);

    /// <summary>Whether kernels run on the simulator or an emulated CUDA device: whole networks are to be small there.</summary>
    protected bool IsSlow =>
        Device is GpuDevice { Kind: DeviceKind.Simulator } || CudaEmulator.EmulatedDriver.Emulates(Device);

    /// <summary>The kernels of a GPU run on the simulator some hundred times slower than elsewhere: give it less to do.</summary>
    protected int Scaled(int count) => Device is GpuDevice { Kind: DeviceKind.Simulator } ? Math.Max(1, count / 8) : count;

    /// <summary>The operation's values on the device.</summary>
    protected float[] Values(VectorOperation operation, Shape[] shapes, float[][] inputs, int threads = 1)
    {
        if (Device is not GpuDevice gpu)
        {
            return KernelRun.Values(operation, shapes, inputs, threads);
        }

        Fits(shapes);
        return KernelRun.Values(gpu, operation, shapes, inputs, 0);
    }

    /// <summary>
    /// Compares the operation with a reference: on the CPU at every vector width, which all give the same bits; on a GPU also
    /// with the CPU's bits where the operation promises them.
    /// </summary>
    protected void Check(
        VectorOperation operation, Shape[] shapes, float[][] inputs, double[] expected, double tolerance, ulong seed,
        double[]? scale = null, bool sameBits = true)
    {
        if (Device is GpuDevice gpu)
        {
            Fits(shapes);
            KernelRun.Check(gpu, operation, shapes, inputs, expected, tolerance, seed, scale, sameBits);
        }
        else
        {
            KernelRun.Check(operation, shapes, inputs, expected, tolerance, seed, scale);
        }
    }

    private void Fits(Shape[] shapes)
    {
        if (Device is GpuDevice { Kind: DeviceKind.Simulator } && shapes.Max(shape => shape.Count) > LargestSimulated)
        {
            Assert.Ignore($"The simulator would take too long for {string.Join(" and ", shapes)}.");
        }
    }
}
