using System.CommandLine;
using System.CommandLine.Help;

namespace PacGen.Benchmarks.CommandLine;

/// <summary>What is wrong with a command line, in one sentence.</summary>
internal static class ParseErrors
{
    /// <summary>The first thing that is wrong, or null where nothing is.</summary>
    public static string? Describe(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens is [{ } unknown, ..])
        {
            return Unknown(unknown, parsed.CommandResult.Command);
        }

        // Who asks for help may leave out what is required.
        bool asks = parsed.Action is HelpAction or GroupedHelp;
        return !asks && parsed.Errors is [{ Message: { } message }, ..] ? message : null;
    }

    // One-letter aliases resemble too much.
    private static IEnumerable<string> Names(Option option) =>
        option.Aliases.Where(alias => alias.StartsWith("--", StringComparison.Ordinal)).Prepend(option.Name);

    private static string Unknown(string word, Command command)
    {
        bool isOption = word.StartsWith('-');
        string[] known = isOption
            ? [.. command.Options.Where(option => !option.Hidden).SelectMany(Names), "--help"]
            : [.. command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name)];
        string[] distinct = [.. known.Distinct()];
        string kind = isOption ? "option" : command is RootCommand ? "verb" : command.Name;

        // One number is no misspelling of another.
        if (!word.All(char.IsAsciiDigit) && Nearest.To(word, distinct) is { } near)
        {
            return $"There is no {kind} {word}; did you mean {near}?";
        }

        if (isOption && command.Subcommands.FirstOrDefault(verb => verb.Options.Any(option => option.Name == word)) is { } owner)
        {
            string path = command is RootCommand ? owner.Name : $"{command.Name} {owner.Name}";
            return $"{word} is an option of a verb: write pacgen {path} {word} ….";
        }

        return (isOption, distinct.Length) switch
        {
            (true, _) => $"There is no option {word}.",
            (false, 0) => $"'{word}' belongs to no option.",
            _ => $"There is no {kind} {word}; there are {string.Join(", ", distinct)}.",
        };
    }
}
