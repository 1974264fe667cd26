using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using PacGen.Benchmarks.Certification;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Comparison;
using PacGen.Benchmarks.Completions;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Digits;
using PacGen.Benchmarks.Experiments;
using PacGen.Benchmarks.Export;
using PacGen.Benchmarks.Figures;
using PacGen.Benchmarks.Figures.Gap;
using PacGen.Benchmarks.Measuring;
using PacGen.Benchmarks.Scoring;
using PacGen.Benchmarks.Studies;
using PacGen.Benchmarks.Suites;
using PacGen.Benchmarks.Training;
using PacGen.Core.Text;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks;

/// <summary>The program: its verbs, and what becomes of errors.</summary>
internal static class Application
{
    /// <summary>The environment variable that makes errors show their stack trace.</summary>
    public const string DebugVariable = "PACGEN_DEBUG";

    private const string What = """
        Asks how well a trained network will generalize: PAC-Bayes bounds and certificates, the score Ψ, training by Perturbed OPT.
        Without a verb: trains one MLP on the embedded digits by SGD and by Perturbed SGD, and compares them in a table.
        """;

    /// <summary>Runs a command line.</summary>
    /// <param name="args">The verb and its options.</param>
    /// <param name="host">Where to write and when to stop.</param>
    /// <returns>
    /// The exit code: 0 where all went well, 1 after an error, 2 where the command line is wrong, 130 and 143 where SIGINT and
    /// SIGTERM stopped the run.
    /// </returns>
    public static int Run(string[] args, Host host)
    {
        // `help` and `help VERB` are what many programs understand.
        args = args switch
        {
            ["help", .. string[] verb, "--all"] => [.. verb, GroupedHelp.AllName],
            ["help", .. string[] verb] => [.. verb, "--help"],
            _ => args,
        };
        try
        {
            RootCommand root = Create(host);
            ParseResult parsed = root.Parse(args, Options.Parsing);
            bool suggests = root.Directives.OfType<SuggestDirective>().Any(directive => parsed.GetResult(directive) is not null);
            if (!suggests && ParseErrors.Describe(parsed) is { } problem)
            {
                throw new UsageException($"{problem} See {Verb.Spelled(parsed.CommandResult.Command)} --help.");
            }

            return parsed.Invoke(new InvocationConfiguration
            {
                Output = host.Output,
                Error = host.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (OperationCanceledException) when (host.Stop.Requested)
        {
            host.Problem("stopped before there was anything to keep.");
            return host.Stop.ExitCode;
        }
#pragma warning disable CA1031 // The outermost frame: whatever comes here becomes one line and an exit code.
        catch (Exception error)
#pragma warning restore CA1031
        {
            host.Problem(Describe(error));
            if (Environment.GetEnvironmentVariable(DebugVariable) == "1")
            {
                foreach (string line in error.ToString().Split('\n'))
                {
                    host.Error.WriteLine(Printable.Of(line.TrimEnd('\r'), Printable.LongestMessage));
                }
            }

            return error is UsageException ? 2 : 1;
        }
    }

    /// <summary>What is wrong with a command line, before anything is done; null where nothing is.</summary>
    internal static string? Problem(string[] args)
    {
        using StopRequest stop = new();
        return ParseErrors.Describe(Tree(stop).Parse(args, Options.Parsing));
    }

    /// <summary>The program's verbs with their options, which write nowhere.</summary>
    internal static RootCommand Tree(StopRequest stop) => Create(new Host(TextWriter.Null, TextWriter.Null, stop));

    private static RootCommand Create(Host host)
    {
        RootCommand root = new(What)
        {
            HelpName = "pacgen",
        };
        Verb[] verbs =
        [
            new TrainVerb(host),
            new ScoreVerb(host),
            new MeasureVerb(host),
            new CertifyVerb(host),
            new ExportVerb(host),
            new DevicesVerb(host),
            new BenchVerb(host),
            new CompareVerb(host),
            new VerbGroup(
                host, "figure", "Draws a figure of the paper: a PNG, and its numbers as CSV.",
                new Figure1(host), new Figure2(host), new GapFigure(host, 3, "mnist", "batch-size"),
                new GapFigure(host, 4, "cifar-10", "batch-size"), new GapFigure(host, 5, "mnist", "learning-rate"),
                new GapFigure(host, 6, "cifar-10", "learning-rate"), new Figure7(host)),
            new VerbGroup(
                host, "experiment", "Tries a claim of the paper: a table, a PNG, and the numbers as CSV.",
                new RescaleExperiment(host), new HyperExperiment(host), new OptimizersExperiment(host)),
            new VerbGroup(
                host, "study", "Trains many networks and puts measures of generalization to the test on them.",
                new StudyRunVerb(host), new StudyShowVerb(host), new StudyReportVerb(host), new StudyExportVerb(host)),
            new VerbGroup(
                host, "completion", "Writes a script that completes verbs, options and their values in a shell.",
                ShellVerb.All(host)),
            new DigitsJob(host, root),
        ];
        foreach (Verb verb in verbs.Where(verb => verb.Command != root))
        {
            root.Add(verb.Command);
        }

        Dictionary<Command, Verb> owners = verbs.SelectMany(verb => verb.Parts.Prepend(verb)).ToDictionary(verb => verb.Command);
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
        {
            // A path elsewhere.
            help.Aliases.Remove("/h");
            help.Aliases.Remove("/?");
            help.Action = new GroupedHelp(owners.GetValueOrDefault, all: false);
        }

        root.Add(new Option<bool>(GroupedHelp.AllName)
        {
            Description = "Explains every option", Recursive = true, Arity = ArgumentArity.Zero,
            Action = new GroupedHelp(owners.GetValueOrDefault, all: true),
        });

        return root;
    }

    private static string Describe(Exception error) => error switch
    {
        UsageException or DataException or DeviceException or TrainingException or CheckpointException or ShapeException
            or CommunicationException or NotSupportedException => error.Message,
        ArgumentException argument => WithoutParameter(argument),
        DllNotFoundException or TypeInitializationException { InnerException: DllNotFoundException } =>
            Prose.Line($"""
                A native library is not there or cannot be loaded: {(error.InnerException ?? error).Message.Split('\n')[0]} Copy
                the program's folder whole, with its runtimes, or build it anew.
                """),
        TypeInitializationException or BadImageFormatException or FileLoadException => NotLoaded(error),
        FileNotFoundException { FileName: { } name } when name.Contains("PublicKeyToken=", StringComparison.Ordinal) =>
            NotLoaded(error),
        IOException or UnauthorizedAccessException => error.Message,
        OutOfMemoryException => $"{error.Message} Use a smaller batch or model.",
        _ => $"unexpected {error.GetType().Name}: {error.Message} Set {DebugVariable}=1 to see where.",
    };

    private static string NotLoaded(Exception error) => Prose.Line($"""
        a part of the program can't be loaded: {error.GetBaseException().Message.Split('\n')[0]} A file may be
        missing (copy the program's folder whole, with its runtimes), or too few may be open at once (ulimit -n). Set {DebugVariable}=1 to see where.
        """);

    // .NET appends the parameter's name and the value, which only a programmer can read.
    private static string WithoutParameter(ArgumentException error)
    {
        int parameter = error.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return parameter < 0 ? error.Message : error.Message[..parameter];
    }
}
