using PacGen.Benchmarks;

namespace PacGen.Tests.Benchmarks;

/// <summary>
/// Outputs that would replace each other, or somebody's work, are refused before training; those that fail at the end lose
/// nothing.
/// </summary>
internal sealed class OutputFileTests
{
    private static readonly string[] Settings = ["train", "--epochs", "1", "--psi", "off", "--limit", "64", "--hidden", "4"];

    [Test]
    public void TwoOptionsForOneFileAreRefused()
    {
        using Folder folder = new();
        Directory.CreateDirectory(folder["real"]);
        Directory.CreateSymbolicLink(folder["link"], folder["real"]);
        File.CreateSymbolicLink(folder["real/alias"], folder["real/x"]);
        Refused("--log and --save both name", "--log", folder["x"], "--save", folder["x"]);
        Refused("--plot and --save both name", "--plot", folder["real/x"], "--save", folder["link/../link/./x"]);
        Refused("--log and --plot both name", "--log", folder["link/x"], "--plot", folder["real/alias"]);
        Refused("--log and --tensorboard both name", "--log", folder["t"], "--tensorboard", folder["t"]);
        Refused("checkpoints, or what belongs to them", "--checkpoint", folder["c"], "--save", folder["c/best.safetensors"]);
        Refused("checkpoints, or what belongs to them", "--checkpoint", folder["link"], "--log", folder["real/epochs.jsonl"]);
        Assert.That(folder.Files, Is.Empty);

        void Refused(string says, params string[] options)
        {
            ProgramRun run = ProgramRun.Of([.. Settings, .. options]);
            Assert.That((run.ExitCode, run.Output), Is.EqualTo((2, "")), run.Error);
            Assert.That(run.Error, Does.Contain(says));
        }
    }

    [Test]
    public void AFileOfAnotherKindIsLeftAlone()
    {
        using Folder folder = new();
        foreach (string option in new[] { "--log", "--save", "--plot" })
        {
            File.WriteAllText(folder["notes"], "export PATH\n");
            ProgramRun run = ProgramRun.Of([.. Settings, option, folder["notes"]]);
            Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")), run.Error);
            Assert.That(run.Error, Does.Contain("left alone"));
            Assert.That(File.ReadAllText(folder["notes"]), Is.EqualTo("export PATH\n"));
        }

        // What an earlier run wrote is replaced, or appended to.
        for (int run = 0; run < 2; run++)
        {
            ProgramRun again = ProgramRun.Of([.. Settings, "--log", folder["log"], "--save", folder["w"], "--plot", folder["p"]]);
            Assert.That(again.ExitCode, Is.Zero, again.Error);
        }

        Assert.That(File.ReadAllLines(folder["log"]), Has.Length.EqualTo(4));
    }

    /// <summary>The folder of the weights goes away while the run trains.</summary>
    [Test]
    public void WeightsThatFindNoPlaceAreKeptElsewhere([Values] bool checkpoints)
    {
        using Folder folder = new();
        Directory.CreateDirectory(folder["gone"]);
        string here = Environment.CurrentDirectory;
        Environment.CurrentDirectory = folder["."];
        try
        {
            using StopRequest stop = new();
            string[] kept = checkpoints ? ["--checkpoint", folder["c"]] : [];
            ProgramRun run = ProgramRun.UpTo(
                "\"epoch\":1", () => Directory.Delete(folder["gone"]), stop,
                [.. Settings, "--json", "--save", folder["gone/w"], "--plot", folder["gone/p"], .. kept]);
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(run.Error, Does.Contain("--save").And.Contain("--plot"), "one failure hides no other");
            string[] elsewhere = Directory.GetFiles(folder["."], "pacgen-weights-*.safetensors");
            if (checkpoints)
            {
                Assert.That(run.Error, Does.Contain($"The weights are in the newest checkpoint of {folder["c"]}"));
                Assert.That(elsewhere, Is.Empty);
            }
            else
            {
                Assert.That(run.Error, Does.Contain(Path.GetFileName(elsewhere.Single())));
                Assert.That(ProgramRun.Of("score", "--weights", elsewhere[0], "--limit", "64").ExitCode, Is.Zero);
            }
        }
        finally
        {
            Environment.CurrentDirectory = here;
        }
    }
}
