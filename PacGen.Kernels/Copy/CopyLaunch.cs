using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// A region of a GPU's memory copied to another by the driver's own copy (CUDA's <c>cuMemcpyAsync</c>, OpenCL's
/// <c>clEnqueueCopyBuffer</c>): what kernels that move memory are measured against. Graphs copy by an elementwise kernel.
/// </summary>
public sealed class CopyLaunch : Launch
{
    private readonly GpuDevice device;
    private readonly Region source, destination;

    private CopyLaunch(GpuDevice device, Region source, Region destination)
    {
        this.device = device;
        this.source = source;
        this.destination = destination;
    }

    /// <summary>Binds the copy to its memory.</summary>
    /// <param name="device">The device.</param>
    /// <param name="source">What is copied.</param>
    /// <param name="destination">Where it goes; as long as the source, and apart from it.</param>
    /// <returns>The copy, bound; each run of it copies once.</returns>
    /// <exception cref="ArgumentException">The regions differ in length, overlap, or lie on another device.</exception>
    public static CopyLaunch Create(GpuDevice device, Region source, Region destination)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (source.Buffer.Device != device || destination.Buffer.Device != device)
        {
            throw new ArgumentException(
                $"A copy on {device.Name} needs both regions there, but they lie on {source.Buffer.Device.Name} and " +
                $"{destination.Buffer.Device.Name}.");
        }

        if (source.Count != destination.Count)
        {
            throw new ArgumentException($"{source.Count} floats can't be copied to {destination.Count}.", nameof(destination));
        }

        return source.Buffer != destination.Buffer || source.Start + source.Count <= destination.Start
            || destination.Start + destination.Count <= source.Start
            ? new CopyLaunch(device, source, destination)
            : throw new ArgumentException("A region can't be copied to one that it overlaps.", nameof(destination));
    }

    /// <inheritdoc/>
    public override void Run() => GpuDevice.View(source).CopyTo(device.Accelerator.DefaultStream, GpuDevice.View(destination));
}
