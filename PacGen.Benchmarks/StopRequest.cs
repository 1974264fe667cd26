using System.Runtime.InteropServices;

namespace PacGen.Benchmarks;

/// <summary>Somebody wants the program to stop. It finishes the step that it is in; a second signal ends it at once.</summary>
internal sealed class StopRequest : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private int exitCode = 130;

    /// <summary>Cancelled at the first request.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>Whether it was asked to stop.</summary>
    public bool Requested => source.IsCancellationRequested;

    /// <summary>The exit code of a stopped run: 128 plus the signal's number, 130 for SIGINT and 143 for SIGTERM.</summary>
    public int ExitCode => exitCode;

    /// <summary>A request that SIGINT (Ctrl-C) and SIGTERM make.</summary>
    /// <param name="error">Told that the first signal was heard.</param>
    public static StopRequest OnSignals(TextWriter error)
    {
        StopRequest stop = new();
        stop.registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Heard(context, 130)));
        stop.registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Heard(context, 143)));
        return stop;

        void Heard(PosixSignalContext context, int code)
        {
            if (stop.Requested)
            {
                // The runtime's default: the process ends now.
                return;
            }

            context.Cancel = true;
            error.WriteLine("pacgen: stopping after this step; once more to quit at once.");
            stop.Make(code);
        }
    }

    /// <summary>Asks the program to stop.</summary>
    /// <param name="code">The exit code.</param>
    public void Make(int code)
    {
        exitCode = code;
        source.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        registrations.ForEach(registration => registration.Dispose());
        source.Dispose();
    }
}
