using System.Diagnostics;
using System.Runtime.InteropServices;
using static PacGen.Tests.CudaEmulator.CudaResult;

namespace PacGen.Tests.CudaEmulator;

// Memory, streams, events and graphs.
internal static unsafe partial class DriverFunctions
{
    [UnmanagedCallersOnly]
    private static CudaResult cuMemGetInfo_v2(nint* free, nint* total) => Call(driver =>
    {
        *total = (nint)driver.Memory.TotalBytes;
        *free = (nint)(driver.Memory.TotalBytes - driver.Memory.AllocatedBytes);
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuMemAlloc_v2(nint* address, nint bytes) => Call(driver =>
    {
        driver.Streams.CheckUnrecorded("memory was allocated");
        *address = bytes > 0 ? driver.Memory.Allocate(bytes) : throw new CudaRefusal(CUDA_ERROR_INVALID_VALUE, "no bytes");
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuMemFree_v2(nint address) => Call(driver => driver.Free(address, isDevice: true));

    [UnmanagedCallersOnly]
    private static CudaResult cuMemAllocHost_v2(nint* address, nint bytes) => Call(driver =>
    {
        driver.Streams.CheckUnrecorded("page-locked memory was allocated");
        *address = bytes > 0 ? driver.Memory.AllocateHost(bytes) : throw new CudaRefusal(CUDA_ERROR_INVALID_VALUE, "no bytes");
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuMemFreeHost(nint address) => Call(driver => driver.Free(address, isDevice: false));

    [UnmanagedCallersOnly]
    private static CudaResult cuMemHostRegister_v2(nint address, nint bytes, uint flags) => Call(driver =>
    {
        driver.Streams.CheckUnrecorded("memory was page-locked");
        try
        {
            driver.Memory.Register(address, bytes);
        }
        catch (InvalidOperationException)
        {
            throw new CudaRefusal(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "the memory is page-locked");
        }
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuMemHostUnregister(nint address) => Call(driver =>
    {
        driver.Streams.CompleteAll();
        try
        {
            driver.Memory.Unregister(address);
        }
        catch (ArgumentException)
        {
            throw new CudaRefusal(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, "the memory isn't page-locked");
        }
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuMemHostGetDevicePointer_v2(nint* address, nint host, uint flags) => Call(driver =>
        *address = driver.Memory.IsKnown(host) && !driver.Memory.IsDevice(host) ? host
            : throw new CudaRefusal(CUDA_ERROR_INVALID_VALUE, "the memory isn't page-locked"));

    [UnmanagedCallersOnly]
    private static CudaResult cuPointerGetAttribute(void* value, int attribute, nint address) => Call(driver =>
    {
        const int Context = 1, MemoryType = 2, DevicePointer = 3, HostPointer = 4, IsManaged = 8;
        bool isDevice = driver.Memory.IsDevice(address);
        if (!driver.Memory.IsKnown(address) || (attribute == HostPointer && isDevice))
        {
            throw new CudaRefusal(
                CUDA_ERROR_INVALID_VALUE, $"0x{address:x} is no such memory: {driver.Memory.Describe(address)}");
        }

        switch (attribute)
        {
            case Context:
                *(nint*)value = driver.Context;
                break;
            case MemoryType:
                *(int*)value = isDevice ? 2 : 1;
                break;
            case DevicePointer or HostPointer:
                *(nint*)value = address;
                break;
            case IsManaged:
                *(byte*)value = 0;
                break;
            default:
                throw new CudaRefusal(CUDA_ERROR_NOT_SUPPORTED, $"the emulator has no attribute {attribute} of a pointer");
        }
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuMemcpyAsync(nint target, nint source, nint bytes, nint stream) =>
        Call(driver => driver.Copy(target, source, bytes, driver.Stream(stream)));

    [UnmanagedCallersOnly]
    private static CudaResult cuMemsetD8Async(nint target, byte value, nint bytes, nint stream) =>
        Call(driver => driver.Fill(target, value, bytes, driver.Stream(stream)));

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamCreate(nint* stream, uint flags) => Call(driver => *stream = driver.CreateStream(flags));

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamCreateWithPriority(nint* stream, uint flags, int priority) =>
        Call(driver => *stream = driver.CreateStream(flags));

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamDestroy_v2(nint stream) => Call(driver =>
    {
        driver.Streams.Destroy(driver.Take<EmulatedStream>(stream));
        driver.Forget<EmulatedStream>(stream);
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamSynchronize(nint stream) => Call(driver => driver.Streams.Complete(driver.Stream(stream)));

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamWaitEvent(nint stream, nint @event, uint flags) =>
        Call(driver => driver.Streams.Wait(driver.Stream(stream), driver.Take<EmulatedEvent>(@event)));

    [UnmanagedCallersOnly]
    private static CudaResult cuEventCreate(nint* @event, uint flags) => Call(driver =>
    {
        const uint DisableTiming = 2;
        *@event = driver.Give(new EmulatedEvent((flags & DisableTiming) == 0));
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuEventDestroy_v2(nint @event) => Call(driver => driver.Forget<EmulatedEvent>(@event));

    [UnmanagedCallersOnly]
    private static CudaResult cuEventRecord(nint @event, nint stream) =>
        Call(driver => driver.Streams.Record(driver.Take<EmulatedEvent>(@event), driver.Stream(stream)));

    [UnmanagedCallersOnly]
    private static CudaResult cuEventSynchronize(nint @event) =>
        Call(driver => driver.Streams.Complete(driver.Take<EmulatedEvent>(@event)));

    [UnmanagedCallersOnly]
    private static CudaResult cuEventQuery(nint @event) => Call(driver =>
    {
        if (!driver.Streams.IsDone(driver.Take<EmulatedEvent>(@event)))
        {
            throw new CudaRefusal(CUDA_ERROR_NOT_READY, "what the event was recorded behind isn't done");
        }
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuEventElapsedTime(float* milliseconds, nint start, nint end) => Call(driver =>
    {
        EmulatedEvent first = driver.Take<EmulatedEvent>(start), last = driver.Take<EmulatedEvent>(end);
        if (!first.IsTimed || !last.IsTimed || first.Work is null || last.Work is null)
        {
            throw new CudaRefusal(CUDA_ERROR_INVALID_HANDLE, "an event has no time, or was never recorded");
        }

        *milliseconds = first.Work.IsDone && last.Work.IsDone
            ? (float)Stopwatch.GetElapsedTime(first.Work.DoneAt, last.Work.DoneAt).TotalMilliseconds
            : throw new CudaRefusal(CUDA_ERROR_NOT_READY, "what an event was recorded behind isn't done");
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamBeginCapture_v2(nint stream, int mode) =>
        Call(driver => driver.Streams.BeginCapture(driver.Stream(stream)));

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamEndCapture(nint stream, nint* graph) => Call(driver =>
    {
        *graph = 0;
        *graph = driver.Give(driver.Streams.EndCapture(driver.Stream(stream)));
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuGraphInstantiateWithFlags(nint* instance, nint graph, ulong flags) =>
        Call(driver => *instance = driver.Give(new EmulatedGraphInstance(driver.Take<EmulatedGraph>(graph))));

    [UnmanagedCallersOnly]
    private static CudaResult cuGraphLaunch(nint instance, nint stream) =>
        Call(driver => driver.Streams.Launch(driver.Take<EmulatedGraphInstance>(instance).Graph, driver.Stream(stream)));

    [UnmanagedCallersOnly]
    private static CudaResult cuGraphExecDestroy(nint instance) => Call(driver => driver.Forget<EmulatedGraphInstance>(instance));

    [UnmanagedCallersOnly]
    private static CudaResult cuGraphDestroy(nint graph) => Call(driver => driver.Forget<EmulatedGraph>(graph));
}
