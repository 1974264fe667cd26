using System.CommandLine;

namespace PacGen.Benchmarks.CommandLine;

/// <summary>A verb that leaves the work to one of its subcommands.</summary>
internal sealed class VerbGroup : Verb
{
    /// <param name="host">Where to write and when to stop.</param>
    /// <param name="name">The verb's name, which says what a subcommand is.</param>
    /// <param name="description">What the verb is for.</param>
    /// <param name="verbs">The subcommands.</param>
    public VerbGroup(Host host, string name, string description, params IEnumerable<Verb> verbs)
        : base(host, new Command(name, description))
    {
        Parts = [.. verbs];
        foreach (Verb verb in Parts)
        {
            Command.Add(verb.Command);
        }
    }

    public override IReadOnlyList<Verb> Parts { get; }

    protected override int Run(ParseResult parsed)
    {
        string[] names = [.. Command.Subcommands.Select(verb => verb.Name)];
        throw new UsageException(Prose.Line($"""
            say which {Command.Name}: {string.Join(", ", names[..^1])} or {names[^1]}, such as {Spelled(Command.Subcommands[0])}. See
            {Spelled(Command)} --help.
            """));
    }
}
