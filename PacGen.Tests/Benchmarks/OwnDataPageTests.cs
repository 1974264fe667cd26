using System.Globalization;
using System.Text.RegularExpressions;

namespace PacGen.Tests.Benchmarks;

/// <summary>docs/own-data.md: its commands are run, one after the other, and its numbers are theirs.</summary>
internal sealed partial class OwnDataPageTests
{
    [Test]
    public void EachCommandRuns()
    {
        string page = File.ReadAllText(Path.Combine(HouseTests.Root, "docs", "own-data.md"));
        using Folder folder = new();
        string table = Path.Combine(HouseTests.Root, "PacGen.Nn", "Data", "Penguins", "penguins.csv");
        string[] lines = [.. Command().Matches(page).Select(match => match.Groups[1].Value)];
        Assert.That(lines, Has.Length.EqualTo(6));
        ProgramRun[] runs = Array.ConvertAll(lines, line => ProgramRun.Of([.. line.Split(' ').Select(word => word switch
        {
            "csv:FILE" => $"csv:{table}",
            "COLUMN" => "body_mass_kg",
            _ => word.EndsWith(".png", StringComparison.Ordinal) || word.EndsWith(".safetensors", StringComparison.Ordinal)
                ? folder[word] : word,
        })]));
        foreach ((string line, ProgramRun run) in lines.Zip(runs))
        {
            Assert.That(run.ExitCode, Is.Zero, $"{line}: {run.Error}");
        }

        Assert.That(runs[0].Output, Does.Contain("266 + 67 rows").And.Contain("R²").And.Contain("mean absolute error"));
        Match said = Certified().Match(page);
        Match found = Bound().Match(runs[^1].Output);
        double Number(Match match) => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.That(100 * Number(found), Is.EqualTo(Number(said)).Within(0.5), "other vector widths round otherwise");
    }

    [GeneratedRegex(@"^pacgen ([^\n]+)$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"err on at most ([\d.]+) % of rows")]
    private static partial Regex Certified();

    [GeneratedRegex(@"certificate, probability [\d.]+[^\d]+([\d.]+)")]
    private static partial Regex Bound();
}
