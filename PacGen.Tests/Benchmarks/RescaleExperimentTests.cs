using System.Globalization;
using PacGen.Benchmarks;

namespace PacGen.Tests.Benchmarks;

internal sealed class RescaleExperimentTests
{
    private static readonly string[] Quick =
        ["experiment", "rescale", "--images", "96", "--hidden", "4", "--epochs", "3", "--alphas", "3", "--draws", "2",
            "--directions", "3"];

    [Test]
    public void ListsEveryOption()
    {
        ProgramRun help = ProgramRun.Of("help", "experiment", "rescale", "--all");
        Assert.That(help.ExitCode, Is.Zero);
        Assert.That(
            help.OutputLines.Select(line => line.Trim()).Where(line => line.StartsWith("--", StringComparison.Ordinal)).Select(
                line => line.Split(' ')[0]),
            Is.EquivalentTo(new[]
            {
                "--dataset", "--images", "--hidden", "--epochs", "--alphas", "--draws", "--sigma", "--box", "--directions",
                    "--gamma", "--epsilon", "--delta",
                "--smallest-probability", "--seed", "--device", "--products", "--convolutions", "--tiles", "--threads",
                "--labels", "--limit", "--image-size",
                "--data", "--target", "--target-kind", "--ignore", "--missing", "--test-part", "--test-seed",
                "--normalization", "--no-download", "--output", "--size", "--format", "--text-scale",
            }));
        Assert.That(ProgramRun.Of("experiment", "--help").Output, Does.Contain("rescale"));
        Assert.That(ProgramRun.Of("--help").Output, Does.Contain("experiment"));
    }

    [TestCase("say which experiment: rescale, hyper or optimizers, such as pacgen experiment rescale.", "experiment")]
    [TestCase("See pacgen experiment rescale --help", "experiment", "rescale", "--nothing")]
    [TestCase("--alphas is 4, but must be odd", "experiment", "rescale", "--alphas", "4")]
    [TestCase("--alphas is '1'", "experiment", "rescale", "--alphas", "1")]
    [TestCase("--delta is '1'", "experiment", "rescale", "--delta", "1")]
    [TestCase("--images is 8", "experiment", "rescale", "--images", "8")]
    [TestCase("--directions is 5000", "experiment", "rescale", "--directions", "5000")]
    public void AWrongCommandLineIsOneLine(string says, params string[] args)
    {
        ProgramRun run = ProgramRun.Of(args);
        run.RequireRefusal(2, says);
    }

    [Test]
    public void AFolderThatIsNotThereIsSeenBeforeTheWork()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of([.. Quick, "--output", folder["none"]]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Output, Is.Empty);
        Assert.That(run.Error, Does.Contain("--output"));
    }

    [Test]
    public void LeavesPictureNumbersAndFindings()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of([.. Quick, "--output", folder[""]]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(folder.Files, Is.EqualTo(new[] { "rescale.csv", "rescale.md", "rescale.png" }));
        Assert.That(run.Output, Does.Contain("The function stays (22)").And.Contain("The paper's claim (section 6)").And.Contain(
            "3 of 3 α"));
        string page = File.ReadAllText(folder["rescale.md"]);
        Assert.That(page, Does.Contain("](rescale.png)").And.Contain(
            "- command: `pacgen experiment rescale --images 96").And.Contain("| Lemma 8 (20) |"));
        Assert.That(File.ReadAllBytes(folder["rescale.png"])[1..4], Is.EqualTo("PNG"u8.ToArray()));

        Dictionary<string, double[]> numbers = Read(folder["rescale.csv"]);
        Assert.That(numbers["alpha"], Is.EqualTo(new[] { 0.01, 1, 100 }));
        Assert.That(numbers["output_change"], Has.All.LessThan(1e-5));
        Assert.That(numbers["output_change"][1], Is.Zero);

        // (23): α⁻² at the small end, α² at the large, where the other layer's block no longer counts.
        double[] largest = numbers["lambda_max"];
        Assert.That(largest[0] / largest[1], Is.GreaterThan(100));
        Assert.That(largest[2] / largest[1], Is.GreaterThan(100));
        Assert.That(numbers["lemma6"].Max() / numbers["lemma6"].Min(), Is.LessThan(10), "behind a logarithm");
        Assert.That(numbers["lemma8"].Max() / numbers["lemma8"].Min(), Is.LessThan(10));
        Assert.That(numbers.Values.SelectMany(column => column), Has.All.Not.NaN);
    }

    [Test]
    public void OneSeedRepeatsBitForBitWithAnyThreads()
    {
        using Folder folder = new();
        string[] Of(params string[] more)
        {
            ProgramRun run = ProgramRun.Of([.. Quick, "--output", folder[""], .. more]);
            Assert.That(run.ExitCode, Is.Zero, run.Error);
            return File.ReadAllLines(folder["rescale.csv"]);
        }

        string[] first = Of("--threads", "1");
        Assert.That(Of("--threads", "2"), Is.EqualTo(first));
        Assert.That(Of("--seed", "2"), Is.Not.EqualTo(first));
    }

    [Test]
    public void AStoppedRunKeepsWhatItHas()
    {
        using Folder folder = new();
        using StopRequest stop = new();
        string[] args = [.. ProgramRun.With(Quick, "--alphas", "25"), "--output", folder[""]];
        ProgramRun run = ProgramRun.UpTo(" 2 of 25: ", () => stop.Make(130), stop, args);
        Assert.That(run.ExitCode, Is.EqualTo(130));
        Assert.That(run.Error, Does.Contain("stopped. Kept: 2 of 25 α"));
        Assert.That(Read(folder["rescale.csv"])["alpha"], Is.EqualTo(new[] { 0.01, 1 }));
        Assert.That(File.ReadAllText(folder["rescale.md"]), Does.Contain("- stopped after 2 of 25 α"));
    }

    [Test]
    public void AStopBeforeTheFirstAlphaKeepsNothing()
    {
        using Folder folder = new();
        using StopRequest stop = new();
        stop.Make(143);
        ProgramRun run = ProgramRun.Of(stop, [.. Quick, "--output", folder[""]]);
        Assert.That(run.ExitCode, Is.EqualTo(143));
        Assert.That(run.Error, Does.Contain("stopped before there was anything to keep"));
        Assert.That(folder.Files, Is.Empty);
    }

    private static Dictionary<string, double[]> Read(string path)
    {
        string[][] rows = [.. File.ReadAllLines(path).Select(line => line.Split(','))];
        return Enumerable.Range(0, rows[0].Length).ToDictionary(
            column => rows[0][column],
            column => rows.Skip(1).Select(row => double.Parse(row[column], CultureInfo.InvariantCulture)).ToArray());
    }
}
