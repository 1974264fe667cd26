using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Core.Text;
using PacGen.Nn;

namespace PacGen.Benchmarks.Scoring;

/// <summary>
/// <c>score</c>: Ψ of weights that <c>train --save</c> wrote, by every estimator of ρ, with its parts and layers.
/// </summary>
internal sealed class ScoreVerb : Verb
{
    private readonly ModelOptions model = new(null);
    private readonly PsiOptions scoring = new(each: false);
    private readonly Option<ulong> seed = Options.Seed();
    private readonly DeviceOptions device = new();
    private readonly DataSource data = new(
        Options.Dataset("The training images to score on; without it those that the file names", null));

    private readonly Option<string?> weights = Options.Path(
        "--weights",
        "The file that pacgen train --save wrote, a checkpoint of train --checkpoint, or a safetensors file of PyTorch's");

    private readonly Option<string> layout = Options.Choice(
        "--layout", "The order of weights in a file of another program; without it recognised by the arrays' shapes", null,
        WeightsFile.Layouts);

    public ScoreVerb(Host host)
        : base(host, new Command(
            "score", "Scores saved weights: Ψ with its interval, its parts, ρ by three estimators, and a table by layer."))
    {
        weights.Required = true;
        Add(weights, data.Set, model, layout, scoring, seed, device, data);
        Add(JsonOption("One JSON object on standard output, all else on standard error"));
    }

    protected override int Run(ParseResult parsed)
    {
        Terminal terminal = TerminalOf(parsed);
        string path = parsed.GetValue(weights)!;
        using WeightsFile file = WeightsFile.Open(path);
        if (file.Model is null && !model.IsGiven(parsed))
        {
            throw new UsageException(Prose.Line($"""
                {path} was not written by pacgen train and does not say which network it holds: say it with --model, and the
                images with --dataset.
                """));
        }

        ModelChoice choice = model.Create(parsed, file.Model);
        string set = parsed.GetValue(data.Set) ?? ImagesOf(file, path, choice);
        using OpenedDevice opened = device.Open(parsed);
        Dataset images = data.Load(parsed, terminal, Host.Stop.Token, set);
        (Module network, ParameterArena arena) = file.Load(choice, images, parsed.GetValue(layout), opened.Device);
        using ParameterArena owned = arena;
        if (file.StatisticsOf is { } step)
        {
            Host.Problem(Prose.Line($"""
                {path} was written within an epoch: its weights are those after step {file.Steps}, but its running statistics
                {(step < 0 ? "were not estimated yet" : $"are of step {step}")}. Score best.safetensors or the checkpoint of a
                whole epoch instead.
                """));
        }

        ScoreOptions options = scoring.Create(parsed, images.Train.Count, arena.Count, parsed.GetValue(seed));
        using EmpiricalLoss subject = new(network, arena, images.Train);
        ScoreReport report = new(
            choice.Describe(images), images.Name, PacGenScorer.MeasureAll(subject, options, null, Host.Stop.Token));
        if (WantsJson(parsed))
        {
            Write(report.Json(path));
            return 0;
        }

        string origin = file.Model is null ? "of another program"
            : $"after {file.Epochs} epochs ({file.Steps:N0} steps) on {Printable.Name(file.Dataset)}";
        terminal.Line($"{path}: {choice.Describe(images)}, {arena.Count:N0} parameters, {origin}; {opened.Device.Name}");
        report.Show(terminal);
        return 0;
    }

    /// <summary>The images that a file names. A place on a disk is the caller's to name: a file may be a stranger's.</summary>
    private static string ImagesOf(WeightsFile file, string path, ModelChoice choice) => file.Dataset switch
    {
        null when choice.Name == "mnist-cnn" => "mnist",
        null => throw new UsageException($"{path} does not say which images its network is for: say it with --dataset."),
        { } name when Datasets.Names.Contains(name) => name,
        { } name => throw new UsageException(Prose.Line($"""
            {path} names images that are none of {string.Join(", ", Datasets.Names)}, but '{Printable.Name(name)}': say with
            --dataset where they are.
            """)),
    };
}
