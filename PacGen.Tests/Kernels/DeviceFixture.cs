using PacGen.Kernels.Devices;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Tests that run on every device of the machine, the CPU, the simulator, and CUDA and OpenCL devices where there are any: a
/// fixture names <see cref="Ids"/> or <see cref="GpuIds"/> as its source.
/// </summary>
internal abstract class DeviceFixture(string id)
{
    public static IEnumerable<string> Ids => Device.List().Where(device => device.IsAvailable).Select(device => device.Id);

    public static IEnumerable<string> GpuIds => Ids.Where(id => id != "cpu");

    protected Device Device => Device.Open(id);

    /// <summary>The kernels of a GPU run on the simulator some hundred times slower than elsewhere: give it less to do.</summary>
    protected int Scaled(int count) => Device is GpuDevice { Kind: DeviceKind.Simulator } ? Math.Max(1, count / 8) : count;
}
