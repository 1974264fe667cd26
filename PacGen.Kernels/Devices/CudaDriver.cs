using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using ILGPU.Runtime.Cuda;

namespace PacGen.Kernels;

/// <summary>
/// The calls of the CUDA driver that ILGPU leaves out: a stream that waits for an event, and work that is recorded as a graph.
/// They are looked up in the driver's library, so a driver that lacks some is found out here. What each call returns is the
/// driver's result code. All need the device's context to be the thread's.
/// </summary>
internal sealed unsafe partial class CudaDriver
{
    /// <summary>
    /// Of the recording modes, the one that forbids unsafe calls to the recording thread alone:
    /// CU_STREAM_CAPTURE_MODE_THREAD_LOCAL.
    /// </summary>
    private const int ThreadLocal = 1;

    private static readonly Lazy<CudaDriver?> Loaded = new(Load);

    // CUresult cuStreamWaitEvent(CUstream, CUevent, unsigned int flags)
    private readonly delegate* unmanaged<nint, nint, uint, CudaError> streamWaitEvent;

    // CUresult cuStreamBeginCapture_v2(CUstream, CUstreamCaptureMode)
    private readonly delegate* unmanaged<nint, int, CudaError> streamBeginCapture;

    // CUresult cuStreamEndCapture(CUstream, CUgraph*)
    private readonly delegate* unmanaged<nint, nint*, CudaError> streamEndCapture;

    // CUresult cuGraphInstantiateWithFlags(CUgraphExec*, CUgraph, unsigned long long flags)
    private readonly delegate* unmanaged<nint*, nint, ulong, CudaError> graphInstantiate;

    // CUresult cuGraphLaunch(CUgraphExec, CUstream)
    private readonly delegate* unmanaged<nint, nint, CudaError> graphLaunch;

    // CUresult cuGraphExecDestroy(CUgraphExec)
    private readonly delegate* unmanaged<nint, CudaError> graphExecDestroy;

    // CUresult cuGraphDestroy(CUgraph)
    private readonly delegate* unmanaged<nint, CudaError> graphDestroy;

    // CUresult cuFuncSetAttribute(CUfunction, CUfunction_attribute, int value)
    private readonly delegate* unmanaged<nint, int, int, CudaError> functionSetAttribute;

    private CudaDriver(nint library)
    {
        streamWaitEvent = (delegate* unmanaged<nint, nint, uint, CudaError>)NativeLibrary.GetExport(library, "cuStreamWaitEvent");

        functionSetAttribute =
            (delegate* unmanaged<nint, int, int, CudaError>)NativeLibrary.GetExport(library, "cuFuncSetAttribute");

        // The driver of CUDA 11.4 is the first to have them all.
        HasGraphs = NativeLibrary.TryGetExport(library, "cuStreamBeginCapture_v2", out nint begin)
            & NativeLibrary.TryGetExport(library, "cuStreamEndCapture", out nint end)
            & NativeLibrary.TryGetExport(library, "cuGraphInstantiateWithFlags", out nint instantiate)
            & NativeLibrary.TryGetExport(library, "cuGraphLaunch", out nint launch)
            & NativeLibrary.TryGetExport(library, "cuGraphExecDestroy", out nint destroyInstance)
            & NativeLibrary.TryGetExport(library, "cuGraphDestroy", out nint destroy);
        streamBeginCapture = (delegate* unmanaged<nint, int, CudaError>)begin;
        streamEndCapture = (delegate* unmanaged<nint, nint*, CudaError>)end;
        graphInstantiate = (delegate* unmanaged<nint*, nint, ulong, CudaError>)instantiate;
        graphLaunch = (delegate* unmanaged<nint, nint, CudaError>)launch;
        graphExecDestroy = (delegate* unmanaged<nint, CudaError>)destroyInstance;
        graphDestroy = (delegate* unmanaged<nint, CudaError>)destroy;
    }

    /// <summary>The driver of this machine; null where there is none.</summary>
    public static CudaDriver? Instance => Loaded.Value;

    /// <summary>
    /// The driver by its own number, which CUDA doesn't tell, such as "driver 580.159.04"; without one "driver".
    /// </summary>
    public static string Version
    {
        get
        {
            const string Account = "/proc/driver/nvidia/version";
            try
            {
                Match version = File.Exists(Account) ? Number().Match(File.ReadAllText(Account)) : Match.Empty;
                return version.Success ? $"driver {version.Value}" : "driver";
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return "driver";
            }
        }
    }

    /// <summary>Whether the driver records graphs.</summary>
    public bool HasGraphs { get; }

    /// <summary>Makes what comes on a stream wait for what an event was last recorded behind.</summary>
    public CudaError Wait(nint stream, nint @event) => streamWaitEvent(stream, @event, 0);

    /// <summary>
    /// Lets a kernel's launches ask for so many bytes of shared memory, more than the 48 KiB that all may:
    /// CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES.
    /// </summary>
    public CudaError AllowShared(nint function, int bytes) => functionSetAttribute(function, 8, bytes);

    /// <summary>From here on what comes on the stream is recorded, not run. Not for the driver's own default stream.</summary>
    public CudaError BeginCapture(nint stream) => streamBeginCapture(stream, ThreadLocal);

    /// <summary>
    /// Ends recording, in the thread that began it; the graph is 0 where something came that can't be recorded.
    /// </summary>
    public CudaError EndCapture(nint stream, out nint graph)
    {
        nint captured = 0;
        CudaError error = streamEndCapture(stream, &captured);
        graph = captured;
        return error;
    }

    /// <summary>Makes a graph ready to be launched.</summary>
    public CudaError Instantiate(nint graph, out nint instance)
    {
        nint made = 0;
        CudaError error = graphInstantiate(&made, graph, 0);
        instance = made;
        return error;
    }

    /// <summary>Enqueues all that a graph holds.</summary>
    public CudaError Launch(nint instance, nint stream) => graphLaunch(instance, stream);

    /// <summary>Frees what <see cref="Instantiate"/> made; work of it in flight is finished first.</summary>
    public CudaError DestroyInstance(nint instance) => graphExecDestroy(instance);

    /// <summary>Frees a graph; what was made of it stays.</summary>
    public CudaError DestroyGraph(nint graph) => graphDestroy(graph);

    [GeneratedRegex(@"\b\d{3,}\.\d+(\.\d+)?\b")]
    private static partial Regex Number();

    private static CudaDriver? Load() =>
        DriverLibraries.TryLoadCuda(out nint library) && NativeLibrary.TryGetExport(library, "cuStreamWaitEvent", out _)
            ? new CudaDriver(library) : null;
}
