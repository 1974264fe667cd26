using System.Text.RegularExpressions;
using PacGen.Tests.Nn;

namespace PacGen.Tests.Benchmarks;

/// <summary>docs/own-network.md: its commands are run, its code stands in sources that are run.</summary>
internal sealed partial class OwnNetworkPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(HouseTests.Root, "docs", "own-network.md"));

    [Test]
    public void EachCommandRuns()
    {
        using Folder folder = new();
        File.Copy(TestNetworks.PathOf("mlp.onnx"), folder["network.onnx"]);
        File.Copy(TestNetworks.PathOf("mlp.pt"), folder["network.pt"]);
        File.Copy(TestNetworks.PathOf("mlp.safetensors"), folder["outputs.safetensors"]);
        string[] lines = [.. Command().Matches(Page).Select(match => match.Groups[1].Value)];
        Assert.That(lines, Has.Length.EqualTo(7));
        foreach (string line in lines)
        {
            ProgramRun run = ProgramRun.Of([.. line.Split(' ').Select(
                word => word.Contains('.', StringComparison.Ordinal) && !double.TryParse(word, out _) ? folder[word] : word)]);
            Assert.That(run.ExitCode, Is.Zero, $"{line}: {run.Error}");
        }
    }

    [Test]
    public void EachPieceOfCodeStandsInASource()
    {
        string sources = Bare(
            File.ReadAllText(Path.Combine(HouseTests.Root, "samples", "pytorch-network.cs"))
            + File.ReadAllText(Path.Combine(HouseTests.Root, "PacGen.Tests", "Networks", "make-networks.py")));
        MatchCollection blocks = Code().Matches(Page);
        Assert.That(blocks, Has.Count.EqualTo(4));
        foreach (string code in blocks.Select(block => block.Groups[1].Value))
        {
            Assert.That(sources, Does.Contain(Bare(code)));
        }
    }

    private static string Bare(string text) => string.Concat(text.Where(letter => !char.IsWhiteSpace(letter)));

    [GeneratedRegex(@"^\$ pacgen ([^\n]+)$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"```(?:csharp|python)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();
}
