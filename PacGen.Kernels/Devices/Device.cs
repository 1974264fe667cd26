using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// A machine that runs kernels: the CPU with SIMD, or a GPU or simulator through ILGPU. One thread at a time may launch on a
/// device: on CUDA, what another launches meanwhile could become part of a recorded graph.
/// </summary>
public abstract class Device : IDisposable
{
    /// <summary>The environment variable that says which device <see cref="Best"/> gives.</summary>
    public const string EnvironmentVariable = "PACGEN_DEVICE";

    private static readonly Lazy<CpuDevice> SharedCpu = new(() => new CpuDevice());
    private static readonly Lazy<GpuDevice?> FirstGpu = new(
        () => RuntimeFeature.IsDynamicCodeSupported && DriverLibraries.NameGpu() ? GpuCatalog.FirstGpu() : null);
    private const string NoDynamicCode = "kernels of GPUs are made at run time, which a program that was compiled to native " +
        "code can't do; publish without PublishAot";

    private long allocated;

    /// <summary>The CPU with all its cores: one device for the whole program, never disposed.</summary>
    public static CpuDevice Cpu => SharedCpu.Value;

    /// <summary>
    /// The first GPU: CUDA's where there is one, else OpenCL's. One device for the whole program, never disposed.
    /// </summary>
    /// <exception cref="DeviceException">There is no GPU.</exception>
    public static GpuDevice Gpu
    {
        [RequiresDynamicCode(NoDynamicCode)]
        get => (GpuDevice)Open("gpu");
    }

    /// <summary>The debugger of GPU kernels: they run as .NET code. For tests on small sizes.</summary>
    public static GpuDevice Simulator
    {
        [RequiresDynamicCode(NoDynamicCode)]
        get => (GpuDevice)Open("simulator");
    }

    /// <summary>
    /// The device that <c>PACGEN_DEVICE</c> names; without it the first CUDA GPU, else the first GPU with OpenCL, else the CPU. A
    /// GPU that can't be opened is passed over.
    /// </summary>
    /// <exception cref="DeviceException">The variable names a device that isn't there.</exception>
    public static Device Best() =>
        Environment.GetEnvironmentVariable(EnvironmentVariable) is { } name && name.Trim().ToLowerInvariant() is not (
            "" or "best")
            ? Open(name, $"{EnvironmentVariable}={name}")
            : (Device?)FirstGpu.Value ?? Cpu;

    /// <summary>A device by its name. Each name gives one device for the whole program, never disposed.</summary>
    /// <param name="name"><c>cpu</c>, <c>gpu</c>, <c>cuda</c>, <c>cuda:1</c>, <c>opencl</c>, <c>opencl:1</c>, <c>simulator</c> or
    /// <c>best</c>, in any case.</param>
    /// <exception cref="DeviceException">There is no such device; the message says what there is.</exception>
    public static Device Open(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Open(name, $"device {name}");
    }

    /// <summary>The machine's devices, and the kinds that it lacks with the reason. The CPU stands first.</summary>
    public static IReadOnlyList<DeviceDescription> List() =>
    [
        new("cpu", DeviceKind.Cpu, Cpu.Name, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, true, ""),
        .. RuntimeFeature.IsDynamicCodeSupported ? GpuCatalog.Instance.Descriptions
            : [new("", DeviceKind.Cuda, "GPUs", null, false, NoDynamicCode)],
    ];

    /// <summary>What the device is, for people.</summary>
    public abstract string Name { get; }

    /// <summary>The memory of all buffers that are in use, in bytes.</summary>
    public long AllocatedBytes => Interlocked.Read(ref allocated);

    /// <summary>The memory that is free for more buffers, in bytes; null where the device doesn't say.</summary>
    public abstract long? FreeBytes { get; }

    /// <summary>Called before a buffer is made: an exception from here refuses it.</summary>
    internal Action? Allocating { get; set; }

    /// <summary>Memory for <paramref name="count"/> floats, zeroed.</summary>
    /// <param name="count">At least 1.</param>
    /// <param name="purpose">What the memory is for, as an error says it.</param>
    /// <exception cref="DeviceException">The device has no such memory left; the message says how much was asked for, for what,
    /// and how much is free.</exception>
    public abstract DeviceBuffer Allocate(long count, string purpose = "tensors");

    /// <summary>
    /// Memory for numbers that are all written before any is read, whatever is in it: on the CPU the system gives it page by page
    /// as they are, on a GPU nothing sets it to zero.
    /// </summary>
    /// <inheritdoc cref="Allocate"/>
    public virtual DeviceBuffer AllocateUncleared(long count, string purpose = "tensors") => Allocate(count, purpose);

    /// <summary>Binds an operation to its memory: the launch that a compiled graph replays.</summary>
    /// <param name="operation">What to compute.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="inputs">The inputs' memory.</param>
    /// <param name="output">The output's memory; of the operation's output shape. Never overlaps an input, unless the operation
    /// allows it.</param>
    /// <returns>The launch; who asked for it disposes of it.</returns>
    /// <exception cref="NotSupportedException">The device has no kernel for the operation.</exception>
    public abstract Launch Bind(Operation operation, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output);

    /// <summary>
    /// Some launches as one that runs them in their order. Where a CUDA driver can, those that <see cref="Launch.MayBeRecorded"/>
    /// are recorded and replayed as a graph.
    /// </summary>
    /// <param name="launches">The launches; what is returned disposes of them.</param>
    public virtual Launch Record(IReadOnlyList<Launch> launches)
    {
        ArgumentNullException.ThrowIfNull(launches);
        return new LaunchSequence([], [.. launches]);
    }

    /// <summary>
    /// Some launches as one that runs them in their order, and where it can range by range of the elements that they pass over.
    /// Of what another of them writes, each may read no elements but those that it stands at.
    /// </summary>
    /// <param name="launches">The launches; what is returned disposes of them.</param>
    public virtual Launch Join(IReadOnlyList<Launch> launches)
    {
        ArgumentNullException.ThrowIfNull(launches);
        return launches.Count == 1 ? launches[0] : new LaunchSequence([], [.. launches]);
    }

    /// <summary>
    /// A way to send host values to a place again and again: with CUDA while kernels run, with OpenCL in their queue.
    /// </summary>
    /// <param name="target">The place, on this device.</param>
    /// <exception cref="ArgumentException">The place is on another device.</exception>
    /// <exception cref="DeviceException">The device has no memory left.</exception>
    public Upload CreateUpload(Region target) => target.Buffer.Device == this
        ? UploadTo(target)
        : throw new ArgumentException($"The place is on {target.Buffer.Device.Name}, not on {Name}.", nameof(target));

    /// <summary>The same for a place that is known to be on this device.</summary>
    private protected virtual Upload UploadTo(Region target) => new DirectUpload(target);

    /// <summary>Checks that shapes and memory belong together, for what follows works with addresses.</summary>
    /// <exception cref="ArgumentException">A region is too small or on another device, or there are not as many as
    /// shapes.</exception>
    private protected void Check(Operation operation, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        if (inputs.Length != shapes.Length)
        {
            throw new ArgumentException(
                $"{operation.Name} has {shapes.Length} inputs but is bound to {inputs.Length} regions.", nameof(inputs));
        }

        for (int i = 0; i <= inputs.Length; i++)
        {
            Shape shape = i < inputs.Length ? shapes[i] : operation.Infer(shapes);
            Region region = i < inputs.Length ? inputs[i] : output;
            if (region.Buffer.Device != this || region.Count < shape.Count || region.Start < 0
                || region.Start + region.Count > region.Buffer.Count)
            {
                throw new ArgumentException(
                    $"{operation.Name}: {(i < inputs.Length ? $"input {i}" : "the output")} of shape {shape} does not fit " +
                        $"into a region of {region.Count} floats from {region.Start} of a buffer of {region.Buffer.Count} on " +
                        $"{region.Buffer.Device.Name}.");
            }
        }
    }

    /// <summary>The error of memory that the device can't give.</summary>
    private protected DeviceException OutOfMemory(long count, string purpose, Exception cause)
    {
        const double Mebibyte = 1 << 20;
        string free = FreeBytes is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"{bytes / Mebibyte:N0} MiB are free")
            : "it does not say how much is free";
        return new DeviceException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Name} has no memory left for {purpose}: {count:N0} floats ({count * (sizeof(float) / Mebibyte):N0} MiB) " +
                    $"were asked for, {free}, PacGen holds {AllocatedBytes / Mebibyte:N0} MiB. ")
            + "Use a smaller batch or model.",
            cause);
    }

    /// <summary>Counts a buffer that came into use, or with a negative number one that went.</summary>
    internal void Account(long floats) => Interlocked.Add(ref allocated, floats * sizeof(float));

    /// <summary>Waits until everything launched has finished.</summary>
    public abstract void Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the device's own resources.</summary>
    protected abstract void Dispose(bool disposing);

    private static Device Open(string name, string asked)
    {
        string id = name.Trim().ToLowerInvariant();
        string word = id.Split(':')[0];
        Device? device = id switch
        {
            "best" => Best(),
            "cpu" => Cpu,
            _ when !RuntimeFeature.IsDynamicCodeSupported => null,
            "gpu" => GpuCatalog.Instance.Open("cuda") ?? GpuCatalog.Instance.Open("opencl"),
            _ when word is "cuda" or "opencl" or "simulator" => GpuCatalog.Instance.Open(id),
            _ => throw new DeviceException(
                $"{asked}: there is no device of that name. Use cpu, gpu, cuda, cuda:N, opencl, opencl:N, simulator or best."),
        };
        if (device is not null)
        {
            return device;
        }

        IReadOnlyList<DeviceDescription> all = List();
        string found = string.Join(", ", all.Where(item => item.IsAvailable).Select(item => $"{item.Id} ({item.Name})"));
        string passedOver = string.Join("; ", all.Where(item => !item.IsAvailable).Select(item => $"{item.Name}: {item.Note}"));
        throw new DeviceException(
            $"{asked}: no such device on this machine. Found: " +
                $"{found}.{(passedOver.Length > 0 ? $" Passed over: {passedOver}." : "")} "
            + "Use one that was found, or install its driver.");
    }
}
