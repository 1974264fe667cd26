using System.Collections.Concurrent;
using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace PacGen.Kernels;

/// <summary>
/// A GPU, an OpenCL processor or the simulator, through ILGPU. Launches run in order on one stream; on CUDA, batches are copied
/// on a second.
/// </summary>
public sealed partial class GpuDevice : Device
{
    /// <summary>After how many kernels what ILGPU keeps of them is let go: 20 MB each.</summary>
    internal const int MostCompiled = 64;

    private const int PreferredGroup = 256;

    // Devices share ILGPU's context, which must not be cleared while another thread compiles.
    private static readonly Lock Compiler = new();
    private readonly ConcurrentDictionary<MethodInfo, Delegate> kernels = new();
    private readonly KernelLoader loader;
    private readonly string name;
    private readonly CudaDriver? driver;
    private readonly Lazy<CudaStream> copies, side;

    /// <summary>Of how many of the kernels that were compiled ILGPU keeps nothing any more.</summary>
    private int forgotten;

    internal GpuDevice(Accelerator accelerator, DeviceKind kind, string name)
    {
        Accelerator = accelerator;
        if (accelerator is CudaAccelerator)
        {
            // ILGPU launches on the driver's own default stream, which can't be recorded and waits for every other one.
            SetDefaultStream(accelerator, accelerator.CreateStream());
            driver = CudaDriver.Instance;
        }

        loader = new KernelLoader(accelerator, CompiledKernels.Of(accelerator));
        copies = new Lazy<CudaStream>(() => (CudaStream)accelerator.CreateStream());
        side = new Lazy<CudaStream>(() => (CudaStream)accelerator.CreateStream());
        GraphObstacle = kind == DeviceKind.Cuda ? CudaGraph.Obstacle() : "only CUDA devices record";
        Faults = new GpuFaults(accelerator);
        Kind = kind;
        string? passes = Environment.GetEnvironmentVariable("PACGEN_GPU_PASSES")?.Trim();
        JoinsPasses = kind == DeviceKind.OpenCl ? passes == "1" : passes != "0";
        StoresBFloat16 = kind == DeviceKind.Cuda
            && Environment.GetEnvironmentVariable("PACGEN_GPU_BF16_MEMORY")?.Trim() != "0";
        if (kind == DeviceKind.Cuda && HasTensorCores)
        {
            TileSetting = Environment.GetEnvironmentVariable("PACGEN_GPU_TILES")?.Trim() ?? "";
        }

        this.name = kind switch
        {
            DeviceKind.Cuda => $"{name} (CUDA)",
            DeviceKind.OpenCl => $"{name} (OpenCL)",
            _ => name,
        };
    }

    /// <summary>How the device runs kernels.</summary>
    public DeviceKind Kind { get; }

    /// <inheritdoc/>
    public override string Name => Products switch
    {
        ProductMode.Tf32 => $"{name}, products in TF32",
        ProductMode.CuBlas => $"{name}, products by cuBLAS",
        ProductMode.CuBlasTf32 => $"{name}, products by cuBLAS in TF32",
        _ => Convolutions == ConvolutionMode.Direct ? name : $"{name}, convolutions by Winograd",
    };

    /// <inheritdoc/>
    public override long? FreeBytes => Accelerator switch
    {
        CudaAccelerator cuda => cuda.GetFreeMemory(),
        CLAccelerator => Math.Max(0, Accelerator.MemorySize - AllocatedBytes),
        _ => Cpu.FreeBytes,
    };

    /// <summary>
    /// Whether launches of a <see cref="Record"/>ed sequence are recorded as CUDA graphs and replayed. They are not where
    /// <c>PACGEN_CUDA_GRAPHS</c> is 0 or the driver can't, nor any more once it refused some.
    /// </summary>
    public bool RecordsGraphs => GraphObstacle.Length == 0;

    /// <summary>Why no graphs are recorded; empty where they are.</summary>
    public string GraphObstacle { get; private set; }

    /// <summary>
    /// Whether products and convolutions compute the map behind them as they store, such as a bias and a ReLU, and reductions the
    /// map before them as they load: a pass over memory less. The values are the same, but for the last bits
    /// of sums over arguments that do not start on 16 bytes. True unless <c>PACGEN_GPU_FUSION</c> is 0.
    /// </summary>
    public bool FusesMaps { get; set; } = Environment.GetEnvironmentVariable("PACGEN_GPU_FUSION")?.Trim() != "0";

    /// <summary>
    /// Whether sums along all axes but the last are joined with what belongs to them (<see cref="ColumnPass"/>): two sums of the
    /// same numbers, mean and variance, the map whose values are summed, and what is computed of the sums. Values differ in the
    /// last bits. True unless <c>PACGEN_GPU_PASSES</c> is 0, on OpenCL only where it is 1, for drivers there may refuse so
    /// many arguments; where <see cref="FusesMaps"/> is false nothing is joined.
    /// </summary>
    public bool JoinsPasses { get; set; }

    /// <summary>
    /// Whether the kernel of a product or a convolution whose mean and variance a <see cref="ColumnPass"/> computes gathers them
    /// as it stores (<see cref="ProductMoments"/>), so that the pass reads no more than what it left. The product's values are
    /// the same, the moments' last bits are not. True where <c>PACGEN_GPU_MOMENTS</c> is 1; false where warps have other
    /// than 32 lanes, and on OpenCL. To be set before graphs are compiled.
    /// </summary>
    public bool GathersMoments
    {
        get => field && Kind != DeviceKind.OpenCl && Accelerator.WarpSize == MmaFragment.Lanes;
        set;
    }
        = Environment.GetEnvironmentVariable("PACGEN_GPU_MOMENTS")?.Trim() == "1";

    /// <summary>
    /// Whether launches of a compiled graph that nothing in it waits for, such as the gradients by weights, run beside the others
    /// on CUDA: a second stream, or a branch of the driver's graph. The values are the same. It takes memory, for what they read
    /// is kept longer. True where <c>PACGEN_GPU_BESIDE</c> is 1.
    /// </summary>
    public bool RunsBeside { get; set; } = Environment.GetEnvironmentVariable("PACGEN_GPU_BESIDE")?.Trim() == "1";

    internal Accelerator Accelerator { get; }

    internal GpuFaults Faults { get; }

    /// <inheritdoc/>
    public override DeviceBuffer Allocate(long count, string purpose = "tensors")
    {
        GpuBuffer buffer = (GpuBuffer)AllocateUncleared(count, purpose);
        buffer.View.MemSetToZero(Accelerator.DefaultStream);
        return buffer;
    }

    /// <inheritdoc/>
    public override DeviceBuffer AllocateUncleared(long count, string purpose = "tensors")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        Allocating?.Invoke();
        try
        {
            return new GpuBuffer(this, Accelerator.Allocate1D<float>(count));
        }
        catch (Exception failure) when (IsOutOfMemory(failure))
        {
            throw OutOfMemory(count, purpose, failure);
        }
    }

    /// <summary>Memory of the host that the device copies to and from at its full speed; on OpenCL like any other.</summary>
    /// <exception cref="DeviceException">There is none left.</exception>
    internal PageLockedArray1D<float> AllocatePageLocked(long count)
    {
        try
        {
            return Accelerator.AllocatePageLocked1D<float>(count);
        }
        catch (Exception failure) when (IsOutOfMemory(failure))
        {
            throw OutOfMemory(count, "page-locked memory of the host", failure);
        }
    }

    /// <inheritdoc/>
    public override Launch Bind(Operation operation, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        Check(operation, shapes, inputs, output);
        return new WatchedLaunch(this, operation.Bind(this, shapes, inputs, output));
    }

    /// <inheritdoc/>
    public override Launch Record(IReadOnlyList<Launch> launches)
    {
        ArgumentNullException.ThrowIfNull(launches);
        Launch all = RecordsGraphs ? LaunchSequence.Of(
            launches, run => new CudaGraph(this, driver!, (CudaStream)Accelerator.DefaultStream, run))
            : Accelerator.DefaultStream is CLStream queue ? base.Record([.. launches, new OpenClFlush(queue)])
            : base.Record(launches);
        ForgetCompiled();
        return new WatchedLaunch(this, all);
    }

    /// <summary>
    /// A launch beside those that come after it, once it is put among them: it begins when what was launched before is done.
    /// Until it is waited for by <see cref="Await"/> nothing may write what it reads, or read what it writes. On other devices
    /// than CUDA, with cuBLAS, and for a convolution by Winograd, whose memory others share, the launch as it is.
    /// </summary>
    /// <param name="launch">The launch; what is returned disposes of it.</param>
    /// <exception cref="DeviceException">The driver refused.</exception>
    public Launch Beside(Launch launch)
    {
        ArgumentNullException.ThrowIfNull(launch);
        return driver is null || Products is ProductMode.CuBlas or ProductMode.CuBlasTf32
            || launch is WatchedLaunch { Watched: WinogradConvolutionGpu } ? launch
            : new CudaBeside(this, driver, (CudaStream)Accelerator.DefaultStream, side.Value, launch);
    }

    /// <summary>A launch before which, or behind which, launches beside it are waited for.</summary>
    /// <param name="before">What <see cref="Beside"/> gave, to be waited for before it.</param>
    /// <param name="launch">The launch; what is returned disposes of it.</param>
    /// <param name="behind">The same, to be waited for behind it.</param>
    public static Launch Await(IReadOnlyList<Launch> before, Launch launch, IReadOnlyList<Launch> behind)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(behind);
        CudaBeside[] first = [.. before.OfType<CudaBeside>()], last = [.. behind.OfType<CudaBeside>()];
        return first.Length + last.Length == 0 ? launch : new AwaitingLaunch(first, launch, last);
    }

    /// <summary>Has kernels launched on a stream from here on.</summary>
    internal void LaunchOn(CudaStream stream) => SetDefaultStream(Accelerator, stream);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">A launch met input that makes no sense, such as a label that is no class; the
    /// message names the operation, the row and the value.</exception>
    public override void Synchronize()
    {
        try
        {
            Accelerator.DefaultStream.Synchronize();
            if (side.IsValueCreated)
            {
                side.Value.Synchronize();
            }
        }
        catch (Exception failure) when (IsDriverFailure(failure))
        {
            throw Failed("it was waited for", failure);
        }

        Faults.Check();
    }

    /// <summary>Whether a driver reports that a call, or something launched before it, failed.</summary>
    internal static bool IsDriverFailure(Exception failure) => failure is CudaException or CLException;

    /// <summary>
    /// Gives memory back. A device that has failed refuses that as all else: who launched or read was told, and must not be told
    /// this in its place.
    /// </summary>
    internal static void Free(MemoryBuffer? memory)
    {
        try
        {
            memory?.Dispose();
        }
        catch (Exception failure) when (IsDriverFailure(failure))
        {
        }
    }

    /// <summary>The error of a call that a driver refused.</summary>
    /// <param name="when">What was done then, as a clause.</param>
    /// <param name="failure">What the driver said.</param>
    internal DeviceException Failed(string when, Exception failure)
    {
        string said = failure switch
        {
            CudaException cuda => $"{cuda.Error}: {cuda.Message}",
            CLException openCl => $"{openCl.Error}: {openCl.Message}",
            _ => failure.Message,
        };
        string advice = IsOutOfMemory(failure)
            ? "Use a smaller batch or model."
            : "What was launched before may be at fault. Start the program again; if it happens again, use another device, " +
                "such as cpu, or a newer driver.";
        return new DeviceException($"{Name} failed when {when}: {said.ReplaceLineEndings(" ").Trim()} {advice}", failure);
    }

    /// <summary>
    /// A copy from a device's memory that nobody waits for; null where there is none such, or no page-locked memory is left.
    /// </summary>
    internal CudaReadback? TryReadBack(nint source, int bytes)
    {
        if (driver is null)
        {
            return null;
        }

        try
        {
            return new CudaReadback(this, (CudaStream)Accelerator.DefaultStream, source, bytes);
        }
        catch (CudaException)
        {
            return null;
        }
    }

    /// <summary>The memory of a region.</summary>
    internal static ArrayView<float> View(Region region) => ((GpuBuffer)region.Buffer).View.SubView(region.Start, region.Count);

    /// <summary>The address of a region's first element, on a CUDA device.</summary>
    internal static nint Address(Region region) => ((GpuBuffer)region.Buffer).Address + (nint)(region.Start * sizeof(float));

    /// <summary>Records no more graphs, for a reason; launches go on one by one.</summary>
    internal void StopRecording(string obstacle) => GraphObstacle = obstacle;

    /// <summary>Whether the lanes of a warp, of which there are 32, can exchange what they have.</summary>
    internal bool HasWarps => Kind == DeviceKind.Cuda
        || (Kind == DeviceKind.Simulator && Accelerator.WarpSize == MmaFragment.Lanes);

    /// <summary>Whether kernels are bound, but not compiled: none of the launches can run.</summary>
    internal bool OnlyListsKernels { get; init; }

    /// <summary>The kernels that were loaded.</summary>
    internal IEnumerable<MethodInfo> Kernels => kernels.Keys;

    /// <summary>A kernel, compiled at its first use and held as long as the device.</summary>
    /// <exception cref="DeviceException">The kernel does not compile for the device; the message names it.</exception>
    internal TDelegate Load<TDelegate>(MethodInfo kernel, Func<KernelLoader, TDelegate> load)
        where TDelegate : Delegate
    {
        if (kernels.TryGetValue(kernel, out Delegate? loaded))
        {
            return (TDelegate)loaded;
        }

        bool isFirst;
        lock (Compiler)
        {
            int before = loader.Compiled;
            if (!kernels.TryGetValue(kernel, out loaded))
            {
                kernels[kernel] = loaded = OnlyListsKernels ? null! : Compile(kernel, load);
            }

            isFirst = before == 0 && loader.Compiled > 0;
        }

        if (isFirst && Kind != DeviceKind.Simulator)
        {
            Notices?.Invoke($"Compiling kernels for {Name}{(loader.Keeps ? "; later runs find them compiled" : "")}.");
        }

        return (TDelegate)loaded;
    }

    /// <summary>
    /// The grid for a kernel whose threads stride over <paramref name="count"/> items: enough groups to fill the device, no more
    /// than there is work.
    /// </summary>
    internal KernelConfig Grid(long count)
    {
        int group = Math.Min(PreferredGroup, Accelerator.MaxNumThreadsPerGroup);
        return new KernelConfig((int)Math.Min((count + group - 1) / group, Resident(group)), group);
    }

    /// <summary>
    /// The grid for a kernel whose groups stride over <paramref name="count"/> blocks, of at most <paramref name="most"/>
    /// threads, a power of two.
    /// </summary>
    internal KernelConfig Groups(int count, int most)
    {
        int group = Math.Min(most, 1 << (31 - BitOperations.LeadingZeroCount((uint)Accelerator.MaxNumThreadsPerGroup)));
        return new KernelConfig(Math.Min(count, Resident(group)), group);
    }

    /// <inheritdoc/>
    private protected override Upload UploadTo(Region target)
    {
        if (Accelerator.DefaultStream is CLStream queue && OpenClDriver.Instance is { } openCl)
        {
            return new OpenClUpload(openCl, queue, target);
        }

        if (driver is null)
        {
            return base.UploadTo(target);
        }

        try
        {
            return new CudaUpload(this, driver, (CudaStream)Accelerator.DefaultStream, copies.Value, target);
        }
        catch (CudaException)
        {
            // No page-locked memory is left: copies wait for the host's memory then.
            return base.UploadTo(target);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            kernels.Clear();
            foreach (CuBlas library in libraries.Values)
            {
                library.Dispose();
            }

            shared.ForEach(buffer => buffer.Dispose());
            Faults.Dispose();
            Accelerator.Dispose();
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_DefaultStream")]
    private static extern void SetDefaultStream(Accelerator accelerator, AcceleratorStream stream);

    /// <summary>
    /// How many groups keep the device busy. OpenCL doesn't say how many it holds at a time: eight a processor then.
    /// </summary>
    private int Resident(int group) =>
        Math.Max(Kind == DeviceKind.Simulator ? 1 : 8, Accelerator.MaxNumThreadsPerMultiprocessor / group)
            * Accelerator.NumMultiprocessors;

    // Kernels that are loaded don't need what ILGPU keeps of them; later ones with the same parts compile a little faster by it.
    private void ForgetCompiled()
    {
        lock (Compiler)
        {
            if (loader.Compiled > forgotten)
            {
                Accelerator.Context.ClearCache(ClearCacheMode.Default);
                forgotten = loader.Compiled;
            }
        }
    }

    private TDelegate Compile<TDelegate>(MethodInfo kernel, Func<KernelLoader, TDelegate> load)
    {
        try
        {
            if (loader.Compiled - forgotten >= MostCompiled)
            {
                ForgetCompiled();
            }

            return load(loader);
        }
        catch (Exception failure) when (IsOutOfMemory(failure))
        {
            throw new DeviceException(
                $"{Name} has no memory left to load the kernel {Described(kernel)}. Use a smaller batch or model.", failure);
        }
        catch (Exception failure) when (failure is not DeviceException)
        {
            string reason = failure.GetBaseException().Message.ReplaceLineEndings(" ").Trim();
            throw new DeviceException(
                $"The kernel {Described(kernel)} does not compile for {Name}: {reason} Use the CPU device, or a newer driver " +
                    $"if this kernel is PacGen's own.", failure);
        }
    }

    /// <summary>A kernel's class, as C# writes it, and method.</summary>
    private static string Described(MethodInfo kernel) => $"{Described(kernel.DeclaringType!)}.{kernel.Name}";

    internal static string Described(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Described))}>"
        : type.Name;

    private static bool IsOutOfMemory(Exception failure) => failure switch
    {
        OutOfMemoryException => true,
        CudaException cuda => cuda.Error == nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY),
        CLException openCl => openCl.Error is CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE or CLError.CL_OUT_OF_RESOURCES
            or CLError.CL_INVALID_BUFFER_SIZE,
        _ => false,
    };
}
