using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Core.Statistics;
using PacGen.Core.Text;
using PacGen.Nn;
using PacGen.Nn.Data;
using Spectre.Console;

namespace PacGen.Benchmarks.Scoring;

/// <summary><c>score</c>: Ψ of weights that <c>train --save</c> wrote, by every estimator of ρ, with its parts and layers.</summary>
internal sealed class ScoreVerb
{
    private static readonly RhoEstimator[] Estimators = [RhoEstimator.Median, RhoEstimator.Published, RhoEstimator.Definition3];

    private readonly Host host;
    private readonly Option<string?> weights = Options.Path("--weights", "The file that pacgen train --save wrote, a checkpoint of train --checkpoint, or a safetensors file of PyTorch's");
    private readonly Option<string> dataset = Options.Dataset("The training images to score on; without it those that the file names", null);
    private readonly ModelOptions model = new(null);
    private readonly Option<string> layout = Options.Choice(
        "--layout", "The order of weights in a file of another program; without it recognised by the arrays' shapes", null, WeightsFile.Layouts);

    private readonly PsiOptions scoring = new(each: false);
    private readonly Option<ulong> seed = Options.Seed();
    private readonly DeviceOptions device = new();
    private readonly DataSource data = new();
    private readonly Option<bool> json = Options.Flag("--json", "One JSON object on standard output, all else on standard error");

    public ScoreVerb(Host host)
    {
        this.host = host;
        weights.Required = true;
        Command = new Command("score", "Scores saved weights: Ψ with its interval, its parts, ρ by three estimators, and a table by layer.");
        Command.Add(weights);
        Command.Add(dataset);
        model.AddTo(Command);
        Command.Add(layout);
        scoring.AddTo(Command, withRho: false);
        Command.Add(seed);
        device.AddTo(Command);
        data.AddTo(Command);
        Command.Add(json);
        Command.SetAction(Run);
    }

    /// <summary>The verb.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        Terminal terminal = new(host, parsed.GetValue(json));
        string path = parsed.GetValue(weights)!;
        using WeightsFile file = WeightsFile.Open(path);
        if (file.Model is null && !model.IsGiven(parsed))
        {
            throw new UsageException($"{path} was not written by pacgen train and does not say which network it holds: say it with --model, and the images with --dataset.");
        }

        ModelChoice choice = model.Create(parsed, file.Model);
        string set = parsed.GetValue(dataset) ?? ImagesOf(file, path, choice);
        using OpenedDevice opened = device.Open(parsed);
        Dataset images = data.Load(parsed, set, terminal, host.Stop.Token);
        (Module network, ParameterArena arena) = file.Load(choice, images, parsed.GetValue(layout), opened.Device);
        using ParameterArena owned = arena;
        if (file.StatisticsOf is { } step)
        {
            host.Problem(
                $"{path} was written within an epoch: its weights are those after step {file.Steps}, but its running statistics {(step < 0 ? "were not estimated yet" : $"are of step {step}")}. Score best.safetensors or the checkpoint of a whole epoch instead.");
        }

        ScoreOptions options = scoring.Create(parsed, images.Train.Count, arena.Count, parsed.GetValue(seed));
        using EmpiricalLoss subject = new(network, arena, images.Train);
        IReadOnlyDictionary<RhoEstimator, PacGenScore> all = PacGenScorer.MeasureAll(subject, options, null, host.Stop.Token);
        List<PacGenScore> scores = [.. Estimators.Where(all.ContainsKey).Select(estimator => all[estimator])];

        if (parsed.GetValue(json))
        {
            host.Output.WriteLine(Json(path, choice, images, scores).ToJsonString());
            return 0;
        }

        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{path}: {choice.Describe(images)}, {arena.Count:N0} parameters, {(file.Model is null ? "of another program" : $"after {file.Epochs} epochs ({file.Steps:N0} steps) on {Printable.Name(file.Dataset)}")}; {opened.Device.Name}"));
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"Ψ with {scores[0].Neighborhood}; h from {scores[0].Images:N0} training images of {images.Name} in batches of {scores[0].BatchSize}; median of {scores[0].Draws} draws{(scores[0].PsiInterval is null ? ", too few for an interval (6 or more give one)" : " and a 95 % interval for that of all draws")}"));
        terminal.Write(ByEstimator(scores));
        terminal.Write(ByLayer(scores[0]));
        foreach (string remark in Remarks(scores))
        {
            terminal.Line(remark);
        }

        return 0;
    }

    /// <summary>The images that a file names. A place on a disk is the caller's to name: a file may be a stranger's.</summary>
    private static string ImagesOf(WeightsFile file, string path, ModelChoice choice) => file.Dataset switch
    {
        null when choice.Name == "mnist-cnn" => "mnist",
        null => throw new UsageException($"{path} does not say which images its network is for: say it with --dataset."),
        { } name when Datasets.Names.Contains(name) => name,
        { } name => throw new UsageException($"{path} names images that are none of {string.Join(", ", Datasets.Names)}, but '{Printable.Name(name)}': say with --dataset where they are."),
    };

    private static Table ByEstimator(List<PacGenScore> scores)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("ρ(w*) estimated");
        foreach (string heading in (string[])["Ψ", "ρ", "Σ log(|w| + κ)", "Σ log max(…)", "weights with 1/κ the larger"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (PacGenScore score in scores)
        {
            table.AddRow(
                Name(score.Estimator),
                $"{Number(score.Psi)}{Interval(score.PsiInterval)}",
                $"{Number(score.Rho)}{Interval(score.RhoInterval)}",
                Number(score.LogScale),
                Number(score.LogCurvature),
                Share(score.KappaShare));
        }

        return table;
    }

    private static Table ByLayer(PacGenScore score)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("parameter");
        foreach (string heading in (string[])["weights", $"Ψ's part (ρ {Name(score.Estimator)})", "Ψ a weight", "mean h", "with 1/κ the larger"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (LayerScore layer in score.Layers)
        {
            table.AddRow(
                Markup.Escape(layer.Name),
                layer.Count.ToString("N0", CultureInfo.InvariantCulture),
                Number(layer.Psi),
                Number(layer.Psi / layer.Count),
                Number(layer.MeanCurvature),
                Share(layer.KappaShare));
        }

        return table;
    }

    private static IEnumerable<string> Remarks(List<PacGenScore> scores)
    {
        yield return "Smaller Ψ promises a smaller gap between two networks of one size; it certifies nothing. The published ρ takes one draw's smallest |u[i]|: "
            + "it has no mean, and can move by orders of magnitude from one draw to the next. Compare networks by the median.";
        foreach (RhoEstimator estimator in Estimators.Where(estimator => scores.All(score => score.Estimator != estimator)))
        {
            yield return $"ρ {Name(estimator)} is left out: it exceeds single precision, κ being tiny. A larger --psi-epsilon gives it.";
        }

        foreach (PacGenScore score in scores.Where(score => score.KappaShare > 0.9))
        {
            yield return $"With ρ {Name(score.Estimator)}, 1/κ wins for {Share(score.KappaShare)} of the weights: that Ψ says little about curvature, and nearly all of it about |w|.";
        }
    }

    private static JsonObject Json(string path, ModelChoice choice, Dataset images, List<PacGenScore> scores) => new()
    {
        ["weights"] = path,
        ["model"] = choice.Describe(images),
        ["dataset"] = images.Name,
        ["gamma"] = scores[0].Neighborhood.Gamma,
        ["epsilon"] = scores[0].Neighborhood.Epsilon,
        ["images"] = scores[0].Images,
        ["batchSize"] = scores[0].BatchSize,
        ["draws"] = scores[0].Draws,
        ["psi"] = scores[0].Psi,
        ["scores"] = new JsonArray([.. scores.Select(score => new JsonObject
        {
            ["rhoEstimator"] = Name(score.Estimator),
            ["psi"] = score.Psi,
            ["psiLow"] = score.PsiInterval?.Low,
            ["psiHigh"] = score.PsiInterval?.High,
            ["rho"] = score.Rho,
            ["rhoLow"] = Finite(score.RhoInterval?.Low),
            ["rhoHigh"] = Finite(score.RhoInterval?.High),
            ["logScale"] = score.LogScale,
            ["logCurvature"] = score.LogCurvature,
            ["kappaShare"] = score.KappaShare,
        })]),
        ["layers"] = new JsonArray([.. scores[0].Layers.Select(layer => new JsonObject
        {
            ["name"] = layer.Name,
            ["count"] = layer.Count,
            ["psi"] = layer.Psi,
            ["meanCurvature"] = layer.MeanCurvature,
            ["kappaShare"] = layer.KappaShare,
        })]),
    };

    private static string Interval(ConfidenceInterval? interval) =>
        interval is null ? "" : $" ({Number(interval.Low)} to {Number(interval.High)})";

    // JSON has no infinity.
    private static double? Finite(double? value) => value is { } one && double.IsFinite(one) ? one : null;

    private static string Name(RhoEstimator estimator) => estimator.ToString().ToLowerInvariant();

    private static string Number(double value) =>
        Math.Abs(value) is >= 100 and < 1e9 ? value.ToString("N0", CultureInfo.InvariantCulture) : value.ToString("G3", CultureInfo.InvariantCulture);

    private static string Share(double share) => share.ToString("P1", CultureInfo.InvariantCulture);
}
