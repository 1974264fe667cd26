using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using PacGen.Kernels;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// An emulated CUDA driver with one device: what its functions do, without their calling conventions
/// (<see cref="DriverFunctions"/>). Kernels run as PTX. What a kernel does wrong makes every later call fail, as on a GPU, until
/// <see cref="TakeFault"/>.
/// </summary>
internal sealed unsafe partial class EmulatedDriver(EmulatorSettings settings) : IDisposable
{
    /// <summary>CUDA 13.0.</summary>
    public const int Version = 13000;

    // Handles look like no address.
    private const nint FirstHandle = 0x10, HandleStep = 0x10;

    private readonly Dictionary<nint, object> handles = [];
    private readonly Dictionary<CudaResult, nint> texts = [];
    private readonly Dictionary<CudaResult, string> reasons = [];
    private nint lastHandle = FirstHandle;
    private bool isInitialized;
    private (CudaResult Result, EmulatedFault Fault)? fault;

    // By the threads' numbers.
    private readonly Dictionary<int, nint> contexts = [];

    /// <summary>The calling thread's context; 0 for none.</summary>
    public nint Context
    {
        get => contexts.GetValueOrDefault(Environment.CurrentManagedThreadId);
        private set => contexts[Environment.CurrentManagedThreadId] = value;
    }

    /// <summary>The driver that the process's libraries call; null without one.</summary>
    public static EmulatedDriver? Loaded { get; private set; }

    /// <summary>Where what kernels take is counted; null for nowhere.</summary>
    public RunCounts? Counts { get; set; }

    /// <summary>Whether a device's kernels are run by the emulator.</summary>
    public static bool Emulates(Device device) =>
        Loaded is not null && device is GpuDevice { Kind: DeviceKind.Cuda };

    public EmulatorSettings Settings => settings;

    public DeviceAttributes Attributes { get; } = new(settings.Major);

    public DeviceMemory Memory { get; } = new(
        settings.IsIdle ? DeviceMemory.IdleBytes : DeviceMemory.DefaultBytes, settings.ChecksUnwritten, settings.IsIdle);

    public StreamSchedule Streams { get; } = new(settings.LazySeed);

    /// <summary>
    /// Makes a driver the process's <c>libcuda.so.1</c>, before anything looks for one. It stays for as long as the process.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException">The process isn't one of Linux on x64.</exception>
    public static EmulatedDriver Load(EmulatorSettings settings)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new PlatformNotSupportedException("The emulated CUDA device is for Linux on x64.");
        }

        Loaded = new EmulatedDriver(settings);
        LoadLibrary("libcuda.so.1", DriverFunctions.All());
        return Loaded;
    }

    /// <summary>Makes functions a library of the process, by its name.</summary>
    public static nint LoadLibrary(string name, IReadOnlyCollection<KeyValuePair<string, nint>> functions)
    {
        string path = Path.Combine(Path.GetTempPath(), $"pacgen-{Guid.NewGuid():N}.so");
        try
        {
            File.WriteAllBytes(path, SharedObject.Write(name, functions));
            return NativeLibrary.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>
    /// Does what is left to do, gives the first fault since the last time, or null, and has the device work again.
    /// </summary>
    public EmulatedFault? TakeFault()
    {
        lock (handles)
        {
            if (fault is null)
            {
                Guarded(Streams.CompleteAll);
            }

            EmulatedFault? taken = fault?.Fault;
            fault = null;
            return taken;
        }
    }

    /// <summary>Does what a function of the driver says, and gives its result code.</summary>
    /// <param name="what">What it does.</param>
    /// <param name="needsContext">Whether the calling thread must have a context, and the device be without a fault.</param>
    public CudaResult Call(Action<EmulatedDriver> what, bool needsContext = true)
    {
        lock (handles)
        {
            if (!isInitialized)
            {
                return CudaResult.CUDA_ERROR_NOT_INITIALIZED;
            }

            if (needsContext && fault is var (result, _))
            {
                return result;
            }

            if (needsContext && !(handles.TryGetValue(Context, out object? context) && context is EmulatedContext))
            {
                return Refused(CudaResult.CUDA_ERROR_INVALID_CONTEXT, "the thread has no context");
            }

            return Guarded(() => what(this));
        }
    }

    public void Initialize() => isInitialized = true;

    /// <summary>What a result code means; where the driver has more to say of the last such, that too.</summary>
    public nint Text(CudaResult result)
    {
        lock (handles)
        {
            string? reason = fault is var (code, error) && code == result ? error.Message : reasons.GetValueOrDefault(result);
            string name = result.ToString().Replace("CUDA_ERROR_", "", StringComparison.Ordinal).Replace('_', ' ');
            string text = name.ToLowerInvariant() + (reason is null ? "" : $": {reason}");
            if (texts.Remove(result, out nint former))
            {
                Marshal.FreeCoTaskMem(former);
            }

            return texts[result] = Marshal.StringToCoTaskMemUTF8(text);
        }
    }

    public nint CreateContext() => Context = Give(new EmulatedContext());

    public void DestroyContext(nint context)
    {
        Take<EmulatedContext>(context);
        Streams.CompleteAll();
        handles.Remove(context);
        Context = Context == context ? 0 : Context;
    }

    public void SetContext(nint context)
    {
        if (context != 0 && !(handles.TryGetValue(context, out object? known) && known is EmulatedContext))
        {
            throw new CudaRefusal(CudaResult.CUDA_ERROR_INVALID_CONTEXT, "there is no such context");
        }

        Context = context;
    }

    public void CheckDevice(int device)
    {
        if (device != 0)
        {
            throw new CudaRefusal(CudaResult.CUDA_ERROR_INVALID_DEVICE, $"there is no device {device}");
        }
    }

    /// <summary>Reads a module's PTX.</summary>
    public nint LoadModule(string text)
    {
        Streams.CheckUnrecorded("a module was loaded");
        if (TargetLine().Match(text) is { Success: true } target
            && int.Parse(target.Groups[1].ValueSpan, CultureInfo.InvariantCulture) > 10 * settings.Major)
        {
            throw new CudaRefusal(
                CudaResult.CUDA_ERROR_NO_BINARY_FOR_GPU,
                $"the text is for {target.Groups[1].Value}, the device is of compute capability {settings.Major}.0");
        }

        try
        {
            return Give(PtxModule.Parse(text));
        }
        catch (EmulatedFault refused)
        {
            throw new CudaRefusal(CudaResult.CUDA_ERROR_INVALID_PTX, refused.Message);
        }
    }

    /// <summary>Forgets a module and its kernels.</summary>
    public void UnloadModule(nint module)
    {
        PtxModule unloaded = Forget<PtxModule>(module);
        foreach ((nint handle, _) in handles.Where(
            pair => pair.Value is EmulatedFunction function && unloaded.Kernels.Contains(function.Kernel)).ToArray())
        {
            handles.Remove(handle);
        }
    }

    public nint Function(nint module, string name) => Take<PtxModule>(module).Kernels.FirstOrDefault(
        kernel => kernel.Name == name) is { } kernel
        ? Give(new EmulatedFunction(kernel, Attributes))
        : throw new CudaRefusal(CudaResult.CUDA_ERROR_NOT_FOUND, $"the module has no kernel {name}");

    public void Launch(EmulatedFunction function, Dim3 grid, Dim3 block, int shared, nint stream, byte[] parameters)
    {
        function.CheckLaunch(grid, block, shared);
        RunOptions options = new() { Seed = settings.Seed, ChecksGlobalRaces = settings.ChecksGlobalRaces, Counts = Counts };
        Streams.Put(
            Stream(stream),
            settings.IsIdle ? null : () => function.Kernel.Run(grid, block, shared, parameters, Memory, options));
    }

    public EmulatedStream Stream(nint handle) => handle is 0 or 1 ? Streams.Default : Take<EmulatedStream>(handle);

    /// <summary>Gives an object a handle.</summary>
    public nint Give(object what)
    {
        handles.Add(lastHandle += HandleStep, what);
        return lastHandle;
    }

    /// <summary>What a handle stands for.</summary>
    /// <exception cref="CudaRefusal">It is of no such object, or of one that was destroyed.</exception>
    public T Take<T>(nint handle) => handles.TryGetValue(handle, out object? found) && found is T taken ? taken
        : throw new CudaRefusal(
            CudaResult.CUDA_ERROR_INVALID_HANDLE, $"0x{handle:x} is no {typeof(T).Name}, or it was destroyed");

    /// <summary>Forgets an object.</summary>
    public T Forget<T>(nint handle)
    {
        T taken = Take<T>(handle);
        handles.Remove(handle);
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();

    private CudaResult Guarded(Action what)
    {
        try
        {
            what();
            return CudaResult.CUDA_SUCCESS;
        }
        catch (CudaRefusal refusal)
        {
            return Refused(refusal.Result, refusal.Message);
        }
        catch (OutOfMemoryException none)
        {
            return Refused(CudaResult.CUDA_ERROR_OUT_OF_MEMORY, none.Message);
        }
        catch (EmulatedFault broken)
        {
            return Failed(
                broken.Address is null ? CudaResult.CUDA_ERROR_LAUNCH_FAILED : CudaResult.CUDA_ERROR_ILLEGAL_ADDRESS, broken);
        }
#pragma warning disable CA1031 // No exception may leave through native code. It is the emulator's own fault, and reported as one.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return Failed(CudaResult.CUDA_ERROR_UNKNOWN, new EmulatedFault($"The emulator failed: {error}"));
        }
    }

    private CudaResult Refused(CudaResult result, string reason)
    {
        reasons[result] = reason;
        return result;
    }

    private CudaResult Failed(CudaResult result, EmulatedFault broken)
    {
        fault = (result, broken);
        Streams.Drop();
        Console.Error.WriteLine($"Emulated CUDA device: {broken.Message}");
        return result;
    }

    [GeneratedRegex(@"^\s*\.target\s+sm_(\d+)", RegexOptions.Multiline)]
    private static partial Regex TargetLine();
}

/// <summary>A context: threads have one, or none.</summary>
internal sealed class EmulatedContext;
