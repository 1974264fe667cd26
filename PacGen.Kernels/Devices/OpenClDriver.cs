using System.Runtime.InteropServices;
using ILGPU.Runtime.OpenCL;

namespace PacGen.Kernels;

/// <summary>
/// The calls of OpenCL that ILGPU leaves out: a write that the host doesn't wait for, and the event of its end.
/// </summary>
internal sealed unsafe class OpenClDriver
{
    private static readonly Lazy<OpenClDriver?> Loaded = new(Load);

    // cl_int clEnqueueWriteBuffer(cl_command_queue, cl_mem, cl_bool blocking, size_t offset, size_t size, const void*, cl_uint,
    // const cl_event*, cl_event*)
    private readonly delegate* unmanaged<nint, nint, uint, nint, nint, void*, uint, nint*, nint*, CLError> enqueueWriteBuffer;

    // cl_int clWaitForEvents(cl_uint, const cl_event*)
    private readonly delegate* unmanaged<uint, nint*, CLError> waitForEvents;

    // cl_int clReleaseEvent(cl_event)
    private readonly delegate* unmanaged<nint, CLError> releaseEvent;

    private OpenClDriver(nint library)
    {
        enqueueWriteBuffer = (delegate* unmanaged<nint, nint, uint, nint, nint, void*, uint, nint*, nint*, CLError>)
            NativeLibrary.GetExport(library, "clEnqueueWriteBuffer");
        waitForEvents = (delegate* unmanaged<uint, nint*, CLError>)NativeLibrary.GetExport(library, "clWaitForEvents");
        releaseEvent = (delegate* unmanaged<nint, CLError>)NativeLibrary.GetExport(library, "clReleaseEvent");
    }

    /// <summary>The loader of this machine's drivers; null where there is none.</summary>
    public static OpenClDriver? Instance => Loaded.Value;

    /// <summary>Enqueues a write to a buffer; the source stays in use until <paramref name="end"/>.</summary>
    public CLError Write(nint queue, nint buffer, nint offset, nint size, void* source, out nint end)
    {
        nint made = 0;
        CLError error = enqueueWriteBuffer(queue, buffer, 0, offset, size, source, 0, null, &made);
        end = made;
        return error;
    }

    /// <summary>Waits for an event.</summary>
    public CLError Wait(nint @event) => waitForEvents(1, &@event);

    /// <summary>Frees an event.</summary>
    public CLError Release(nint @event) => releaseEvent(@event);

    private static OpenClDriver? Load() => DriverLibraries.TryLoadOpenCl(out nint library) ? new OpenClDriver(library) : null;
}
