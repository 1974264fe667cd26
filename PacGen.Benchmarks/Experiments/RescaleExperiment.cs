using System.CommandLine;
using System.Diagnostics;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Core.Perturbation;
using PacGen.Nn;

namespace PacGen.Benchmarks.Experiments;

/// <summary>
/// <c>experiment rescale</c>, section 6: a ReLU MLP's first layer times α and the second times 1/α is the same function (22). How
/// far do Ψ, Lemmas 6 and 8, measures of the Hessian and the sharpness measures (2) and (3) move?
/// </summary>
internal sealed class RescaleExperiment : Verb
{
    private const string Picture = "rescale.png", Numbers = "rescale.csv", Report = "rescale.md";
    private const string What =
        $"Section 6: how measures move when a ReLU MLP is re-parameterized. Leaves {Picture}, {Numbers}, {Report}.";
    private const string OfTheBounds = "of the neighbourhood κ = γ|w| + ε of Ψ and the bounds (Definition 4)";
    private const double LearningRate = 0.1;
    private const int Batch = 32, MostImages = 2000;

    private readonly Option<int?> images = Options.Count(
        "--images", $"Training images that are trained and measured on, 0 for all; without it at most {MostImages:N0}", 0);

    private readonly Option<int> hidden = Options.Count(
        "--hidden",
        $"The width of the hidden layer; the Hessian's diagonal is exact up to {RescaleSettings.LargestExact:N0} weights in all",
        1,
        16);

    private readonly Option<int> epochs = Options.Count("--epochs", "How many times the training set is seen", 1, 40);
    private readonly Option<int> alphas = Options.Count(
        "--alphas", "How many α from 0.01 to 100, equally far apart in the logarithm; odd, so that 1 is among them", 3, 25);

    private readonly Option<int> draws = Options.Count(
        "--draws", "Pairs u, −u for expected sharpness (3), and products for the Hessian's trace", 2, 20);

    private readonly Option<double> sigma = Options.Number("--sigma", "σ of expected sharpness (3)", Interval.Positive, 0.05);
    private readonly Option<double> box = Options.Number("--box", "ε of the box C_ε of sharpness (2)", Interval.Positive, 1e-3);
    private readonly Option<int> directions = Options.Count(
        "--directions", "The dimension of the random subspace of sharpness (2)", 1, 20);
    private readonly Option<double> gamma = Options.Number("--gamma", $"γ {OfTheBounds}", Interval.Gamma, 0.1);
    private readonly Option<double> epsilon = Options.Number("--epsilon", $"ε {OfTheBounds}", Interval.Epsilon, 0.1);
    private readonly Option<double> delta = Options.Number(
        "--delta", "δ, the probability with which a bound may fail", Interval.OpenFraction, 0.05);
    private readonly Option<double> smallest = Options.Number(
        "--smallest-probability", "p_min, which bounds the cross-entropy of Lemmas 6 and 8", Interval.OpenFraction, 1e-4);

    private readonly Option<ulong> seed = Options.Seed();
    private readonly DeviceOptions device = new();
    private readonly DataSource data = new();
    private readonly ResultOptions files = new(Picture, Numbers, Report);

    public RescaleExperiment(Host host)
        : base(host, new Command("rescale", What))
    {
        Add(data.Set, images, hidden, epochs, alphas, draws, sigma, box, directions, gamma, epsilon, delta, smallest, seed);
        Add(device, data, files);
    }

    protected override int Run(ParseResult parsed)
    {
        Stopwatch clock = Stopwatch.StartNew();
        int count = parsed.GetValue(alphas);
        if (count % 2 == 0)
        {
            throw new UsageException($"--alphas is {count}, but must be odd, so that α = 1 is among them.");
        }

        Results results = files.Open(parsed);
        Terminal terminal = TerminalOf(parsed);
        using OpenedDevice opened = device.Open(parsed);
        Dataset all = data.LoadClasses(parsed, terminal, Host.Stop.Token);
        Dataset set = all with { Train = Part(all.Train, parsed.GetValue(images)) };
        RescaleSettings settings = new(
            parsed.GetValue(draws), parsed.GetValue(sigma), parsed.GetValue(box), parsed.GetValue(directions),
            new Neighborhood(parsed.GetValue(gamma), parsed.GetValue(epsilon)),
            parsed.GetValue(delta), parsed.GetValue(smallest), parsed.GetValue(seed));
        if (set.Train.Count < RescaleSettings.PsiBatch)
        {
            throw new UsageException(
                Prose.Line($"""
                    --images is {set.Train.Count}, but Ψ squares gradients of {RescaleSettings.PsiBatch} images at a time: use at
                    least as many.
                    """));
        }

        Mlp model = new(set.Train.SampleSize, parsed.GetValue(hidden), set.Train.Classes);
        using Trainer trainer = new(model, set, new Sgd(LearningRate), new TrainingOptions
        {
            Epochs = parsed.GetValue(epochs),
            BatchSize = Math.Min(Batch, set.Train.Count),
            Seed = settings.Seed,
            Device = opened.Device,
        });
        if (settings.Directions > trainer.Arena.Count)
        {
            throw new UsageException(
                $"--directions is {settings.Directions}, but the network has {trainer.Arena.Count} weights.");
        }

        string name = $"mlp {set.Train.SampleSize}-{parsed.GetValue(hidden)}-{set.Train.Classes}";
        string setting = Prose.Line($"""
            {name} with ReLU, {trainer.Arena.Count:N0} weights; {set.Train.Count:N0} training images of {set.Name}; SGD at
            {LearningRate}, batch {Batch}, seed {settings.Seed}; {opened.Device.Name}
            """);
        terminal.Line(setting);
        new TrainingReport(terminal, name)
            .Show(parsed.GetValue(epochs), progress => trainer.Run(null, progress, Host.Stop.Token));
        terminal.Line(trainer.Results[^1].ToString());

        double[] grid =
            [.. Enumerable.Range(0, count).Select(i => 2 * i == count - 1 ? 1 : Math.Pow(10, -2 + (4.0 * i / (count - 1))))];
        using RescaleMeasures measures = new(model, trainer.Arena, set.Train, () => trainer.Predict(set.Test), grid, settings);
        List<RescalePoint> points = measures.AtAll(
            (point, done) => terminal.Line($"{done,3} of {count}: {point.Summary}"), Host.Stop.Token);
        RescaleFindings findings = new(points, settings, measures);
        terminal.Write(findings.Table());
        foreach (string paragraph in findings.Paragraphs)
        {
            terminal.Line(paragraph);
        }

        string titled = name.Replace("mlp", "MLP", StringComparison.Ordinal);
        string title = $"Section 6: {titled} on {set.Name}, first layer times α, second times 1/α";
        results.Write(Picture, RescalePlot.Draw(title, points));
        results.Write(Numbers, RescaleQuantity.Rows(points));
        results.Write(Report, findings.Markdown(title, setting, Line(parsed), (results.NameOf(Picture), Numbers), count));
        string kept = $"{points.Count} of {count} α → {results}";
        if (points.Count < count)
        {
            return Stopped($"stopped. Kept: {kept}.");
        }

        terminal.Line($"{kept} ({clock.Elapsed.TotalSeconds:F0} s in all)");
        return 0;
    }

    private static SampleSet Part(SampleSet images, int? count) => count switch
    {
        0 => images,
        null => images.Take(Math.Min(MostImages, images.Count)),
        { } some => images.Take(some),
    };
}
