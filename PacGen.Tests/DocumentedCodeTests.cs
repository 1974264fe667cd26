using System.Text.RegularExpressions;

namespace PacGen.Tests;

/// <summary>
/// The code on the pages stands in a source that is compiled and run by the tests; the commands on them are commands of the
/// program.
/// </summary>
internal sealed partial class DocumentedCodeTests
{
    private static readonly Lazy<string[]> Sources = new(() =>
    [
        .. new[] { "PacGen.Core", "PacGen.Kernels", "PacGen.Nn", "PacGen.Benchmarks", "PacGen.Tests", "samples" }.SelectMany(
            project => Directory.EnumerateFiles(Path.Combine(HouseTests.Root, project), "*.cs", SearchOption.AllDirectories))
            .Where(path => !BuildOutput().IsMatch(path)).Select(path => Bare(File.ReadAllText(path))),
    ]);

    private static IEnumerable<string> Pages =>
        Directory.EnumerateFiles(Path.Combine(HouseTests.Root, "docs"), "*.md").Select(path => $"docs/{Path.GetFileName(path)}")
            .Append("README.md").Order();

    private static IEnumerable<string> WithCode => Pages.Where(page => CodeBlock().IsMatch(Text(page)));

    private static IEnumerable<string> WithCommands => Pages.Where(page => Commands(page).Any());

    [TestCaseSource(nameof(WithCode))]
    public void StandsInASource(string page)
    {
        MatchCollection blocks = CodeBlock().Matches(Text(page));
        foreach (string code in blocks.Select(block => block.Groups[1].Value))
        {
            Assert.That(Sources.Value.Any(source => source.Contains(Bare(code), StringComparison.Ordinal)), Is.True, code);
        }
    }

    /// <summary>Verbs and options are spelled rightly, and have values that they take.</summary>
    [TestCaseSource(nameof(WithCommands))]
    public void CommandsAreOfTheProgram(string page) => Assert.That(
        from command in Commands(page)
        let problem = PacGen.Benchmarks.Application.Problem(command.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        where problem is not null
        select $"{command}: {problem}",
        Is.Empty);

    /// <summary>The commands of a page, without the program's name; those with a part left open are no commands yet.</summary>
    private static IEnumerable<string> Commands(string page) => Block().Matches(Text(page))
        .SelectMany(block => block.Groups[1].Value.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
        .Select(line => Command().Match(line))
        .Where(match => match.Success)
        .Select(match => match.Groups[1].Value.Split(" #")[0].Split(" >")[0].Split(" |")[0].Trim())
        .Where(line => !line.Contains('…', StringComparison.Ordinal) && !line.Contains("...", StringComparison.Ordinal)
            && !line.Contains('[', StringComparison.Ordinal) && !line.Contains('$', StringComparison.Ordinal));

    private static string Text(string page) => File.ReadAllText(Path.Combine(HouseTests.Root, page));

    /// <summary>Without comments, space, and who may see what.</summary>
    private static string Bare(string code) => Ignored().Replace(code, "");

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"```(?:console|sh|bash)?\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^\s*(?:\$ )?pacgen ([^\n]+)$")]
    private static partial Regex Command();

    [GeneratedRegex(
        @"^(?:using [\w.]+;|#:[^\n]*)\n|//[^\n]*|\b(public|internal|private|protected|sealed)\b|\s+", RegexOptions.Multiline)]
    private static partial Regex Ignored();

    [GeneratedRegex(@"[\\/](bin|obj)[\\/]")]
    private static partial Regex BuildOutput();
}
