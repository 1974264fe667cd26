using System.Globalization;
using PacGen.Nn;

namespace PacGen.Tests.Benchmarks;

/// <summary>What a file of weights says of its samples, held against those that it is used with.</summary>
internal sealed class TrainedSamplesTests
{
    private static readonly string[] Short = ["--hidden", "8", "--epochs", "1", "--psi", "off", "--batch-size", "8"];

    /// <summary>A network is certified on what it has not seen, whatever became of its table.</summary>
    [Test]
    public void OnlyWhatWasHeldOutIsCertifiedOn()
    {
        using Folder folder = new();
        string table = folder["t.csv"], weights = folder["w.safetensors"];
        File.WriteAllText(table, "a,b,y\n" + Rows(0, 100));
        Ran("train", "--dataset", $"csv:{table}", "--save", weights);
        string[] certify = ["certify", "--weights", weights, "--draws", "100"];
        ProgramRun.Of(certify).RequireRefusal(2, "Files that another file names are not opened by themselves");
        Assert.That(Certify($"csv:{table}").ExitCode, Is.Zero);
        string detour = $"csv:{folder["."]}{Path.DirectorySeparatorChar}t.csv";
        Assert.That(Certify(detour).ExitCode, Is.Zero);
        Refused(Certify(detour, "--test-seed", "2"));
        File.AppendAllText(table, Rows(100, 1));
        Refused(Certify($"csv:{table}"));
        Assert.That(Certify($"csv:{table}", "--unseen").ExitCode, Is.Zero);
        File.WriteAllText(folder["new.csv"], "a,b,y\n" + Rows(200, 100));
        Refused(Certify($"csv:{folder["new.csv"]}"));
        Assert.That(Certify($"csv:{folder["new.csv"]}", "--unseen").ExitCode, Is.Zero);

        ProgramRun Certify(string name, params string[] more) => ProgramRun.Of([.. certify, "--dataset", name, .. more]);

        static void Refused(ProgramRun run)
        {
            Assert.That(run.ExitCode, Is.EqualTo(2));
            Assert.That(run.ErrorLines[^1], Does.Contain("are not those that were held out when").And.Contain("--unseen"));
        }
    }

    /// <summary>Numbers "of the training samples" are not those of samples that the network never saw without a word.</summary>
    [Test]
    public void OtherTrainingSamplesAreNamed()
    {
        using Folder folder = new();
        string weights = folder["w.safetensors"], table = folder["t.csv"];
        Ran("train", "--limit", "64", "--save", weights);
        string[] measure = ["measure", "--measures", "training-loss,pacgen-score", "--weights"];
        Assert.That(ProgramRun.Of([.. measure, weights]).Output, Does.Contain(
            "was trained on 64 of the 1,438 training samples").And.Contain("--limit 64"));
        Assert.That(ProgramRun.Of([.. measure, weights, "--limit", "64"]).Output, Does.Not.Contain("Warning"));
        Assert.That(ProgramRun.Of([.. measure, weights, "--limit", "32"]).Output, Does.Not.Contain("Warning").And.Not.Contain(
            "not taken"), "a part of them, in a smaller batch");
        ProgramRun large = ProgramRun.Of("score", "--weights", weights, "--dataset", "penguins");
        Assert.That(large.Output, Does.Contain("trained on samples of 8×8×1, and those of penguins are 11"));
        Assert.That(large.ExitCode, Is.Not.Zero);
        File.WriteAllText(table, "a,b,y\n" + Rows(0, 100));
        Ran("train", "--dataset", $"csv:{table}", "--save", weights);
        Assert.That(Score(), Does.Not.Contain("Warning"));
        foreach ((int first, int count) in new[] { (1, 100), (0, 101) })
        {
            File.WriteAllText(table, "a,b,y\n" + Rows(first, count));
            Assert.That(Score(), Does.Contain("are not those that").And.Contain("was trained on").And.Not.Contain("--limit"));
        }

        File.WriteAllText(table, "a,b,y\n" + Rows(0, 100));
        Ran("train", "--dataset", $"csv:{table}", "--limit", "40", "--save", weights);
        Assert.That(Score(), Does.Contain("--limit 40"));
        Ran("train", "--dataset", $"csv:{table}", "--target", "b", "--ignore", "y", "--save", weights);
        Assert.That(Score(), Does.Not.Contain("Warning"), "targets that were standardised are the same rows");
        ProgramRun stages = ProgramRun.Of(
            "certify", "--dataset", $"csv:{table}", "--stages", "2", "--hidden", "8", "--prior-epochs", "1",
            "--posterior-epochs", "1", "--batch-size", "8", "--save", folder["m"]);
        Assert.That(stages.ExitCode, Is.Zero, stages.Error);
        ProgramRun one = ProgramRun.Of(
            "certify", "--weights", Path.Combine(folder["m"], "stage-2.safetensors"), "--dataset", $"csv:{table}", "--draws",
            "100");
        Assert.That(one.ExitCode, Is.Zero, one.Error);
        Assert.That(one.Output, Does.Not.Contain("Warning"));

        string Score() => ProgramRun.Of("score", "--weights", weights, "--dataset", $"csv:{table}").Output;
    }

    /// <summary>Classes of folders go by the order of their names: other names are other classes.</summary>
    [Test]
    public void FoldersOfOtherNamesAreRefused()
    {
        using Folder folder = new();
        foreach ((string set, string first, string second) in new[] { ("one", "cats", "dogs"), ("two", "zebras", "ants") })
        {
            foreach ((string name, byte shade) in new[] { (first, (byte)20), (second, (byte)220) })
            {
                Directory.CreateDirectory(folder[$"{set}/{name}"]);
                for (int i = 0; i < 10; i++)
                {
                    using SkiaSharp.SKBitmap bitmap = new(6, 6);
                    bitmap.Erase(new SkiaSharp.SKColor(shade, (byte)(10 * i), shade));
                    using FileStream file = File.Create(folder[$"{set}/{name}/{i}.png"]);
                    bitmap.Encode(file, SkiaSharp.SKEncodedImageFormat.Png, 100);
                }
            }
        }

        string weights = folder["w.safetensors"];
        Ran("train", "--dataset", $"folder:{folder["one"]}", "--save", weights);
        Assert.That(ProgramRun.Of("score", "--weights", weights, "--dataset", $"folder:{folder["one"]}").ExitCode, Is.Zero);
        ProgramRun other = ProgramRun.Of("score", "--weights", weights, "--dataset", $"folder:{folder["two"]}");
        Assert.That(other.ExitCode, Is.EqualTo(2));
        Assert.That(other.ErrorLines[^1], Does.Contain("the classes cats, dogs, but those of").And.Contain("are ants, zebras"));
        Ran("train", "--dataset", $"folder:{folder["one"]}", "--image-size", "4", "--save", weights);
        Assert.That(
            ProgramRun.Of("score", "--weights", weights, "--dataset", $"folder:{folder["one"]}").Output,
            Does.Contain("trained on samples of 4×4×3").And.Contain("(--image-size").And.Not.Contain("divided otherwise"));
    }

    private static void Ran(params string[] line)
    {
        ProgramRun run = ProgramRun.Of([.. line, .. Short]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
    }

    private static string Rows(int from, int count) => string.Concat(Enumerable.Range(from, count).Select(i => string.Create(
        CultureInfo.InvariantCulture, $"{Math.Sin(i)},{Math.Cos(3 * i)},{(i % 3 == 0 ? "yes" : "no")}\n")));
}
