using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PacGen.Kernels;

/// <summary>All processes of an MPI program.</summary>
internal sealed unsafe class MpiCommunicator : Communicator
{
    /// <summary>A message is cut into pieces: MPI counts bytes in an int.</summary>
    private const int MostBytes = 64 << 20;

    private const int Tag = 0x5047;

    /// <summary>How long a wait that a request to end meets may still last: the launcher kills after a second or so.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    private readonly MpiLibrary library;
    private readonly PosixSignalRegistration termination;
    private long asked;
    private bool ended;

    private MpiCommunicator(MpiLibrary library, int rank, int size)
        : base(rank, size)
    {
        this.library = library;
        Library = library.Version;
        termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => asked = Stopwatch.GetTimestamp());
        AppDomain.CurrentDomain.ProcessExit += (_, _) => End();
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

    private protected override void Exchange(int partner, ReadOnlySpan<byte> send, Span<byte> receive)
    {
        fixed (byte* from = send, to = receive)
        {
            for (int start = 0; start < Math.Max(send.Length, receive.Length); start += MostBytes)
            {
                int sent = Math.Clamp(send.Length - start, 0, MostBytes);
                int taken = Math.Clamp(receive.Length - start, 0, MostBytes);
                nint sending = 0, receiving = 0;
                if (taken > 0)
                {
                    library.Receive(to + start, taken, partner, Tag, &receiving);
                }

                if (sent > 0)
                {
                    library.Send(from + start, sent, partner, Tag, &sending);
                }

                Wait(partner, taken > 0 ? &receiving : null, sent > 0 ? &sending : null);
            }
        }
    }

    /// <summary>
    /// Waits for both transfers and gives the processor up meanwhile, for ranks may be more than cores. A rank that waits for one
    /// that is dead is asked to end by the launcher, and says so.
    /// </summary>
    private void Wait(int partner, nint* first, nint* second)
    {
        while (true)
        {
            if (first != null && library.IsDone(first))
            {
                first = null;
            }

            if (second != null && library.IsDone(second))
            {
                second = null;
            }

            if (first == null && second == null)
            {
                return;
            }

            Thread.Yield();
            if (Volatile.Read(ref asked) is not 0 and var at && Stopwatch.GetElapsedTime(at) > Patience)
            {
                throw new CommunicationException(
                    $"Rank {Rank} of {Size} waits in vain for rank {partner}: a process of the run has ended, and with it the " +
                    $"run. Start it again; with checkpoints, --resume goes on with any number of processes that divides " +
                        $"--parts.");
            }
        }
    }

    /// <summary>A process that ends without this is taken for dead by its launcher.</summary>
    private void End()
    {
        termination.Dispose();
        if (!ended)
        {
            ended = true;
            library.End();
        }
    }
}
