using System.Globalization;
using System.Text.Json.Nodes;
using PacGen.Core.Perturbation;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// A program that uses the library may run in any culture; what the library writes is the same in all, and is read in all. The
/// cultures are the invariant one with the number formats of others, which a machine without ICU has too: Swedish has U+2212 for
/// minus, German a decimal comma, Arabic its own separators.
/// </summary>
internal sealed class CultureTests
{
    [TestCase("-", ",", ".")]
    [TestCase("\u2212", ",", "\u00a0")]
    [TestCase("\u061c-", "\u066b", "\u066c")]
    public void FilesAreTheSameInEveryCulture(string minus, string point, string group)
    {
        CultureInfo before = CultureInfo.CurrentCulture, foreign = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        foreign.NumberFormat = new NumberFormatInfo { NegativeSign =
            minus, NumberDecimalSeparator = point, NumberGroupSeparator = group, PercentDecimalSeparator = point };
        using TemporaryFolder folder = new();
        try
        {
            string[] expected = Files(folder["here"]);
            CultureInfo.CurrentCulture = foreign;
            Assert.That($"{-1.5}", Is.EqualTo($"{minus}1{point}5"), "the culture that the library meets");
            Assert.That(Files(folder["there"]), Is.EqualTo(expected));

            // Each culture goes on with the other's run.
            using Trainer trainer = new(Model(), Few(), Rule(), Options(null) with { Epochs = 3 });
            Assert.That(trainer.Resume(Path.Combine(folder["here"], "run")).Epochs, Is.EqualTo(2));
            CultureInfo.CurrentCulture = before;
            using Trainer other = new(Model(), Few(), Rule(), Options(null) with { Epochs = 3 });
            Assert.That(other.Resume(Path.Combine(folder["there"], "run")).Epochs, Is.EqualTo(2));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    /// <summary>
    /// What a run writes, but for its clock and paths: the names and texts of checkpoints, and the lines of the log.
    /// </summary>
    private static string[] Files(string folder)
    {
        Directory.CreateDirectory(folder);
        Sequential model = Model();
        using (Trainer trainer = new(model, Few(), Rule(), Options(folder)))
        {
            trainer.Run();
            SafetensorsFile.Save(
                Path.Combine(folder, "run", "pytorch.safetensors"),
                PyTorchLayout.Of(model, new PacGen.Kernels.Shape(8, 8, 1)).Export(trainer.Arena));
        }

        List<string> found = [];
        foreach (string path in Directory.GetFiles(Path.Combine(folder, "run"), "*.safetensors").Order(StringComparer.Ordinal))
        {
            found.Add(Path.GetFileName(path));
            using SafetensorsFile file = SafetensorsFile.Open(path);
            found.AddRange(file.Tensors.Values.Select(info => $"{info.Name} {info.Begin}"));
            foreach ((string name, string text) in file.Metadata.Where(text => text.Key != "sha256"))
            {
                found.Add(name == "pacgen.state" ? Timeless(text) : $"{name}: {text}");
            }
        }

        found.AddRange(File.ReadAllLines(Path.Combine(folder, "run", "epochs.jsonl")).Select(Timeless));
        found.AddRange(File.ReadAllLines(Path.Combine(folder, "log")).Select(Timeless));
        return [.. found];
    }

    private static string Timeless(string json)
    {
        JsonNode line = JsonNode.Parse(json)!;
        RemoveClocks(line);
        return line.ToJsonString();
    }

    private static void RemoveClocks(JsonNode? node)
    {
        if (node is JsonObject one)
        {
            foreach (string clock in (string[])["time", "seconds", "Seconds", "run", "Run", "Length", "Sha256", "Events"])
            {
                one.Remove(clock);
            }
        }

        foreach (JsonNode? part in node is JsonObject fields ? fields.Select(field => field.Value) : node as JsonArray ?? [])
        {
            RemoveClocks(part);
        }
    }

    private static Dataset Few() => new("few", Datasets.Digits().Train.Take(60), Datasets.Digits().Test.Take(10));

    private static Sequential Model() => new(new Flatten(), new Linear(64, 8), new BatchNorm(8), new Linear(8, 10));

    private static PerturbedOptimizer Rule() => new(new Adam(1.5e-3), eta: 0.5, gamma: 1.5);

    private static TrainingOptions Options(string? folder) => new()
    {
        Epochs = 2,
        BatchSize = 20,
        ClipNorm = 2.5,
        Schedule = LearningRateSchedule.Step(1.5, 0.5).WithWarmUp(0.5, 0.25),
        Score = new ScoreOptions { Neighborhood = new Neighborhood(0.25, 0.125), Images = 20, BatchSize = 20, Draws = 1 },
        LogPath = folder is null ? null : Path.Combine(folder, "log"),
        Checkpoints = folder is null ? null : new CheckpointOptions(Path.Combine(folder, "run")) { EverySteps = 2, Keep = 9 },
    };
}
