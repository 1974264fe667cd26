using System.Text.Json;
using System.Text.Json.Nodes;
using PacGen.Nn;

namespace PacGen.Tests.Benchmarks;

/// <summary>
/// Checkpoints that somebody else made: whatever they say, resuming creates and changes nothing outside of their folder.
/// </summary>
internal sealed class HostileCheckpointTests
{
    private const string Arguments = "pacgen.arguments", Files = "pacgen.files", State = "pacgen.state";

    private static readonly string[] Settings = [
        "train", "--epochs", "1", "--limit", "64", "--batch-size", "32", "--hidden", "4", "--psi", "off", "--schedule",
        "constant", "--threads", "1"];

    [Test]
    public void APathOutsideIsGivenAgainByThePerson()
    {
        using Folder folder = new();
        string log = folder["a log's.jsonl"], save = folder["w.safetensors"];
        Make(folder, "--log", log, "--save", save, "--plot", folder["c/curves.png"], "--tensorboard", folder["c/events"]);
        ProgramRun refused = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2");
        Assert.That(refused.ExitCode, Is.EqualTo(2));
        Assert.That(refused.Error, Does.Contain($"pacgen train --epochs 2 --resume {folder["c"]}").And.Contain(
            $"--log '{log.Replace("'", "'\\''", StringComparison.Ordinal)}'").And.Contain($"--save {save}"));
        Assert.That(refused.Error, Does.Contain("--without log,save").And.Not.Contain("--plot"));
        ProgramRun given = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2", "--log", log, "--without", "save");
        Assert.That(given.ExitCode, Is.Zero, given.Error);
        Assert.That(File.ReadAllLines(log), Has.Length.EqualTo(3), "settings and two epochs");
        Assert.That(
            File.ReadAllBytes(folder["c/curves.png"]), Has.Length.GreaterThan(1000), "what lies in the folder needs no word");
        Assert.That(Directory.GetFiles(folder["c/events"]), Has.Length.EqualTo(1));
        ProgramRun third = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "3", "--log", log);
        Assert.That(third.ExitCode, Is.Zero, third.Error);
        Assert.That(
            ProgramRun.Of("train", "--resume", folder["c"], "--without", "log,plots").Error,
            Does.Contain("'log,plots'").Or.Contain("'plots'"));
        Assert.That(ProgramRun.Of("train", "--without", "log").Error, Does.Contain("--resume FOLDER"));
    }

    [TestCase("--log")]
    [TestCase("--save")]
    [TestCase("--plot")]
    [TestCase("--tensorboard")]
    [TestCase("--data")]
    public void StoredPathsAreNotTaken(string option)
    {
        using Folder folder = new();
        string target = folder["victim"];
        File.WriteAllText(target, "{}\n");
        Make(folder);
        Edit(folder, texts => texts[Arguments] = JsonSerializer.Serialize(
            JsonSerializer.Deserialize<string[]>(texts[Arguments])!.Concat([option, target])));
        ProgramRun run = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2");
        Assert.That(run.ExitCode, Is.EqualTo(2), run.Output);
        Assert.That(run.Error, Does.Contain(option).And.Contain("given again").Or.Contain("give them again"));
        Assert.That(File.ReadAllText(target), Is.EqualTo("{}\n"));
    }

    [TestCase("../victim")]
    [TestCase("..")]
    [TestCase("/tmp/pacgen-victim")]
    [TestCase("C:\\victim")]
    [TestCase("sub/victim")]
    [TestCase("best.safetensors")]
    [TestCase("Step-1.safetensors")]
    [TestCase("epochs.jsonl")]
    [TestCase("-rf")]
    [TestCase("aESC[2Jb")]
    [TestCase("")]
    public void NamesBesideTheCheckpointsArePlain(string name)
    {
        using Folder folder = new();
        File.WriteAllText(folder["victim"], "{}\n");
        Make(folder);
        Edit(folder, texts => texts[Files] = JsonSerializer.Serialize(
            new Dictionary<string, string> { ["--log"] = name.Replace("ESC", "\u001b", StringComparison.Ordinal) }));
        ProgramRun run = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2");
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain("no plain name").And.Not.Contain("\u001b"));
        Assert.That(File.ReadAllText(folder["victim"]), Is.EqualTo("{}\n"));
    }

    /// <summary>
    /// Weights that are saved beside the checkpoints go by any name but theirs, and a resumed run takes it up again.
    /// </summary>
    [Test]
    public void WeightsMayLieBesideTheCheckpoints()
    {
        using Folder folder = new();
        Make(folder, "--save", folder["c/final.safetensors"]);
        ProgramRun resumed = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2");
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        using SafetensorsFile saved = SafetensorsFile.Open(folder["c/final.safetensors"]);
        Assert.That(saved.Metadata["steps"], Is.EqualTo("4"), "two epochs of two batches");
        Assert.That(
            ProgramRun.Of([.. Settings, "--checkpoint", folder["d"], "--save", folder["d/step-0000000004.safetensors"]]).Error,
            Does.Contain("checkpoints, or what belongs to them, may go by that name"));
    }

    /// <summary>
    /// 64 images in batches of 32 are 2 steps an epoch: other counts, up to the largest that would run over, are no run's.
    /// </summary>
    [TestCase("Steps", 3)]
    [TestCase("Steps", long.MaxValue)]
    [TestCase("Optimizer", 3)]
    [TestCase("Optimizer", long.MaxValue)]
    public void StepsAreThoseOfItsEpochs(string count, long steps)
    {
        using Folder folder = new();
        Make(folder);
        Edit(folder, texts =>
        {
            if (texts.TryGetValue(State, out string? text))
            {
                JsonNode state = JsonNode.Parse(text)!;
                (count == "Steps" ? state : state[count]!)["Steps"] = steps;
                texts[State] = state.ToJsonString();
            }
        });
        ProgramRun run = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2");
        Assert.That(run.ExitCode, Is.EqualTo(1), run.Output);
        Assert.That(
            run.Error, Does.Contain($"{steps}").And.Contain("which can't be").And.Contain("1 epochs and 0 batches are 2"));
    }

    /// <summary>Numbers that no run can have: they would bend a mean, a clock or the next perturbation.</summary>
    [TestCase("Position", "Seconds", -1.0)]
    [TestCase("Position", "Seen", -1.0)]
    [TestCase("Optimizer", "SquaredChange", -1.0)]
    [TestCase("Optimizer", "GradientScale", 0.0)]
    [TestCase("Optimizer", "GradientScale", 1e308)]
    public void CountersThatCannotBeAreRefused(string part, string name, double value)
    {
        using Folder folder = new();
        Make(folder);
        Edit(folder, texts =>
        {
            if (texts.TryGetValue(State, out string? text))
            {
                JsonNode state = JsonNode.Parse(text)!;
                state[part]![name] = name == "Seen" ? (int)value : value;
                texts[State] = state.ToJsonString();
            }
        });
        ProgramRun run = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2");
        Assert.That(run.ExitCode, Is.EqualTo(1), run.Output);
        Assert.That(run.Error, Does.Contain("is no checkpoint of this version"));
    }

    /// <summary>
    /// Every name that a run writes in its folder may be a link there, to a file that exists or to one that would be made.
    /// </summary>
    [TestCase("log.jsonl", "log.jsonl")]
    [TestCase("p.png", "p.png")]
    [TestCase("events", "events")]
    [TestCase(".pacgen-lock", null)]
    [TestCase("best.safetensors", null)]
    [TestCase("epochs.jsonl", null)]
    [TestCase("step-0000000004.safetensors", null)]
    public void NothingIsWrittenThroughALink(string name, string? mentioned)
    {
        foreach (bool exists in new[] { true, false })
        {
            using Folder folder = new();
            Make(folder, "--log", folder["c/log.jsonl"], "--plot", folder["c/p.png"], "--tensorboard", folder["c/events"]);
            string path = folder[$"c/{name}"], target = folder["outside"];
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
                Directory.CreateSymbolicLink(path, target);
                if (exists)
                {
                    Directory.CreateDirectory(target);
                }
            }
            else
            {
                if (exists)
                {
                    File.Copy(File.Exists(path) ? path : folder["c/best.safetensors"], target);
                }

                File.Delete(path);
                File.CreateSymbolicLink(path, target);
            }

            byte[]? before = File.Exists(target) ? File.ReadAllBytes(target) : null;
            ProgramRun run = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2");
            if (mentioned is not null)
            {
                Assert.That(run.ExitCode, Is.EqualTo(1), run.Output);
                Assert.That(run.Error, Does.Contain(mentioned).And.Contain("link"));
            }

            Assert.That(File.Exists(target) ? File.ReadAllBytes(target) : null, Is.EqualTo(before), $"{name}, {exists}");
            Assert.That(Directory.Exists(target) ? Directory.GetFileSystemEntries(target) : [], Is.Empty);
        }
    }

    [TestCase("log.jsonl"), TestCase("epochs.jsonl"), Platform("Linux,MacOsX", Reason = "makes a pipe")]
    public void APipeInAFilesPlaceIsNotWaitedFor(string name)
    {
        using Folder folder = new();
        Make(folder, "--log", folder["c/log.jsonl"]);
        File.Delete(folder[$"c/{name}"]);
        System.Diagnostics.Process.Start("mkfifo", [folder[$"c/{name}"]]).WaitForExit();
        ProgramRun run = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2");
        Assert.That(run.ExitCode, Is.EqualTo(1), run.Output);
        Assert.That(run.Error, Does.Contain(name).And.Contain("no ordinary file").Or.Contain("a pipe"));
    }

    /// <summary>A word that begins with @ is a word: a file of that name is never read as more of the line.</summary>
    [Test]
    public void WordsAreNoResponseFiles()
    {
        using Folder folder = new();
        string secret = folder["secret"];
        File.WriteAllText(secret, "--of-nobody\n");
        Make(folder);
        Edit(folder, texts => texts[Arguments] = JsonSerializer.Serialize(
            JsonSerializer.Deserialize<string[]>(texts[Arguments])!.Append("@" + secret)));
        ProgramRun run = ProgramRun.Of("train", "--resume", folder["c"]);
        Assert.That(run.ExitCode, Is.Not.Zero);
        Assert.That(run.Error, Does.Not.Contain("--of-nobody"));

        string here = Environment.CurrentDirectory;
        Environment.CurrentDirectory = folder["."];
        try
        {
            Assert.That(ProgramRun.Of([.. Settings, "--checkpoint", "honest", "--log", "@log.jsonl"]).ExitCode, Is.Zero);
            ProgramRun honest = ProgramRun.Of("train", "--resume", "honest", "--log", "@log.jsonl", "--epochs", "2");
            Assert.That(honest.ExitCode, Is.Zero, honest.Error);
            Assert.That(File.ReadAllLines("@log.jsonl"), Has.Length.EqualTo(3));
        }
        finally
        {
            Environment.CurrentDirectory = here;
        }
    }

    [TestCase("folder:/etc")]
    [TestCase("folder:../victim")]
    public void AFolderOfImagesIsGivenAgain(string dataset)
    {
        using Folder folder = new();
        Make(folder);
        Edit(folder, texts => texts[Arguments] = JsonSerializer.Serialize(
            JsonSerializer.Deserialize<string[]>(texts[Arguments])!.Concat(["--dataset", dataset])));
        Assert.That(ProgramRun.Of("train", "--resume", folder["c"]).Error, Does.Contain("--dataset outside of its folder"));
        Edit(folder, texts => texts["dataset"] = dataset);
        Assert.That(
            ProgramRun.Of("score", "--weights", new CheckpointFolder(folder["c"]).Checkpoints[0]).Error,
            Does.Contain("was trained on"));
    }

    /// <summary>
    /// Words and numbers of the state and of the settings are replaced by hostile ones, and the checksum renewed.
    /// </summary>
    [TestCase(60)]
    [TestCase(5000, Explicit = true, Reason = "minutes")]
    public void MutatedSettingsChangeNothingOutside(int count)
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        using Folder folder = new();
        Make(folder, "--log", folder["c/log.jsonl"], "--tensorboard", folder["c/events"]);
        Directory.CreateDirectory(folder["outside"]);
        string victim = folder["outside/victim"];
        File.WriteAllText(victim, "{}\n");
        string[] hostile =
        [
            victim, "../outside/victim", "../outside/new", folder["outside/new"], folder["outside"], "..", "/", "", "@" + victim,
            "folder:" + folder["outside"], "folder:../outside",
            "--help", "--save", "--log", "--plot", "--data", "-1", "99999999999999999999", "1e400", "\0", "\u001b[2J",
            "events.out.tfevents.1/../../../outside/victim", "events.out.tfevents.x",
        ];
        int resumed = 0, refused = 0;
        string whole = folder["whole"];
        Copy(folder["c"], whole);
        for (int i = 0; i < count; i++)
        {
            Directory.Delete(folder["c"], recursive: true);
            Copy(whole, folder["c"]);
            string text = new[] { Arguments, Files, State }[random.Next(3)];
            Edit(folder, texts =>
            {
                JsonNode node = JsonNode.Parse(texts[text])!;
                for (int left = random.Next(1, 4); left > 0; left--)
                {
                    Mutate(node, hostile, random);
                }

                texts[text] = node.ToJsonString();
            });
            ProgramRun run = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2");
            Assert.That(run.Error, Does.Not.Contain("unexpected").And.Not.Contain("\u001b"), $"seed {seed}, {i}");
            _ = run.ExitCode == 0 ? resumed++ : refused++;
            Assert.That(Directory.GetFileSystemEntries(folder["outside"]), Is.EqualTo(new[] { victim }), $"seed {seed}, {i}");
            Assert.That(File.ReadAllText(victim), Is.EqualTo("{}\n"), $"seed {seed}, {i}");
            Assert.That(
                Directory.GetFileSystemEntries(folder["."]).Select(Path.GetFileName).Order(),
                Is.EqualTo(new[] { "c", "outside", "whole" }), $"seed {seed}, {i}");
        }

        TestContext.Out.WriteLine($"{count} checkpoints, {refused} refused, {resumed} resumed, seed {seed}");
        Assert.That(refused, Is.GreaterThan(count / 4));
    }

    [Test]
    public void AFolderWithTheBestAloneIsARunsToo()
    {
        using Folder folder = new();
        Make(folder);
        foreach (string path in new CheckpointFolder(folder["c"]).Checkpoints)
        {
            File.Delete(path);
        }

        File.Delete(folder["c/epochs.jsonl"]);
        byte[] best = File.ReadAllBytes(folder["c/best.safetensors"]);
        ProgramRun run = ProgramRun.Of([.. Settings, "--checkpoint", folder["c"]]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain("already holds checkpoints of a run, such as best.safetensors"));
        Assert.That(File.ReadAllBytes(folder["c/best.safetensors"]), Is.EqualTo(best));
    }

    /// <summary>Settings of the first form of the state: its results stood in it.</summary>
    [Test]
    public void ACheckpointOfTheFirstFormGoesOn()
    {
        using Folder folder = new();
        Make(folder);
        string lines = $"[{string.Join(',', File.ReadAllLines(folder["c/epochs.jsonl"]))}]";
        Edit(folder, texts =>
        {
            JsonObject state = JsonNode.Parse(texts[State])!.AsObject();
            foreach (string name in new[] { "Form", "Run", "Epochs", "LogLines" })
            {
                state.Remove(name);
            }

            state["Results"] = JsonNode.Parse(lines);
            (state["Log"], state["LogLength"], state["LogBegun"]) = (folder["log"], 0, true);
            texts[State] = state.ToJsonString();
            texts.Remove(Files);
        });
        File.Delete(folder["c/epochs.jsonl"]);
        ProgramRun run = ProgramRun.Of("train", "--resume", folder["c"], "--epochs", "2");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("epoch   2"));
        Assert.That(File.ReadAllLines(folder["c/epochs.jsonl"]), Has.Length.EqualTo(2));
        Assert.That(File.Exists(folder["log"]), Is.False);
    }

    private static void Make(Folder folder, params string[] more)
    {
        ProgramRun run = ProgramRun.Of([.. Settings, "--checkpoint", folder["c"], .. more]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
    }

    /// <summary>
    /// Changes the texts of the newest checkpoint, which gets the checksum of its new bytes, and deletes the others.
    /// </summary>
    private static void Edit(Folder folder, Action<Dictionary<string, string>> edit)
    {
        IReadOnlyList<string> all = new CheckpointFolder(folder["c"]).Checkpoints;
        foreach (string older in all.Skip(1))
        {
            File.Delete(older);
        }

        NamedTensor[] tensors;
        Dictionary<string, string> texts;
        using (SafetensorsFile file = SafetensorsFile.Open(all[0]))
        {
            tensors = [.. file.Tensors.Values.OrderBy(info => info.Begin).Select(
                info => new NamedTensor(info.Name, info.Shape, file.Read(info.Name)))];
            texts = new Dictionary<string, string>(file.Metadata);
        }

        texts.Remove("sha256");
        edit(texts);
        SafetensorsFile.Save(all[0], tensors, texts);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (string inner in Directory.GetDirectories(from))
        {
            Copy(inner, Path.Combine(to, Path.GetFileName(inner)));
        }
    }

    /// <summary>Replaces a value somewhere below a node, or adds one.</summary>
    private static void Mutate(JsonNode node, string[] hostile, Random random)
    {
        JsonNode value = random.Next(8) switch
        {
            0 => JsonValue.Create(random.NextInt64()),
            1 => JsonValue.Create(-random.Next(10)),
            _ => JsonValue.Create(hostile[random.Next(hostile.Length)]),
        };
        switch (node)
        {
            case JsonArray array when array.Count > 0 && random.Next(3) > 0:
                array[random.Next(array.Count)] = value;
                break;
            case JsonArray array:
                array.Add(
                    new[] { "--log", "--save", "--plot", "--tensorboard", "--data", "--dataset", "--checkpoint", "--resume" }[
                    random.Next(8)]);
                array.Add(value);
                break;
            case JsonObject map:
                string[] names =
                    [.. map.Select(pair => pair.Key), "--log", "--save", "--plot", "--tensorboard", "Log", "Results"];
                string name = names[random.Next(names.Length)];
                if (map[name] is JsonObject or JsonArray && random.Next(2) == 0)
                {
                    Mutate(map[name]!, hostile, random);
                }
                else
                {
                    map[name] = value;
                }

                break;
        }
    }
}
