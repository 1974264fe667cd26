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

    /// <summary>A run in which something happens once a line says a text.</summary>
    public static ProgramRun UpTo(string says, Action then, StopRequest stop, params string[] args)
    {
        using StringWriter error = new();
        using StopAfter output = new(says, then);
        int code = Application.Run(args, new Host(output, error, stop));
        return new ProgramRun(code, output.ToString(), error.ToString());
    }

    /// <summary>A command line with another value of an option, or with one option more.</summary>
    public static string[] With(string[] args, string? option, string? value)
    {
        int at = Array.IndexOf(args, option);
        return option is null ? args : at < 0 ? [.. args, option, value!] : [.. args[..(at + 1)], value!, .. args[(at + 2)..]];
    }

    /// <summary>It ended with a code and one line that says a text: no trace of a stack.</summary>
    public void RequireRefusal(int code, string says)
    {
        Assert.That(ErrorLines, Has.Length.EqualTo(1), Error);
        Assert.That(Error, Does.StartWith("pacgen: ").And.Contain(says).And.Not.Contain("   at "));
        Assert.That(ExitCode, Is.EqualTo(code));
    }
}
