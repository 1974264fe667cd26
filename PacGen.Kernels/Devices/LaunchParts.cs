namespace PacGen.Kernels;

/// <summary>
/// The launches of an operation while it is bound, and the memory between them: given back where binding fails, else handed to
/// the launch that <see cref="ToLaunch"/> makes of them.
/// </summary>
/// <param name="device">Where they run.</param>
internal sealed class LaunchParts(Device device) : IDisposable
{
    private readonly List<DeviceBuffer> memory = [];
    private readonly List<Launch> launches = [];

    /// <summary>Memory that the launches hand each other.</summary>
    public Region Memory(long count, string purpose = "tensors")
    {
        // The CPU's packed factors count on zeros between what is written.
        memory.Add(device is GpuDevice ? device.AllocateUncleared(count, purpose) : device.Allocate(count, purpose));
        return new Region(memory[^1]);
    }

    /// <summary>One more launch, behind the others.</summary>
    public void Add(Launch launch) => launches.Add(launch);

    /// <summary>All of them as one.</summary>
    public Launch ToLaunch()
    {
        Launch all = launches.Count == 1 && memory.Count == 0 ? launches[0] : new LaunchSequence([.. memory], [.. launches]);
        launches.Clear();
        memory.Clear();
        return all;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        launches.ForEach(launch => launch.Dispose());
        memory.ForEach(buffer => buffer.Dispose());
    }
}
