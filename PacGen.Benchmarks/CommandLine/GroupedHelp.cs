using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;

namespace PacGen.Benchmarks.CommandLine;

/// <summary>
/// The help of a command: what it does, and its options in groups. The short one explains the main options and names the others.
/// </summary>
/// <param name="verbOf">The verb of a command.</param>
/// <param name="all">Whether every option is explained.</param>
internal sealed class GroupedHelp(Func<Command, Verb?> verbOf, bool all) : SynchronousCommandLineAction
{
    /// <summary>The option that explains every option.</summary>
    public const string AllName = "--help-all";

    private const int Width = 130, LongestName = 34;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        Command command = parseResult.CommandResult.Command;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        foreach (string line in Lines(command))
        {
            output.WriteLine(line);
        }

        return 0;
    }

    private IEnumerable<string> Lines(Command command)
    {
        string spelled = Verb.Spelled(command);
        Option[] options = [.. command.Options.Where(option => !option.Hidden)];
        yield return "Description:";
        foreach (string line in (command.Description ?? "").Split('\n').SelectMany(part => Wrapped(part.Trim(), Width - 2)))
        {
            yield return $"  {line}";
        }

        yield return "";
        yield return "Usage:";
        string verbs = command.Subcommands.Count == 0 ? "" : $" {(command is RootCommand ? "[verb]" : "verb")}";
        yield return $"  {spelled}{verbs}{(options.Length > 0 ? " [options]" : "")}";
        foreach (string line in Table(
            command is RootCommand ? "Verbs:" : "Which:",
            command.Subcommands.Where(one => !one.Hidden).Select(one => (one.Name, one.Description ?? ""))))
        {
            yield return line;
        }

        IGrouping<string, Option>[] groups = [.. options
            .GroupBy(option => verbOf(command)?.GroupOf(option) ?? OptionGroup.Usual)
            .OrderBy(group => group.Key == OptionGroup.Common)];
        string[] main = verbOf(command)?.Main ?? [];
        bool isShort = !all && main.Length > 0;
        if (isShort)
        {
            foreach (string line in Table(
                "Main options:", main.SelectMany(name => options.Where(option => option.Name == name)).Select(Row)))
            {
                yield return line;
            }

            yield return "";
            yield return $"More options, all of them explained by {Explained(spelled)}:";
            foreach (IGrouping<string, Option> group in groups)
            {
                string[] names = [.. group.Select(option => option.Name).Where(name => !main.Contains(name))];
                foreach (string line in names.Length == 0 ? [] : Wrapped($"{group.Key}: {string.Join(", ", names)}", Width - 4))
                {
                    yield return line.StartsWith($"{group.Key}:", StringComparison.Ordinal) ? $"  {line}" : $"    {line}";
                }
            }

            yield break;
        }

        foreach (string line in groups.SelectMany(group => Table($"{group.Key}:", group.Select(Row))))
        {
            yield return line;
        }
    }

    private static string Explained(string spelled) => $"pacgen help{spelled["pacgen".Length..]} --all";

    private static (string, string) Row(Option option)
    {
        string value = option.ValueType == typeof(bool) || option is HelpOption or VersionOption ? ""
            : $" <{option.HelpName ?? "value"}>";
        string names = string.Join(", ", option.Aliases.Where(alias => alias.StartsWith('-')).Prepend(option.Name));
        string text = option.HasDefaultValue && option.ValueType != typeof(bool) ? Text(option.GetDefaultValue()) : "";
        string usual = text.Length > 0 ? $" [default: {text}]" : "";
        return ($"{names}{value}", $"{option.Description}{usual}{(option.Required ? " (required)" : "")}");
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        System.Collections.IEnumerable list => string.Join(",", list.Cast<object>().Select(Text)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static IEnumerable<string> Table(string heading, IEnumerable<(string Name, string Text)> rows)
    {
        (string Name, string Text)[] all = [.. rows];
        if (all.Length == 0)
        {
            yield break;
        }

        int column = Math.Min(all.Max(row => row.Name.Length), LongestName) + 2;
        yield return "";
        yield return heading;
        foreach ((string name, string text) in all)
        {
            string[] lines = [.. Wrapped(text, Width - column - 2)];
            bool fits = name.Length + 2 <= column;
            if (!fits)
            {
                yield return $"  {name}";
            }

            for (int i = 0; i < lines.Length; i++)
            {
                yield return $"  {(i == 0 && fits ? name : "").PadRight(column)}{lines[i]}".TrimEnd();
            }
        }
    }

    private static IEnumerable<string> Wrapped(string text, int width)
    {
        string line = "";

        // An interval stays on one line.
        foreach (string part in text.Replace(", ∞", ",\u00a0∞", StringComparison.Ordinal).Split(
            ' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string word = part.Replace('\u00a0', ' ');
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        yield return line;
    }
}
