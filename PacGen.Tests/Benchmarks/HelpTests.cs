using System.CommandLine;
using System.CommandLine.Help;
using PacGen.Benchmarks;

namespace PacGen.Tests.Benchmarks;

internal sealed class HelpTests
{
    private static readonly StopRequest Never = new();

    private static IEnumerable<TestCaseData> Verbs => With("", Application.Tree(Never)).Select(
        verb => new TestCaseData(verb.Name, verb.Options).SetArgDisplayNames(verb.Name));

    [TestCaseSource(nameof(Verbs))]
    public void ListsEveryOption(string verb, string[] options)
    {
        ProgramRun help = ProgramRun.Of(["help", .. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--all"]);
        Assert.That(help.ExitCode, Is.Zero);
        Assert.That(help.Error, Is.Empty);
        Assert.That(Listed(help).Except(["--version", "--help", "--help-all"]), Is.EquivalentTo(options));
        Assert.That(help.Output, Does.Not.Contain(" { ").And.Not.Contain("System."), "a default that shows its type's fields");
    }

    /// <summary>The verbs are those of the program: were the tree empty, the test above would find nothing amiss.</summary>
    [Test]
    public void EveryVerbIsAsked()
    {
        string[] asked = [.. Verbs.Select(verb => (string)verb.Arguments[0]!)];
        Assert.That(asked, Is.SupersetOf(new[] { "", "train", "figure 7", "study show", "completion bash" }));
        Assert.That(Verbs.Single(verb => "train".Equals(verb.Arguments[0])).Arguments[1], Does.Contain("--learning-rate"));
        Assert.That(
            Verbs.Single(verb => "devices".Equals(verb.Arguments[0])).Arguments[1], Is.EqualTo(new[] { "--csv", "--json" }));
    }

    [TestCase("help", "--help")]
    [TestCase("help train", "train --help")]
    [TestCase("help figure 1", "figure 1 --help")]
    public void HelpIsAVerbToo(string line, string same)
    {
        ProgramRun help = ProgramRun.Of(line.Split(' '));
        Assert.That(help, Is.EqualTo(ProgramRun.Of(same.Split(' '))));
        Assert.That(help.ExitCode, Is.Zero);
        Assert.That(help.Output, Does.StartWith("Description:"));
    }

    /// <summary>The short help explains some options and names all others.</summary>
    [TestCase("train")]
    [TestCase("score")]
    [TestCase("measure")]
    [TestCase("certify")]
    [TestCase("export")]
    [TestCase("study run")]
    [TestCase("figure 7")]
    [TestCase("experiment hyper")]
    [TestCase("experiment optimizers")]
    public void TheShortHelpNamesWhatItDoesNotExplain(string verb)
    {
        ProgramRun brief = ProgramRun.Of([.. verb.Split(' '), "--help"]);
        ProgramRun whole = ProgramRun.Of(["help", .. verb.Split(' '), "--all"]);
        string[] all = [.. Listed(whole)];
        string[] named = [.. brief.Output.Split((char[])[' ', ',', '\n'], StringSplitOptions.RemoveEmptyEntries)];
        Assert.That(all.Where(option => !named.Contains(option)), Is.Empty);
        Assert.That(brief.OutputLines, Has.Length.LessThan(whole.OutputLines.Length));
        Assert.That(brief.Output, Does.Contain("Main options:").And.Contain($"pacgen help {verb} --all"));
    }

    [Test]
    public void NamesEveryVerb() => Assert.That(ProgramRun.Of("--help").Output, Does
        .Contain("train").And.Contain("score").And.Contain("certify").And.Contain("figure").And.Contain("experiment")
        .And.Contain("devices").And.Contain("bench").And.Contain("compare"));

    [TestCase("--learning-rate, --lr", "(0, ∞)", "0.001 for adam")]
    [TestCase("--epochs", "1 or more", "[default: 10]")]
    [TestCase("--eta", "(0, ∞)", "100 for sgd")]
    [TestCase("--momentum", "[0, 1)", "without it 0.9")]
    public void SaysRangeAndDefault(string option, string range, string fallback)
    {
        string help =
            string.Join(' ', ProgramRun.Of("help", "train", "--all").Output.Split(
                (char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        string text = help[help.IndexOf($"{option} <", StringComparison.Ordinal)..];
        int next = text.IndexOf("> ", text.IndexOf('>', StringComparison.Ordinal) + 1, StringComparison.Ordinal);
        text = text[..next];
        Assert.That(text, Does.Contain(range).And.Contain(fallback));
    }

    /// <summary>What a shell's script asks: the line, and where the cursor is in it.</summary>
    [TestCase("pacgen tra", "train")]
    [TestCase("pacgen train --plo", "--plot")]
    [TestCase("pacgen train --optimizer ad", "adam", "adamw")]
    [TestCase("pacgen train --dataset par", "parquet:")]
    [TestCase("pacgen study re", "report")]
    [TestCase("pacgen no-such-verb --plo")]
    public void Suggests(string line, params string[] words)
    {
        ProgramRun suggested = ProgramRun.Of($"[suggest:{line.Length}]", line);
        Assert.That(suggested.ExitCode, Is.Zero);
        Assert.That(suggested.OutputLines.Select(word => word.TrimEnd('\r')), Is.EqualTo(words));
    }

    [Test]
    public void DevicesListsTheCpuAndWhatIsMissing()
    {
        ProgramRun devices = ProgramRun.Of("devices");
        Assert.That(devices.ExitCode, Is.Zero);
        Assert.That(devices.Output, Does.Contain("cpu").And.Contain("simulator").And.Contain("GiB"));
    }

    /// <summary>The names of a command's options and of all below it.</summary>
    private static IEnumerable<(string Name, string[] Options)> With(string name, Command command) =>
        command.Subcommands.SelectMany(verb => With($"{name} {verb.Name}".Trim(), verb)).Prepend((name,
        [
            .. command.Options.Where(option => !option.Hidden && option is not (HelpOption or VersionOption))
                .Select(option => option.Name).Where(option => option != "--help-all"),
        ]));

    private static IEnumerable<string> Listed(ProgramRun help) => help.OutputLines
        .Where(line => line.StartsWith("  --", StringComparison.Ordinal)).Select(line => line.Trim().Split(' ', ',')[0]);
}
