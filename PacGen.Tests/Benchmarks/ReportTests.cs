using System.Text.RegularExpressions;

namespace PacGen.Tests.Benchmarks;

/// <summary><c>--report</c>: one HTML file with plots, tables, settings, machine and command.</summary>
internal sealed partial class ReportTests
{
    [Test]
    public void EachVerbLeavesOneFileThatAsksForNothingElse()
    {
        using Folder folder = new();
        string weights = folder["w.safetensors"];
        Run("train", "--epochs", "2", "--hidden", "4", "--psi-draws", "6", "--save", weights, "--report", folder["train.html"]);
        Run("train", "--epochs", "2", "--hidden", "4", "--seeds", "2", "--psi", "off", "--report", folder["seeds.html"]);
        Run("score", "--weights", weights, "--psi-images", "64", "--csv", folder["score.csv"], "--report", folder["score.html"]);
        Run("measure", "--weights", weights, "--measures", "parameter-count,trace", "--images", "64", "--report",
            folder["measure.html"], "--json");
        Run("certify", "--hidden", "4", "--prior-epochs", "1", "--posterior-epochs", "1", "--draws", "2000", "--report",
            folder["certify.html"], "--csv", folder["certify.csv"]);
        foreach (string name in new[] { "train", "seeds", "score", "measure", "certify" })
        {
            string page = File.ReadAllText(folder[$"{name}.html"]);
            Assert.That(Outside().Matches(page.Replace("http://www.w3.org/", "", StringComparison.Ordinal)), Is.Empty, name);
            Assert.That(page, Does.Contain("<svg ").And.Contain("viewBox").And.Contain("<table>"), name);
            Assert.That(page, Does.Contain($"pacgen {(name == "seeds" ? "train" : name)} --").And.Contain("processor"), name);
            string[] ids = [.. Ids().Matches(page).Select(match => match.Value)];
            Assert.That(ids, Is.Unique.And.Not.Empty, $"{name}: parts of two plots would be taken for each other");
        }

        Assert.That(File.ReadAllText(folder["seeds.html"]), Does.Contain("95 % interval"));
        Assert.That(
            File.ReadAllLines(folder["score.csv"]), Has.Some.StartsWith("estimator,median,").And.Some.StartsWith("layer,"));
        Assert.That(File.ReadAllLines(folder["certify.csv"]), Has.Some.StartsWith("zeroOne.certificate,0."));

        static void Run(params string[] args)
        {
            ProgramRun run = ProgramRun.Of(args);
            Assert.That(run.ExitCode, Is.Zero, run.Error);
        }
    }

    /// <summary>Whatever a file is called, its name is text in the page.</summary>
    [Test]
    public void NamesAreText()
    {
        using Folder folder = new();
        string weights = folder["<img src=x onerror=alert(1)>&*a*[b](c).safetensors"];
        ProgramRun run = ProgramRun.Of(
            "train", "--epochs", "1", "--hidden", "4", "--psi", "off", "--save", weights, "--report", folder["r.html"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        string page = File.ReadAllText(folder["r.html"]);
        Assert.That(page, Does.Not.Contain("<img").And.Contain("&lt;img src=x onerror=alert(1)&gt;&amp;*a*[b](c).safetensors"));
    }

    [Test]
    public void AReportIsHtml() => ProgramRun.Of("train", "--report", "a.pdf").RequireRefusal(2, "written as .html or .htm");

    [GeneratedRegex("(src|href)=\"|https?://|@import|url\\((?!#)")]
    private static partial Regex Outside();

    [GeneratedRegex("\\bid=\"[^\"]+\"")]
    private static partial Regex Ids();
}
