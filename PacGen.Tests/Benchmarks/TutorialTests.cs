using System.Text.RegularExpressions;

namespace PacGen.Tests.Benchmarks;

/// <summary>docs/tutorial.md: its commands are run one after the other in an empty folder.</summary>
internal sealed partial class TutorialTests
{
    [Test]
    public void EachCommandRunsAndWritesWhatItNames()
    {
        using Folder folder = new();
        string before = Environment.CurrentDirectory;
        string[] lines = [.. Command().Matches(File.ReadAllText(Path.Combine(HouseTests.Root, "docs", "tutorial.md")))
            .Select(match => match.Groups[1].Value)];
        Assert.That(lines, Has.Length.EqualTo(5));
        Environment.CurrentDirectory = folder[""];
        try
        {
            foreach (string line in lines)
            {
                // Fewer epochs than a reader's: what is tried here is the page, not the network.
                ProgramRun run = ProgramRun.Of(Epochs().Replace(line, "$1 2").Split(' '));
                Assert.That(run.ExitCode, Is.Zero, $"{line}: {run.Error}");
            }
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }

        Assert.That(
            folder.Files, Is.EqualTo(new[] { "certificate.html", "curves.png", "network.safetensors", "seeds.png" }));
    }

    [GeneratedRegex(@"^\$ pacgen ([^\n]+)$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"(--(?:prior-|posterior-)?epochs) \d+")]
    private static partial Regex Epochs();
}
