using System.Runtime.InteropServices;
using PacGen.Kernels;

namespace PacGen.Benchmarks;

/// <summary>
/// Somebody wants the program to stop. It finishes the step or batch that it is in; a second signal ends it at once.
/// </summary>
internal sealed class StopRequest : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private int exitCode = 130;
    private volatile bool nothingToKeep;

    /// <summary>Cancelled at the first request.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>Whether it was asked to stop.</summary>
    public bool Requested => source.IsCancellationRequested;

    /// <summary>The exit code of a stopped run: 128 plus the signal's number, 130 for SIGINT and 143 for SIGTERM.</summary>
    public int ExitCode => exitCode;

    /// <summary>A request that SIGINT (Ctrl-C) and SIGTERM make.</summary>
    /// <param name="error">Notified that the first signal was heard.</param>
    public static StopRequest OnSignals(TextWriter error)
    {
        StopRequest stop = new();
        stop.registrations.Add(
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = stop.Hear(130, error)));
        stop.registrations.Add(
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = stop.Hear(143, error)));
        return stop;
    }

    /// <summary>What becomes of a signal.</summary>
    /// <param name="code">The exit code that it asks for.</param>
    /// <param name="error">Where that is said.</param>
    /// <returns>Whether the process goes on for now; else the runtime ends it.</returns>
    internal bool Hear(int code, TextWriter error)
    {
        if (Requested)
        {
            return false;
        }

        if (nothingToKeep)
        {
            error.WriteLine("pacgen: stopped before there was anything to keep.");
            return false;
        }

        error.WriteLine("pacgen: stopping; once more to quit at once.");
        Make(code);
        return true;
    }

    /// <summary>
    /// Builds what a run needs, such as a model and its graphs, which looks at no token and leaves nothing behind: meanwhile the
    /// first signal ends the process at once.
    /// </summary>
    public T Build<T>(Func<T> build)
    {
        nothingToKeep = true;
        try
        {
            return build();
        }
        finally
        {
            nothingToKeep = false;
        }
    }

    /// <summary>Whether any of some processes was asked to stop: then all are.</summary>
    public bool On(Communicator ranks)
    {
        const int Terminated = 143;
        if (ranks.Any(Requested) && !Requested)
        {
            Make(Terminated);
        }

        return Requested;
    }

    /// <summary>Asks the program to stop.</summary>
    /// <param name="code">The exit code.</param>
    public void Make(int code)
    {
        exitCode = code;
        source.Cancel();
    }

    public void Dispose()
    {
        registrations.ForEach(registration => registration.Dispose());
        source.Dispose();
    }
}
