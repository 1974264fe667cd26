using PacGen.Benchmarks;

namespace PacGen.Tests.Benchmarks;

/// <summary>What a command line gave: the program runs in this process, with streams of its own.</summary>
internal sealed record ProgramRun(int ExitCode, string Output, string Error)
{
    public string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static ProgramRun Of(params string[] args)
    {
        using StopRequest stop = new();
        return Of(stop, args);
    }

    public static ProgramRun Of(StopRequest stop, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = Application.Run(args, new Host(output, error, stop));
        return new ProgramRun(code, output.ToString(), error.ToString());
    }
}
