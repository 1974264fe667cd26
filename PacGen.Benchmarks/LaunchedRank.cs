using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;

namespace PacGen.Benchmarks;

/// <summary>
/// This process among those that <c>mpirun</c> and its like started together: rank 0 alone prints and writes, and an error on any
/// ends all.
/// </summary>
internal static class LaunchedRank
{
    /// <summary>How long an error of another rank waits for rank 0 to tell the same.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly StringWriter Held = new();

    static LaunchedRank()
    {
        if (IsLaunched)
        {
            // mpirun gives a process a terminal that is none: what the runtime would tell it would stand in the output.
            Environment.SetEnvironmentVariable("TERM", "dumb");
        }
    }

    /// <summary>Whether a launcher stands between this process and the terminal.</summary>
    public static bool IsLaunched { get; } = Communicator.LaunchedSize > 1
        || Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_SIZE") is not null;

    /// <summary>Whether this process prints.</summary>
    public static bool Prints => Communicator.LaunchedRank == 0;

    /// <summary>Standard output.</summary>
    public static TextWriter Output => Prints ? Console.Out : TextWriter.Null;

    /// <summary>Standard error.</summary>
    public static TextWriter Error => Prints ? Console.Error : Held;

    /// <summary>Takes part in the work of all ranks: from here on, files are rank 0's to write.</summary>
    /// <exception cref="CommunicationException">There is no MPI library.</exception>
    public static Communicator Join()
    {
        Communicator ranks = Communicator.World;
        OutputFile.Writes = ranks.IsRoot;
        return ranks;
    }

    /// <summary>Ends the program; after an error, on all ranks.</summary>
    /// <param name="code">The exit code.</param>
    /// <param name="stop">The launcher's request to end, after an error of another.</param>
    public static int End(int code, StopRequest stop)
    {
        bool stopped = code >= 128;
        if (code == 0 || (stopped && !Prints))
        {
            return code;
        }

        // Of those that see another dead the lowest says it, at once: the launcher leaves them a second.
        IReadOnlyList<int> dead = Communicator.Dead;
        bool isLowest = Enumerable.Range(0, Communicator.LaunchedRank).All(dead.Contains);
        if (!Prints && dead.Count == 0)
        {
            if (stop.Requested)
            {
                Thread.Sleep(Patience);
            }
            else if (stop.Token.WaitHandle.WaitOne(Patience))
            {
                // Another has shown an error, and the launcher ends all.
                return code;
            }
        }

        if (!Prints && (dead.Count == 0 || isLowest))
        {
            Console.Error.Write($"rank {Communicator.LaunchedRank} of {Communicator.LaunchedSize}: {Held}");
        }

        Communicator.AbortAll(code);
        return code;
    }
}
