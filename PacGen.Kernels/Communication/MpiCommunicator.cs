using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace PacGen.Kernels;

/// <summary>All processes of an MPI program.</summary>
internal sealed class MpiCommunicator : Communicator
{
    private const int Tag = 0x5047;
    private const string BootId = "/proc/sys/kernel/random/boot_id";

    /// <summary>
    /// How long a wait that a request to end meets may still last where nobody is known to be dead: the launcher kills after a
    /// second or so.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    /// <summary>How long a process that ends with an error waits for the others to end too.</summary>
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(3);

    private readonly MpiLibrary library;
    private readonly PosixSignalRegistration termination;
    private readonly (long Machine, long Process)[] places;
    private int[] dead = [];
    private long asked;
    private bool ended;

    private MpiCommunicator(MpiLibrary library, int rank, int size)
        : base(rank, size)
    {
        this.library = library;
        Library = library.Version;
        places = new (long, long)[size];
        termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => AskedToEnd());
        AppDomain.CurrentDomain.ProcessExit += (_, _) => End();
        Gather<(long, long)>([(Machine, Environment.ProcessId)], places);
    }

    public override string Library { get; }

    /// <summary>Loads the library and joins the other ranks.</summary>
    /// <exception cref="CommunicationException">There is no library, or the processes are no power of two.</exception>
    public static MpiCommunicator Start()
    {
        MpiLibrary library = MpiLibrary.Load();
        (int rank, int size) = library.Start();
        try
        {
            return size == MpiLaunch.Size
                ? new MpiCommunicator(library, rank, size)
                : throw new CommunicationException(
                    $"{MpiLaunch.Size} processes were started together, but {library.Version} knows of {size}: it is not the " +
                    $"launcher's own library. Name that one's file in {MpiLibrary.Variable}.");
        }
        catch (ArgumentException error)
        {
            throw new CommunicationException(error.Message, error);
        }
    }

    public override void Abort(int exitCode)
    {
        ended = true;
        library.Abort(exitCode);
    }

    internal override Transfer Open(int number) => new MpiTransfer(library, Tag + number);

    /// <summary>
    /// Gives the processor up, for ranks may be more than cores. A rank that waits for one that is dead is asked to end by the
    /// launcher, and says so.
    /// </summary>
    internal override void Wait(int partner)
    {
        Thread.Yield();
        if (Volatile.Read(ref asked) is not 0 and var at && (dead.Length > 0 || Stopwatch.GetElapsedTime(at) > Patience))
        {
            throw new CommunicationException($"{Reason(partner)} {MpiLibrary.Again}");
        }
    }

    private protected override IReadOnlyList<int> Died => dead;

    /// <summary>The machine since its start, and the container in it: there a process's number means the same.</summary>
    private static long Machine => BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(
        '/', Environment.MachineName, File.Exists(BootId) ? File.ReadAllText(BootId) : "",
        new FileInfo("/proc/self/ns/pid").LinkTarget))));

    /// <summary>What is known of why nobody answers.</summary>
    private string Reason(int partner)
    {
        if (dead.Length > 0)
        {
            (string s, string es, string them) = dead.Length == 1 ? ("", "", "it") : ("s", "es", "them");
            string numbers = string.Join(" and ", dead.Select(rank => places[rank].Process));
            return $"Rank{s} {string.Join(" and ", dead)} of {Size} (process{es} {numbers}) died before the end of the run, as " +
                $"by a kill or for want of memory, and with {them} the run.";
        }

        if (places[partner].Process == 0)
        {
            return $"Rank {Rank} of {Size} was asked to end while the ranks were joining: a process died, or somebody " +
                "stopped the run.";
        }

        string what = places[partner].Machine == places[Rank].Machine ? "lives" : "is on another machine";
        return $"Rank {Rank} of {Size} was asked to end while it waited for rank {partner}, which {what}: a process on another " +
            $"machine died, or somebody stopped the run.";
    }

    /// <summary>
    /// The launcher ends those that are left where one has died: that is looked for at once, before the others end too.
    /// </summary>
    private void AskedToEnd()
    {
        if (asked == 0)
        {
            dead = [.. Enumerable.Range(0, Size).Where(
                rank => places[rank].Machine == places[Rank].Machine && !Lives((int)places[rank].Process))];
            Volatile.Write(ref asked, Stopwatch.GetTimestamp());
        }
    }

    private static bool Lives(int process)
    {
        try
        {
            using Process found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>
    /// A process that ends without this is taken for dead by its launcher. One that ends by an error of its own, which the
    /// program caught, ends those that wait for it.
    /// </summary>
    private void End()
    {
        termination.Dispose();
        if (ended)
        {
            return;
        }

        ended = true;
        int code = Environment.ExitCode;
        if (IsBroken || (code != 0 && !library.TryMeet(LastWait)))
        {
            library.Abort(code == 0 ? 1 : code);
        }
        else
        {
            library.End();
        }
    }
}
