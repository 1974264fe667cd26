using System.Text.RegularExpressions;

namespace PacGen.Tests;

/// <summary>The code on the pages that say how to add something stands in a source that is compiled and tested.</summary>
internal sealed partial class DocumentedCodeTests
{
    private static readonly Lazy<string[]> Sources = new(() =>
    [
        .. new[] { "PacGen.Core", "PacGen.Kernels", "PacGen.Nn", "PacGen.Benchmarks", "PacGen.Tests" }.SelectMany(
            project => Directory.EnumerateFiles(Path.Combine(HouseTests.Root, project), "*.cs", SearchOption.AllDirectories))
            .Where(path => !BuildOutput().IsMatch(path)).Select(path => Bare(File.ReadAllText(path))),
    ]);

    private static IEnumerable<string> Pages =>
        Directory.EnumerateFiles(Path.Combine(HouseTests.Root, "docs"), "adding-*.md").Select(Path.GetFileName).Order()!;

    [TestCaseSource(nameof(Pages))]
    public void StandsInASource(string page)
    {
        MatchCollection blocks = CodeBlock().Matches(File.ReadAllText(Path.Combine(HouseTests.Root, "docs", page)));
        Assert.That(blocks, Is.Not.Empty);
        foreach (string code in blocks.Select(block => block.Groups[1].Value))
        {
            Assert.That(Sources.Value.Any(source => source.Contains(Bare(code), StringComparison.Ordinal)), Is.True, code);
        }
    }

    /// <summary>Without comments, space, and who may see what.</summary>
    private static string Bare(string code) => Ignored().Replace(code, "");

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"//[^\n]*|\b(public|internal|private|protected|sealed)\b|\s+")]
    private static partial Regex Ignored();

    [GeneratedRegex(@"[\\/](bin|obj)[\\/]")]
    private static partial Regex BuildOutput();
}
