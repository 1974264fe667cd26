using System.Text;
using System.Text.Json.Nodes;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Runs that write one log: the lines of all stay, and a run that goes on takes back its own alone.</summary>
internal sealed class SharedLogTests
{
    [Test]
    public void LinesOfTwoRunsThatWriteAtOnceStay()
    {
        using TemporaryFolder folder = new();
        const int Epochs = 40;
        using Barrier together = new(2);
        Exception?[] failures = new Exception?[2];
        Thread[] threads = [.. failures.Select((_, i) => new Thread(() =>
        {
            try
            {
                using CpuDevice device = new(1);
                using Trainer trainer =
                    Create(new TrainingOptions { Epochs = Epochs, Seed = (ulong)i, LogPath = folder["log"], Device = device });
                together.SignalAndWait();
                trainer.Run();
            }
            catch (Exception error)
            {
                failures[i] = error;
                together.RemoveParticipant();
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.That(failures, Is.All.Null);
        JsonObject[] lines = Lines(folder["log"]);
        Assert.That(lines, Has.Length.EqualTo(2 * (Epochs + 1)));
        foreach (IGrouping<string, JsonObject> run in lines.GroupBy(line => (string)line["run"]!))
        {
            Assert.That(run.Skip(1).Select(line => (int)line["epoch"]!), Is.EqualTo(Enumerable.Range(1, Epochs)));
        }
    }

    /// <summary>
    /// The checkpoint is of epoch 1; the log has epochs 2 and 3 as well, with another run's lines before, between and behind.
    /// </summary>
    [Test]
    public void AResumedRunTakesBackItsOwnLinesAlone([Values] bool otherHasItOpen)
    {
        using TemporaryFolder folder = new();
        TrainingOptions options =
            new() { Epochs = 3, LogPath = folder["log"], Checkpoints = new CheckpointOptions(folder["run"]) { Keep = 10 } };
        File.WriteAllText(folder["log"], "{\"other\":1}\n");
        using (Trainer trainer = Create(options))
        {
            trainer.Run(result => File.AppendAllText(folder["log"], $"{{\"other\":{result.Epoch + 1}}}\n"));
        }

        foreach (string newer in new CheckpointFolder(folder["run"]).Checkpoints.Take(2))
        {
            File.Delete(newer);
        }

        using (LineFile? open = otherHasItOpen ? new LineFile(folder["log"]) : null)
        {
            using Trainer resumed = Create(options);
            Assert.That(resumed.Resume(folder["run"]).Epochs, Is.EqualTo(1));
            resumed.Run();
        }

        JsonObject[] lines = Lines(folder["log"]);
        Assert.That(
            lines.Where(line => line["other"] is not null).Select(line => (int)line["other"]!), Is.EqualTo(new[] { 1, 2, 3, 4 }));
        JsonObject[] own = [.. lines.Where(line => line["run"] is not null)];
        Assert.That(own.Select(line => (int?)line["epoch"]), Is.EqualTo(new int?[] { null, 1, 2, 3 }));
        Assert.That(own.Select(line => (string)line["run"]!).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public void ATornLastLineIsEnded()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["log"], "{\"whole\":1}\n{\"torn\":");
        using (Trainer trainer = Create(new TrainingOptions { Epochs = 1, LogPath = folder["log"] }))
        {
            trainer.Run();
        }

        string[] lines = File.ReadAllLines(folder["log"]);
        Assert.That(lines, Has.Length.EqualTo(4));
        Assert.That(lines[1], Is.EqualTo("{\"torn\":"));
        Assert.That((int)JsonNode.Parse(lines[3])!["epoch"]!, Is.EqualTo(1));
    }

    /// <summary>A write that goes on is seen up to the end of a page; the line is not taken for a torn one.</summary>
    [Test]
    public void ALineThatIsBeingWrittenIsAwaited()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["log"], "{\"a\":1}\n".PadRight(4096, '2'));
        using LineFile log = new(folder["log"]);
        Task appended = Task.Run(() => log.Append("{\"b\":1}\n"u8.ToArray()));
        Assert.That(appended.Wait(50), Is.False);
        File.AppendAllText(folder["log"], "3\n");
        appended.Wait();
        Assert.That(File.ReadAllLines(folder["log"])[1..], Is.EqualTo(new[] { new string('2', 4088) + "3", "{\"b\":1}" }));
    }

    [Test]
    public void OwnLinesThatAreTornGo()
    {
        using TemporaryFolder folder = new();
        byte[] start = Encoding.UTF8.GetBytes("{\"run\":\"abc\",");
        foreach (string torn in new[] { "{\"run\":\"abc\",\"ep", "{\"run\":\"a", "{" })
        {
            File.WriteAllText(folder["log"], "{\"run\":\"abc\",1}\n{\"run\":\"abd\",2}\n" + torn);
            Assert.That(LineFile.Cut(folder["log"], start, 1), Is.EqualTo(1));
            Assert.That(File.ReadAllText(folder["log"]), Is.EqualTo("{\"run\":\"abc\",1}\n{\"run\":\"abd\",2}\n"), torn);
        }

        Assert.That(LineFile.Cut(folder["log"], start, 0), Is.Zero);
        Assert.That(
            File.ReadAllText(folder["log"]).TrimStart(' '), Is.EqualTo("{\"run\":\"abd\",2}\n"),
            "another's line stays, behind blanks");
    }

    private static JsonObject[] Lines(string path) =>
        [.. File.ReadAllLines(path).Select(line => JsonNode.Parse(line)!.AsObject())];

    private static Trainer Create(TrainingOptions options)
    {
        Dataset digits = Datasets.Digits();
        return new Trainer(
            new Mlp(64, 4, 10), new Dataset("few", digits.Train.Take(40), digits.Test.Take(10)), new Sgd(0.1), options
            with { BatchSize = 20 });
    }
}
