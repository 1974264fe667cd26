using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PacGen.Kernels;

/// <summary>
/// The few calls of MPI's C interface that are needed, looked up in whichever library is there. The two binary interfaces differ
/// in their handles: Open MPI's are addresses of objects that the library exports, MPICH's (and Intel MPI's, MVAPICH's, Cray's)
/// are integers.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    /// <summary>What to do where a process was lost.</summary>
    public const string Again =
        "Start the run again: where it kept checkpoints, --resume FOLDER goes on from the last, with any number of processes " +
        "that divides --parts.";

    /// <summary>The variable that names the library's file.</summary>
    public const string Variable = "PACGEN_MPI";

    private static readonly string[] OpenMpi = ["libmpi.so.40", "libmpi.40.dylib"];
    private static readonly string[] Mpich =
        ["libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12", "libmpi.12.dylib", "libmpich.12.dylib"];

    /// <summary>MPI_COMM_WORLD, MPI_BYTE, MPI_STATUS_IGNORE and MPI_ERRORS_RETURN as MPICH's mpi.h has them.</summary>
    private const nint MpichWorld = 0x44000000, MpichByte = 0x4c00010d, MpichIgnore = 1, MpichReturn = 0x54000001;

    /// <summary>MPI_MAX_LIBRARY_VERSION_STRING, the longest text, is 256 in Open MPI and 8192 in MPICH.</summary>
    private const int Longest = 8192;

    private readonly nint world, datatype, ignore, errorsReturn;
    private readonly bool isOpenMpi;

    /// <summary>The one thread that may call where the library allows no other; 0 where any may, one at a time.</summary>
    private int thread;

    // int MPI_Init_thread(int* argc, char*** argv, int required, int* provided)
    private readonly delegate* unmanaged[Cdecl]<nint, nint, int, int*, int> initThread;
    private readonly delegate* unmanaged[Cdecl]<int*, int> initialized;
    private readonly delegate* unmanaged[Cdecl]<int> finalize;

    // int MPI_Abort(MPI_Comm, int)
    private readonly delegate* unmanaged[Cdecl]<nint, int, int> abort;

    // int MPI_Query_thread(int* provided)
    private readonly delegate* unmanaged[Cdecl]<int*, int> queryThread;

    // int MPI_Comm_rank(MPI_Comm, int*)
    private readonly delegate* unmanaged[Cdecl]<nint, int*, int> commRank, commSize;

    // int MPI_Isend(const void*, int count, MPI_Datatype, int dest, int tag, MPI_Comm, MPI_Request*), and MPI_Irecv
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint*, int> isend, irecv;

    // int MPI_Test(MPI_Request*, int* flag, MPI_Status*)
    private readonly delegate* unmanaged[Cdecl]<nint*, int*, nint, int> test;

    // int MPI_Cancel(MPI_Request*)
    private readonly delegate* unmanaged[Cdecl]<nint*, int> cancel;

    // int MPI_Ibarrier(MPI_Comm, MPI_Request*)
    private readonly delegate* unmanaged[Cdecl]<nint, nint*, int> ibarrier;

    // int MPI_Error_string(int code, char*, int*)
    private readonly delegate* unmanaged[Cdecl]<int, byte*, int*, int> errorString;

    // int MPI_Comm_set_errhandler(MPI_Comm, MPI_Errhandler)
    private readonly delegate* unmanaged[Cdecl]<nint, nint, int> setErrorHandler;

    // int MPI_Get_library_version(char*, int*)
    private readonly delegate* unmanaged[Cdecl]<byte*, int*, int> libraryVersion;

    private MpiLibrary(nint library)
    {
        initThread = (delegate* unmanaged[Cdecl]<nint, nint, int, int*, int>)NativeLibrary.GetExport(library, "MPI_Init_thread");
        initialized = (delegate* unmanaged[Cdecl]<int*, int>)NativeLibrary.GetExport(library, "MPI_Initialized");
        queryThread = (delegate* unmanaged[Cdecl]<int*, int>)NativeLibrary.GetExport(library, "MPI_Query_thread");
        finalize = (delegate* unmanaged[Cdecl]<int>)NativeLibrary.GetExport(library, "MPI_Finalize");
        abort = (delegate* unmanaged[Cdecl]<nint, int, int>)NativeLibrary.GetExport(library, "MPI_Abort");
        commRank = (delegate* unmanaged[Cdecl]<nint, int*, int>)NativeLibrary.GetExport(library, "MPI_Comm_rank");
        commSize = (delegate* unmanaged[Cdecl]<nint, int*, int>)NativeLibrary.GetExport(library, "MPI_Comm_size");
        isend = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint*, int>)NativeLibrary.GetExport(
            library, "MPI_Isend");
        irecv = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint*, int>)NativeLibrary.GetExport(
            library, "MPI_Irecv");
        test = (delegate* unmanaged[Cdecl]<nint*, int*, nint, int>)NativeLibrary.GetExport(library, "MPI_Test");
        cancel = (delegate* unmanaged[Cdecl]<nint*, int>)NativeLibrary.GetExport(library, "MPI_Cancel");
        ibarrier = (delegate* unmanaged[Cdecl]<nint, nint*, int>)NativeLibrary.GetExport(library, "MPI_Ibarrier");
        setErrorHandler = (delegate* unmanaged[Cdecl]<nint, nint, int>)NativeLibrary.GetExport(
            library, "MPI_Comm_set_errhandler");
        errorString = (delegate* unmanaged[Cdecl]<int, byte*, int*, int>)NativeLibrary.GetExport(library, "MPI_Error_string");
        libraryVersion = (delegate* unmanaged[Cdecl]<byte*, int*, int>)NativeLibrary.GetExport(
            library, "MPI_Get_library_version");
        isOpenMpi = NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out nint comm);
        (world, datatype, ignore, errorsReturn) = isOpenMpi
            ? (comm, NativeLibrary.GetExport(library, "ompi_mpi_byte"), 0,
                NativeLibrary.GetExport(library, "ompi_mpi_errors_return"))
            : (MpichWorld, MpichByte, MpichIgnore, MpichReturn);
    }

    /// <summary>The library's own name and version, on one line.</summary>
    public string Version
    {
        get
        {
            byte* text = stackalloc byte[Longest];
            int length = 0;
            _ = libraryVersion(text, &length);
            return Line(text, length);
        }
    }

    /// <summary>Loads the library of the launcher's kind, or whatever there is.</summary>
    /// <exception cref="CommunicationException">There is none, or the one that is named is no MPI library.</exception>
    public static MpiLibrary Load()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path)
        {
            try
            {
                return new MpiLibrary(NativeLibrary.Load(path));
            }
            catch (Exception error) when (error is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
            {
                throw new CommunicationException(
                    $"{Variable}={path} is no MPI library that can be loaded: {Install}, and name its file, or leave the " +
                    $"variable out.", error);
            }
        }

        foreach (string name in MpiLaunch.IsHydra ? [.. Mpich, .. OpenMpi] : (string[])[.. OpenMpi, .. Mpich])
        {
            if (NativeLibrary.TryLoad(name, out nint library) && NativeLibrary.TryGetExport(library, "MPI_Init_thread", out _))
            {
                return new MpiLibrary(library);
            }
        }

        throw new CommunicationException(
            $"{MpiLaunch.Size} processes were started together, but no MPI library is found to connect them: {Install}, or " +
            $"name its file in {Variable}.");
    }

    private static string Install =>
        $"install the launcher's own (apt-get install {(MpiLaunch.IsHydra ? "mpich" : "openmpi-bin")})";

    /// <summary>Starts MPI, unless somebody has.</summary>
    /// <returns>This process's number and how many there are.</returns>
    /// <exception cref="CommunicationException">It can't be started.</exception>
    public (int Rank, int Size) Start()
    {
        // MPI_THREAD_SERIALIZED: any thread calls, one at a time. All sums go on in the caller's own thread, so that a library
        // that allows less, such as MPI_THREAD_FUNNELED, does as well where that is always the same.
        const int Serialized = 2;
        int begun, provided, rank, size;
        Check(initialized(&begun), "MPI_Initialized");
        Check(begun == 0 ? initThread(0, 0, Serialized, &provided) : queryThread(&provided), "MPI_Init_thread");
        thread = provided < Serialized ? Environment.CurrentManagedThreadId : 0;
        Check(setErrorHandler(world, errorsReturn), "MPI_Comm_set_errhandler");
        Check(commRank(world, &rank), "MPI_Comm_rank");
        Check(commSize(world, &size), "MPI_Comm_size");
        return (rank, size);
    }

    /// <summary>Ends MPI in good order; waits for the other ranks to do so too.</summary>
    public void End() => _ = finalize();

    /// <summary>Ends the processes of all ranks.</summary>
    public void Abort(int exitCode) => _ = abort(world, exitCode);

    /// <summary>Begins to send bytes.</summary>
    public void Send(void* bytes, int count, int partner, int tag, nint* request)
    {
        CheckThread();
        Check(isend(bytes, count, datatype, partner, tag, world, request), "MPI_Isend");
    }

    /// <summary>Begins to receive bytes.</summary>
    public void Receive(void* bytes, int count, int partner, int tag, nint* request)
    {
        CheckThread();
        Check(irecv(bytes, count, datatype, partner, tag, world, request), "MPI_Irecv");
    }

    /// <summary>Whether a transfer has ended; lets the library work at it.</summary>
    public bool IsDone(nint* request)
    {
        CheckThread();
        int flag;
        Check(test(request, &flag, ignore), "MPI_Test");
        return flag != 0;
    }

    /// <summary>Asks for a transfer to be given up; it has ended once <see cref="IsDone"/> says so.</summary>
    public void Cancel(nint* request)
    {
        CheckThread();
        Check(cancel(request), "MPI_Cancel");
    }

    /// <summary>Waits for the other ranks to come to this too, but no longer than that.</summary>
    /// <returns>Whether they did.</returns>
    public bool TryMeet(TimeSpan patience)
    {
        nint request;
        int flag = 0;
        long began = Stopwatch.GetTimestamp();
        if (ibarrier(world, &request) != 0)
        {
            return false;
        }

        while (test(&request, &flag, ignore) == 0 && flag == 0 && Stopwatch.GetElapsedTime(began) < patience)
        {
            Thread.Sleep(1);
        }

        return flag != 0;
    }

    /// <exception cref="CommunicationException">The call failed.</exception>
    private void Check(int code, string call)
    {
        if (code != 0)
        {
            throw new CommunicationException(
                $"{call} failed ({Text(errorString, code)}): a process of the run, or the way to it, is lost. {Again}");
        }
    }

    /// <exception cref="CommunicationException">This is another thread than the library allows.</exception>
    private void CheckThread()
    {
        if (thread != 0 && thread != Environment.CurrentManagedThreadId)
        {
            throw new CommunicationException(
                $"{Version} may be called from one thread only, the one that asked for Communicator.World first: make all " +
                $"calls there, or use a build with MPI_THREAD_SERIALIZED.");
        }
    }

    /// <summary>The first line of a text that the library writes, with a number to choose it by.</summary>
    private static string Text(delegate* unmanaged[Cdecl]<int, byte*, int*, int> write, int code)
    {
        byte* text = stackalloc byte[Longest];
        int length = 0;
        _ = write(code, text, &length);
        return Line(text, length);
    }

    private static string Line(byte* text, int length) =>
        Marshal.PtrToStringUTF8((nint)text, length).Split('\n', ',')[0].TrimEnd('\0', ' ').Replace('\t', ' ');
}
