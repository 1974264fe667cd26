using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;

namespace PacGen.Benchmarks.CommandLine;

/// <summary>A verb of the program: its name, its options, and what it does.</summary>
internal abstract class Verb
{
    private const string JsonName = "--json", Files = "Files";

    /// <summary>The options that name folders of this machine, which no report repeats.</summary>
    private static readonly string[] Folders = ["--output", "--runs", "--data"];

    private readonly Dictionary<Option, string> titles = [];

    /// <param name="host">Where to write and when to stop.</param>
    /// <param name="command">The verb's name and what it is for.</param>
    protected Verb(Host host, Command command)
    {
        Host = host;
        Command = command;
        Command.SetAction(Run);
    }

    /// <summary>The verb, as the command line knows it.</summary>
    public Command Command { get; }

    /// <summary>Where to write and when to stop.</summary>
    protected Host Host { get; }

    /// <summary>The verbs that it leaves its work to.</summary>
    public virtual IReadOnlyList<Verb> Parts => [];

    /// <summary>The options that its short help explains; none for all.</summary>
    public virtual string[] Main => [];

    /// <summary>What the help calls the options among which one of its own stands.</summary>
    public string GroupOf(Option option) => titles.GetValueOrDefault(
        option, option is HelpOption or VersionOption || option.Name == GroupedHelp.AllName
            ? OptionGroup.Common : OptionGroup.Usual);

    /// <summary>A command with those above it, such as <c>pacgen figure 7</c>.</summary>
    public static string Spelled(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{Spelled(parent)} {command.Name}" : "pacgen";

    /// <summary>The option that gives standard output to JSON.</summary>
    /// <param name="what">What is written there.</param>
    protected static Option<bool> JsonOption(string what) => Options.Flag(JsonName, what);

    /// <summary>Whether standard output is given to JSON.</summary>
    protected static bool WantsJson(ParseResult parsed) => parsed.GetValue<bool>(JsonName);

    /// <summary>Does what the verb is for.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="UsageException">The options contradict each other.</exception>
    protected abstract int Run(ParseResult parsed);

    /// <summary>Gives the verb options, which the help lists in this order; one of a group may come before the others.</summary>
    protected void Add(params IEnumerable<OptionGroup> groups)
    {
        foreach (OptionGroup group in groups)
        {
            foreach (Option option in group.All)
            {
                // One of a group that was added before the others has its title too.
                bool isNew = !Command.Options.Contains(option);
                if (isNew)
                {
                    Command.Add(option);
                }

                if (isNew || group.TitleOf(option) != OptionGroup.Usual)
                {
                    titles[option] = option.Name == JsonName ? Files : group.TitleOf(option);
                }
            }
        }
    }

    /// <summary>Where a person reads.</summary>
    protected Terminal TerminalOf(ParseResult parsed) =>
        new(Host, Command.Options.Any(one => one.Name == JsonName) && WantsJson(parsed));

    /// <summary>Writes a line of JSON on standard output.</summary>
    protected void Write(JsonNode json)
    {
        Host.Output.WriteLine(json.ToJsonString());
        Host.Output.Flush();
    }

    /// <summary>Tells that not all runs are done: it was stopped, or the others are other processes'.</summary>
    /// <param name="terminal">Where a person reads.</param>
    /// <param name="shard">Which runs were this process's; null for all.</param>
    /// <param name="sentence">What there is, where it was stopped.</param>
    /// <returns>The exit code.</returns>
    protected int Unfinished(Terminal terminal, Shard? shard, string sentence)
    {
        if (shard is null || Host.Stop.Requested)
        {
            return Stopped(sentence);
        }

        terminal.Line(shard.Sentence);
        return 0;
    }

    /// <summary>Tells that the run was stopped.</summary>
    /// <returns>The exit code.</returns>
    protected int Stopped(string sentence)
    {
        Host.Problem(sentence);
        return Host.Stop.ExitCode;
    }

    /// <summary>The command line for a report: the options that were given, without the folders of this machine.</summary>
    protected string Line(ParseResult parsed, Func<string, string>? shown = null) => string.Join(
        ' ',
        Command.Options.Where(option => parsed.IsGiven(option) && !Folders.Contains(option.Name))
            .SelectMany(option => parsed.Words(option)
                .Select(word => ShellWord.Of(shown?.Invoke(word) ?? word) ?? "…").Prepend(option.Name))
            .Prepend(Spelled(Command)));
}
