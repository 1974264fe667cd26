using System.Globalization;
using PacGen.Benchmarks;

namespace PacGen.Tests.Benchmarks;

internal sealed class FigureVerbTests
{
    private static readonly byte[] PngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G'];
    private static readonly string[] OfFigure1 = ["figure-1-optima.csv", "figure-1-samples.csv", "figure-1.csv", "figure-1.png"];

    [Test]
    public void Figure1LeavesItsPictureAndNumbers()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of("figure", "1", "--points", "41", "--size", "400", "--output", folder[""]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(folder.Files, Is.EquivalentTo(OfFigure1));
        Assert.That(File.ReadAllBytes(folder["figure-1.png"])[..4], Is.EqualTo(PngSignature));
        Assert.That(
            run.Output, Does.Contain("sharp global").And.Contain("flat").And.Contain("Ψ").And.Contain("bound (13), η = 39"));

        string[] grid = File.ReadAllLines(folder["figure-1.csv"]);
        Assert.That(grid[0], Is.EqualTo("w1,w2,loss,psi,bound"));
        Assert.That(grid, Has.Length.EqualTo(1 + (14 * 14)), "every third of 41 lines");
        Assert.That(
            grid.Skip(1).SelectMany(row => row.Split(',')).Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)),
            Is.All.Matches<double>(double.IsFinite));
        Assert.That(File.ReadAllLines(folder["figure-1-samples.csv"]), Has.Length.EqualTo(101));
        Assert.That(
            File.ReadAllLines(folder["figure-1-samples.csv"])[0], Is.EqualTo("x1,x2,gaussian,label,p_sharp_global,p_flat"));
        Assert.That(File.ReadAllLines(folder["figure-1-optima.csv"])[1], Does.StartWith("sharp global,"));
    }

    [Test]
    public void OneSeedRepeatsByteForByteWithAnyThreads()
    {
        using Folder first = new(), second = new(), other = new();
        Draw(first, "--threads", "1");
        Draw(second, "--threads", "2");
        Draw(other, "--seed", "10");
        foreach (string file in OfFigure1)
        {
            Assert.That(File.ReadAllBytes(second[file]), Is.EqualTo(File.ReadAllBytes(first[file])), file);
            Assert.That(File.ReadAllBytes(other[file]), Is.Not.EqualTo(File.ReadAllBytes(first[file])), file);
        }

        static void Draw(Folder folder, params string[] more) =>
            Assert.That(
                ProgramRun.Of(["figure", "1", "--points", "31", "--size", "400", "--output", folder[""], .. more]).ExitCode,
                Is.Zero);
    }

    [Test]
    public void ASeedWithoutAFlatOptimumIsDrawnAndSaidToBeOne()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of("figure", "1", "--seed", "4", "--points", "41", "--size", "400", "--output", folder[""]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("take another seed, such as 38"));
        Assert.That(folder.Files, Is.EquivalentTo(OfFigure1));
    }

    [Test]
    public void TheSurveyCountsSeeds()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of("figure", "1", "--survey", "3", "--points", "21", "--size", "400", "--output", folder[""]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("seeds 1 to 3").And.Contain("both exist").And.Contain("Both exist at seeds"));
    }

    [Test]
    public void Figure2LeavesItsPictureAndNumbers()
    {
        using Folder folder = new();
        ProgramRun run = ProgramRun.Of("figure", "2", "--size", "400", "--output", folder[""]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(folder.Files, Is.EqualTo(new[] { "figure-2.csv", "figure-2.png" }));
        Assert.That(File.ReadAllBytes(folder["figure-2.png"])[..4], Is.EqualTo(PngSignature));
        double[][] rows = [.. File.ReadAllLines(folder["figure-2.csv"]).Skip(1).Select(
            row => row.Split(',').Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];
        Assert.That(rows, Has.Length.EqualTo(61));
        Assert.That(rows.Select(row => row[6]), Is.Ordered.And.All.Positive, "the metric grows with the curvature");
        Assert.That(rows.All(row => row[6] >= row[4]), "the metric bounds the increase");
    }

    [Test]
    public void ThePicturesFormatAndTextAreAskedFor()
    {
        using Folder folder = new(), larger = new();
        Assert.That(ProgramRun.Of("figure", "2", "--format", "svg", "--output", folder[""]).ExitCode, Is.Zero);
        Assert.That(folder.Files, Is.EqualTo(new[] { "figure-2.csv", "figure-2.svg" }));
        string svg = File.ReadAllText(folder["figure-2.svg"]);
        Assert.That(svg, Does.StartWith("<?xml").And.Contain("width=\"1600\" height=\"1080\""));
        Assert.That(
            ProgramRun.Of("figure", "2", "--format", "svg", "--text-scale", "1.5", "--output", larger[""]).ExitCode, Is.Zero);
        Assert.That(
            File.ReadAllText(larger["figure-2.svg"]), Is.Not.EqualTo(svg).And.Contain("width=\"1600\" height=\"1080\""));
    }

    [Test]
    public void AStopLeavesNothing()
    {
        using Folder folder = new();
        using StopRequest stop = new();
        stop.Make(130);
        ProgramRun run = ProgramRun.Of(stop, "figure", "1", "--output", folder[""]);
        Assert.That(run.ExitCode, Is.EqualTo(130));
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1));
        Assert.That(folder.Files, Is.Empty);
    }

    [TestCase("figure", 2, "say which figure: 1, 2, 3, 4, 5, 6 or 7, such as pacgen figure 1")]
    [TestCase("figure 9", 2, "There is no figure 9; there are 1, 2, 3, 4, 5, 6, 7. See pacgen figure --help.")]
    [TestCase("figure one", 2, "there are 1, 2, 3, 4, 5, 6, 7")]
    [TestCase("figure --seed 8", 2, "write pacgen figure 1 --seed")]
    [TestCase("figure 1 --size 10", 2, "at least 200")]
    [TestCase("figure 1 --size 100000", 2, "at most 8000")]
    [TestCase("figure 2 --format gif", 2, "--format takes png, jpg, webp, bmp, svg, pdf, not 'gif'")]
    [TestCase("figure 2 --text-scale 4", 2, "[0.5, 3]")]
    [TestCase("figure 1 --points 3", 2, "21 or more")]
    [TestCase("figure 1 --seed x", 2, "0 to 18446744073709551615")]
    [TestCase("figure 1 --sed 3", 2, "did you mean --seed? See pacgen figure 1 --help.")]
    [TestCase("figure 2 --sigma 0", 2, "(0, 1.6]")]
    [TestCase("figure 2 --seed 3", 2, "There is no option --seed")]
    [TestCase("figure 1 --output no/such/folder", 1, "there is no folder")]
    public void WrongArguments(string line, int code, string says)
    {
        ProgramRun run = ProgramRun.Of(line.Split(' '));
        run.RequireRefusal(code, says);
        Assert.That(run.Output, Is.Empty);
    }
}
