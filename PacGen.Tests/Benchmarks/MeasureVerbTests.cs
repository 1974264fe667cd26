using System.Text.Json.Nodes;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Benchmarks;

internal sealed class MeasureVerbTests
{
    private static readonly string[] Cheap =
        ["distance-from-init", "frobenius-over-spectral", "margin", "path-norm", "steps-to-tenth", "training-loss"];

    private static Folder folder = null!;

    [OneTimeSetUp]
    public static void Train()
    {
        folder = new Folder();
        ProgramRun run = ProgramRun.Of(
            "train", "--epochs", "2", "--hidden", "12", "--optimizer", "sgd", "--learning-rate", "0.1", "--batch-size", "32",
            "--schedule", "constant", "--psi", "off", "--save", folder["w"], "--seed", "5");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
    }

    [OneTimeTearDown]
    public static void Delete() => folder.Dispose();

    /// <summary>What the obstacle of Ψ with training's h says is true.</summary>
    [Test]
    public void TrainingsOwnCurvatureIsKeptInTheFile()
    {
        using Folder own = new();
        string[] train = ["train", "--limit", "100", "--epochs", "1", "--hidden", "8", "--save", own["w.safetensors"]];
        string[] measure = ["measure", "--weights", own["w.safetensors"], "--measures", "psi-training", "--images", "100"];
        Assert.That(ProgramRun.Of(train).ExitCode, Is.Zero);
        Assert.That(ProgramRun.Of(measure).Output, Does.Contain("train --curvature training keeps them"));
        ProgramRun kept = ProgramRun.Of([.. train, "--curvature", "training"]);
        Assert.That(kept.Output, Does.Contain("Ψ with h from training's own batches of 64"), kept.Error);
        ProgramRun measured = ProgramRun.Of(measure);
        Assert.That(measured.Output, Does.Not.Contain("not taken").And.Match("psi-training .*[0-9]"), measured.Error);
        ProgramRun.Of("measure", "--list", "--json").RequireRefusal(2, "leave --json or --list out");
    }

    /// <summary>The values are those of the library; the first weights are drawn again by the file's seed.</summary>
    [Test]
    public void GivesWhatTheLibraryGives()
    {
        JsonNode found = Json("--measures", string.Join(',', Cheap), "--layers", "--images", "200", "--seed", "3");
        Dataset digits = Datasets.Digits();
        Mlp model = new(64, 12, 10);
        using Trainer trainer = new(model, digits, new Sgd(0.1), new TrainingOptions
        {
            Epochs = 2, BatchSize = 32, Seed = 5, Score = null,
        });
        float[] first = trainer.Arena.Save();
        trainer.Run();
        using EmpiricalLoss subject = new(model, trainer.Arena, digits.Train.Sample(200, 3))
        {
            Training = new TrainingFacts { InitialWeights = first },
        };
        foreach (string name in Cheap.Where(name => name != "steps-to-tenth"))
        {
            Measurement measured = PacGen.Nn.Measures.All.Single(row => row.Name == name).Of(subject, 3, null, default);
            JsonNode row = Row(found, name);
            Assert.That(row["value"]!.GetValue<double>(), Is.EqualTo(measured.Value), name);
            Assert.That(row["costInGradients"]!.GetValue<double>(), Is.EqualTo(measured.Cost.InGradients).Within(1e-12), name);
            Assert.That(
                row["layers"]!.AsArray().Select(layer => layer!["value"]!.GetValue<double>()),
                Is.EqualTo(measured.Layers.Select(layer => layer.Value)), name);
        }

        Assert.That(Row(found, "steps-to-tenth")["value"], Is.Null);
        Assert.That(Row(found, "steps-to-tenth")["obstacle"]!.GetValue<string>(), Does.Contain("not known"));
        Assert.That(found["images"]!.GetValue<int>(), Is.EqualTo(200));
    }

    [Test]
    public void TheFirstWeightsMayComeFromASeedOrAFile()
    {
        using Folder other = new();
        ProgramRun.Of("train", "--epochs", "1", "--hidden", "12", "--psi", "off", "--save", other["first"], "--seed", "8");
        double Distance(params string[] args) =>
            Row(Json(["--measures", "distance-from-init", .. args]), "distance-from-init")["value"]!.GetValue<double>();
        Assert.That(Distance("--initial-seed", "5"), Is.EqualTo(Distance()), "the file's own");
        Assert.That(Distance("--initial-seed", "6"), Is.GreaterThan(Distance()));
        Assert.That(Distance("--initial", folder["w"]), Is.Zero);
        Assert.That(Distance("--initial", other["first"]), Is.GreaterThan(Distance()));
        Fails(2, "give one of them", "--initial-seed", "5", "--initial", folder["w"]);
        ProgramRun.Of("train", "--epochs", "1", "--hidden", "9", "--psi", "off", "--save", other["narrow"]);
        Fails(2, "holds mlp 64-9-10", "--initial", other["narrow"]);
    }

    [Test]
    public void ATableForPeopleAndOneForPrograms()
    {
        using Folder files = new();
        ProgramRun run = Run("--measures", "margin,steps-*,parameter-norm", "--csv", files["m.csv"], "--layers");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("│ parameter-norm").And.Contain("layers.0.weight"));
        Assert.That(run.Output, Does.Contain("steps-to-tenth: not taken. It is not known"));
        Assert.That(run.Output, Does.Contain("Assumes networks whose logits have one scale: margin"));
        string[] lines = File.ReadAllLines(files["m.csv"]);
        Assert.That(lines[0], Does.StartWith("measure,layer,value,low,high,uncertainty,seconds,"));
        Assert.That(lines.Select(line => line.Split(',')[0]), Is.EqualTo(new[]
        {
            "measure", "steps-to-tenth", "steps-tenth-to-hundredth", "margin", "parameter-norm", "parameter-norm",
            "parameter-norm", "parameter-norm", "parameter-norm",
        }));
        Assert.That(lines.Min(line => line.Split(',').Length), Is.GreaterThanOrEqualTo(14));
    }

    [Test]
    public void DrawsTheSpectralDensity()
    {
        using Folder files = new();
        JsonNode found = Json("--measures", "parameter-count", "--images", "200", "--density", files["d.svg"]);
        Assert.That(
            found["density"]!.AsArray().Sum(node => node!["share"]!.GetValue<double>()), Is.EqualTo(1).Within(1e-6));
        System.Xml.Linq.XElement picture = System.Xml.Linq.XDocument.Parse(File.ReadAllText(files["d.svg"])).Root!;
        Assert.That(picture.Value, Does.Contain("Spectral density of the Hessian: MLP 64-12-10").And.Contain("910 eigenvalues"));
        Fails(2, "both name", "--density", files["x"], "--csv", files["x"]);
    }

    [Test]
    public void AWrongNameIsAnErrorThatSuggestsAnother()
    {
        Fails(2, "there is no measure 'path-nrom'; did you mean path-norm? pacgen measure --list shows all", "--measures",
            "path-nrom");
        Fails(2, "at most as many", "--images", "100000");
        Fails(1, "no folder", "--csv", folder["nowhere/m.csv"]);
        ProgramRun none = ProgramRun.Of("measure");
        Assert.That((none.ExitCode, none.Error), Is.EqualTo((2, none.Error)));
        Assert.That(none.Error, Does.Contain("--weights is missing"));
    }

    [Test]
    public void WithoutMeasuresAllAreTaken() => Assert.That(
        Json("--images", "20")["measures"]!.AsArray().Select(row => row!["name"]!.GetValue<string>()),
        Is.EqualTo(PacGen.Nn.Measures.All.Select(measure => measure.Name)));

    [Test]
    public void ListsAllMeasuresWithoutANetwork()
    {
        ProgramRun run = ProgramRun.Of("measure", "--list");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        foreach (Measure measure in PacGen.Nn.Measures.All)
        {
            Assert.That(run.Output, Does.Contain($"│ {measure.Name} "));
        }
    }

    private static ProgramRun Run(params string[] args) => ProgramRun.Of(["measure", "--weights", folder["w"], .. args]);

    private static JsonNode Json(params string[] args)
    {
        ProgramRun run = Run([.. args, "--json"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return JsonNode.Parse(run.Output)!;
    }

    private static JsonNode Row(JsonNode found, string name) =>
        found["measures"]!.AsArray().Single(row => row!["name"]!.GetValue<string>() == name)!;

    private static void Fails(int code, string says, params string[] args)
    {
        ProgramRun run = Run(args);
        Assert.That(run.ExitCode, Is.EqualTo(code), run.Error);
        Assert.That(run.Error, Does.Contain(says));
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1));
    }
}
