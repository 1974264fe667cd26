using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using static PacGen.Tests.CudaEmulator.CudaResult;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// The functions of <c>libcuda.so.1</c> that ILGPU and PacGen look for, as native code calls them, under the driver's names. One
/// that isn't here is missing in the library.
/// </summary>
internal static unsafe partial class DriverFunctions
{
    private static EmulatedDriver Driver => EmulatedDriver.Loaded!;

    /// <summary>Their names and addresses.</summary>
    public static Dictionary<string, nint> All() =>
        typeof(DriverFunctions).GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
            .Where(method => method.IsDefined(typeof(UnmanagedCallersOnlyAttribute)))
            .ToDictionary(method => method.Name, method => method.MethodHandle.GetFunctionPointer());

    // ------ The driver and its device.
    [UnmanagedCallersOnly]
    private static CudaResult cuInit(uint flags)
    {
        if (flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }

        Driver.Initialize();
        return CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuDriverGetVersion(int* version)
    {
        *version = EmulatedDriver.Version;
        return CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuGetErrorString(CudaResult error, nint* text)
    {
        *text = Driver.Text(error);
        return CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceGetCount(int* count) => Ask(driver => *count = 1);

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceGet(int* device, int ordinal) => Ask(driver =>
    {
        driver.CheckDevice(ordinal);
        *device = ordinal;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceGetName(byte* name, int length, int device) => Ask(driver =>
    {
        driver.CheckDevice(device);
        PutText("Emulated CUDA device", name, length);
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceTotalMem_v2(nint* bytes, int device) => Ask(driver =>
    {
        driver.CheckDevice(device);
        *bytes = (nint)driver.Memory.TotalBytes;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceGetAttribute(int* value, int attribute, int device) => Ask(driver =>
    {
        driver.CheckDevice(device);
        *value = driver.Attributes[attribute];
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceCanAccessPeer(int* can, int device, int peer) => Ask(driver =>
    {
        driver.CheckDevice(device);
        driver.CheckDevice(peer);
        *can = 0;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceGetP2PAttribute(int* value, int attribute, int source, int destination) => Ask(driver =>
    {
        driver.CheckDevice(source);
        throw new CudaRefusal(CUDA_ERROR_INVALID_DEVICE, "there is one device");
    });

    // ------ Contexts.
    [UnmanagedCallersOnly]
    private static CudaResult cuCtxCreate_v2(nint* context, uint flags, int device) => Ask(driver =>
    {
        driver.CheckDevice(device);
        *context = driver.CreateContext();
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxDestroy_v2(nint context) => Ask(driver => driver.DestroyContext(context));

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxSetCurrent(nint context) => Ask(driver => driver.SetContext(context));

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxSynchronize() => Call(driver =>
    {
        driver.Streams.CheckUnrecorded("the device was waited for");
        driver.Streams.CompleteAll();
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxGetCacheConfig(int* configuration) => Call(driver => *configuration = 0);

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxSetCacheConfig(int configuration) => Call(driver => { });

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxGetSharedMemConfig(int* configuration) => Call(driver => *configuration = 1);

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxSetSharedMemConfig(int configuration) => Call(driver => { });

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxEnablePeerAccess(nint context, int flags) => Call(NoPeers);

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxDisablePeerAccess(nint context) => Call(NoPeers);

    // ------ Modules and kernels.
    [UnmanagedCallersOnly]
    private static CudaResult cuModuleLoadData(nint* module, byte* text) =>
        Call(driver => *module = driver.LoadModule(Marshal.PtrToStringUTF8((nint)text)!));

    [UnmanagedCallersOnly]
    private static CudaResult cuModuleLoadDataEx(nint* module, byte* text, int options, int* names, nint* values) =>
        Call(driver =>
    {
        const int ErrorLog = 5, ErrorLogBytes = 6;
        try
        {
            *module = driver.LoadModule(Marshal.PtrToStringUTF8((nint)text)!);
        }
        catch (CudaRefusal refusal)
        {
            int log = new ReadOnlySpan<int>(names, options).IndexOf(ErrorLog);
            int bytes = new ReadOnlySpan<int>(names, options).IndexOf(ErrorLogBytes);
            if (log >= 0 && bytes >= 0)
            {
                PutText(refusal.Message, (byte*)values[log], (int)values[bytes]);
            }

            throw;
        }
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuModuleUnload(nint module) => Call(driver =>
    {
        driver.Streams.CompleteAll();
        driver.UnloadModule(module);
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuModuleGetFunction(nint* function, nint module, byte* name) =>
        Call(driver => *function = driver.Function(module, Marshal.PtrToStringUTF8((nint)name)!));

    [UnmanagedCallersOnly]
    private static CudaResult cuFuncSetAttribute(nint function, int attribute, int value) => Call(driver =>
    {
        const int MaxDynamicShared = 8;
        driver.Take<EmulatedFunction>(function).DynamicShared = attribute == MaxDynamicShared ? value
            : throw new CudaRefusal(CUDA_ERROR_NOT_SUPPORTED, $"the emulator has no attribute {attribute} of a function");
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuOccupancyMaxActiveBlocksPerMultiprocessor(
        int* blocks, nint function, int threads, nint shared) =>
        Call(driver => *blocks = driver.Take<EmulatedFunction>(function).ActiveBlocks(threads, shared));

    [UnmanagedCallersOnly]
    private static CudaResult cuOccupancyMaxPotentialBlockSize(
        int* grid, int* block, nint function, delegate* unmanaged<int, nint> sharedOf, nint shared, int limit) => Call(driver =>
    {
        EmulatedFunction kernel = driver.Take<EmulatedFunction>(function);
        int most = limit > 0 ? Math.Min(limit, DeviceAttributes.ThreadsOfBlock) : DeviceAttributes.ThreadsOfBlock;
        most = kernel.Kernel.MaxThreads > 0 ? Math.Min(most, kernel.Kernel.MaxThreads) : most;
        int best = 0;
        for (int threads = most; threads > 0; threads -= threads % DeviceAttributes.Warp is var rest && rest > 0
            ? rest : DeviceAttributes.Warp)
        {
            int blocks = kernel.ActiveBlocks(threads, sharedOf == null ? shared : sharedOf(threads));
            if (blocks * threads > best)
            {
                best = blocks * threads;
                *block = threads;
                *grid = blocks * driver.Attributes.Multiprocessors;
            }
        }
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuLaunchKernel(
        nint function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int shared, nint stream,
        void** parameters, void** extra) => Call(driver =>
    {
        EmulatedFunction kernel = driver.Take<EmulatedFunction>(function);
        driver.Launch(
            kernel, new Dim3(gridX, gridY, gridZ), new Dim3(blockX, blockY, blockZ), shared, stream,
            Parameters(kernel.Kernel, parameters, extra));
    });

    /// <summary>A launch's parameters, as they stand at this moment: each by its address, or all in a buffer.</summary>
    private static byte[] Parameters(PtxKernel kernel, void** parameters, void** extra)
    {
        const nint End = 0, BufferPointer = 1, BufferSize = 2;
        byte[] bytes = new byte[kernel.ParameterBytes];
        if (parameters != null)
        {
            for (int i = 0; i < kernel.Parameters.Count; i++)
            {
                (int offset, int size) = kernel.Parameters[i];
                new ReadOnlySpan<byte>(parameters[i], size).CopyTo(bytes.AsSpan(offset));
            }
        }
        else if (bytes.Length > 0)
        {
            void* buffer = null;
            nint size = 0;
            for (; extra != null && (nint)(*extra) != End; extra += 2)
            {
                buffer = (nint)(*extra) == BufferPointer ? extra[1] : buffer;
                size = (nint)(*extra) == BufferSize ? *(nint*)extra[1] : size;
            }

            if (buffer == null || size < bytes.Length)
            {
                throw new CudaRefusal(
                    CUDA_ERROR_INVALID_VALUE, $"{kernel.Name} has {bytes.Length} bytes of parameters, {size} were given");
            }

            new ReadOnlySpan<byte>(buffer, bytes.Length).CopyTo(bytes);
        }

        return bytes;
    }

    private static void NoPeers(EmulatedDriver driver) =>
        throw new CudaRefusal(CUDA_ERROR_INVALID_CONTEXT, "the context has no peer: there is one device");

    /// <summary>Writes text that ends with a zero, cut where there is no room.</summary>
    private static void PutText(string text, byte* target, int length)
    {
        Span<byte> room = new(target, Math.Max(0, length));
        room.Clear();
        if (length > 0)
        {
            ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
            bytes[..Math.Min(bytes.Length, length - 1)].CopyTo(room);
        }
    }

    private static CudaResult Ask(Action<EmulatedDriver> what) => Driver.Call(what, needsContext: false);

    private static CudaResult Call(Action<EmulatedDriver> what) => Driver.Call(what);
}
