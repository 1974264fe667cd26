using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Core.Perturbation;
using PacGen.Nn;
using PacGen.Nn.Data;
using Spectre.Console;

namespace PacGen.Benchmarks.Experiments;

/// <summary>
/// <c>experiment rescale</c>, section 6: a ReLU MLP's first layer times α and the second times 1/α is the same function (22). How far
/// do Ψ, Lemmas 6 and 8, measures of the Hessian and the sharpness measures (2) and (3) move?
/// </summary>
internal sealed class RescaleExperiment
{
    private const string Picture = "rescale.png", Numbers = "rescale.csv", Report = "rescale.md";
    private const double LearningRate = 0.1;
    private const int Batch = 32, MostImages = 2000;

    private readonly Host host;
    private readonly Option<string> dataset = Options.Dataset("The images; digits is embedded", "digits");
    private readonly Option<int?> images = Options.Count("--images", $"Training images that are trained and measured on, 0 for all; without it at most {MostImages:N0}", 0);
    private readonly Option<int?> hidden = Options.Count(
        "--hidden", $"The width of the hidden layer; the Hessian's diagonal is exact up to {RescaleSettings.LargestExact:N0} weights in all", 1, 16);

    private readonly Option<int?> epochs = Options.Count("--epochs", "How many times the training set is seen", 1, 40);
    private readonly Option<int?> alphas = Options.Count("--alphas", "How many α from 0.01 to 100, equally far apart in the logarithm; odd, so that 1 is among them", 3, 25);
    private readonly Option<int?> draws = Options.Count("--draws", "Pairs u, −u for expected sharpness (3), and products for the Hessian's trace", 2, 20);
    private readonly Option<double?> sigma = Options.Number("--sigma", "σ of expected sharpness (3)", Interval.Positive, 0.05);
    private readonly Option<double?> box = Options.Number("--box", "ε of the box C_ε of sharpness (2)", Interval.Positive, 1e-3);
    private readonly Option<int?> directions = Options.Count("--directions", "The dimension of the random subspace of sharpness (2)", 1, 20);
    private readonly Option<double?> gamma = Options.Number("--gamma", "γ of the neighbourhood κ = γ|w| + ε of Ψ and the bounds (Definition 4)", Interval.Gamma, 0.1);
    private readonly Option<double?> epsilon = Options.Number("--epsilon", "ε of the neighbourhood κ = γ|w| + ε of Ψ and the bounds (Definition 4)", Interval.Epsilon, 0.1);
    private readonly Option<double?> delta = Options.Number("--delta", "δ, the probability with which a bound may fail", Interval.OpenFraction, 0.05);
    private readonly Option<double?> smallest = Options.Number("--smallest-probability", "p_min, which bounds the cross-entropy of Lemmas 6 and 8", Interval.OpenFraction, 1e-4);
    private readonly Option<ulong> seed = Options.Seed();
    private readonly DeviceOptions device = new();
    private readonly DataSource data = new();
    private readonly Option<string?> output = Options.Path("--output", $"The folder for {Picture}, {Numbers} and {Report}; without it the working folder", "folder");

    public RescaleExperiment(Host host)
    {
        this.host = host;
        Command = new Command("rescale", $"Section 6: how measures move when a ReLU MLP is re-parameterized. Leaves {Picture}, {Numbers}, {Report}.");
        foreach (Option option in new Option[] { dataset, images, hidden, epochs, alphas, draws, sigma, box, directions, gamma, epsilon, delta, smallest, seed })
        {
            Command.Add(option);
        }

        device.AddTo(Command);
        data.AddTo(Command);
        Command.Add(output);
        Command.SetAction(Run);
    }

    /// <summary>The subcommand.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        Stopwatch clock = Stopwatch.StartNew();
        int count = parsed.GetValue(alphas)!.Value;
        if (count % 2 == 0)
        {
            throw new UsageException($"--alphas is {count}, but must be odd, so that α = 1 is among them.");
        }

        string folder = parsed.GetValue(output) ?? ".";
        foreach (string file in (string[])[Picture, Numbers, Report])
        {
            OutputFile.Check(Path.Combine(folder, file), "--output");
        }

        Terminal terminal = new(host);
        using OpenedDevice opened = device.Open(parsed);
        Dataset all = data.Load(parsed, parsed.GetValue(dataset)!, terminal, host.Stop.Token);
        Dataset set = all with { Train = Part(all.Train, parsed.GetValue(images)) };
        RescaleSettings settings = new(
            parsed.GetValue(draws)!.Value,
            parsed.GetValue(sigma)!.Value,
            parsed.GetValue(box)!.Value,
            parsed.GetValue(directions)!.Value,
            new Neighborhood(parsed.GetValue(gamma)!.Value, parsed.GetValue(epsilon)!.Value),
            parsed.GetValue(delta)!.Value,
            parsed.GetValue(smallest)!.Value,
            parsed.GetValue(seed));
        if (set.Train.Count < RescaleSettings.PsiBatch)
        {
            throw new UsageException($"--images is {set.Train.Count}, but Ψ squares gradients of {RescaleSettings.PsiBatch} images at a time: use at least as many.");
        }

        Mlp model = new(set.Train.ImageSize, parsed.GetValue(hidden)!.Value, set.Train.Classes);
        using Trainer trainer = new(model, set, new Sgd(LearningRate), new TrainingOptions
        {
            Epochs = parsed.GetValue(epochs)!.Value,
            BatchSize = Math.Min(Batch, set.Train.Count),
            Seed = settings.Seed,
            Device = opened.Device,
        });
        if (settings.Directions > trainer.Arena.Count)
        {
            throw new UsageException($"--directions is {settings.Directions}, but the network has {trainer.Arena.Count} weights.");
        }

        string name = $"mlp {set.Train.ImageSize}-{parsed.GetValue(hidden)}-{set.Train.Classes}";
        string setting = string.Create(
            CultureInfo.InvariantCulture,
            $"{name} with ReLU, {trainer.Arena.Count:N0} weights; {set.Train.Count:N0} training images of {set.Name}; SGD at {LearningRate}, batch {Batch}, seed {settings.Seed}; {opened.Device.Name}");
        terminal.Line(setting);
        new TrainingReport(terminal, name).Show(parsed.GetValue(epochs)!.Value, progress => trainer.Run(null, progress, host.Stop.Token));
        host.Stop.Token.ThrowIfCancellationRequested();
        terminal.Line(trainer.Results[^1].ToString());

        double[] grid = [.. Enumerable.Range(0, count).Select(i => 2 * i == count - 1 ? 1 : Math.Pow(10, -2 + (4.0 * i / (count - 1))))];
        List<RescalePoint> points = [];
        using RescaleMeasures measures = new(model, trainer.Arena, set.Train, () => trainer.Predict(set.Test), grid, settings);
        bool stopped = false;
        try
        {
            // α = 1 first: everything is relative to it.
            foreach (double alpha in grid.OrderBy(alpha => alpha != 1))
            {
                points.Add(measures.At(alpha, host.Stop.Token));
                terminal.Line(Line(points[^1], points.Count, count));
            }
        }
        catch (OperationCanceledException) when (host.Stop.Requested && points.Count > 0)
        {
            stopped = true;
        }

        points.Sort((a, b) => a.Alpha.CompareTo(b.Alpha));
        terminal.Write(Table(points));
        RescaleFindings findings = new(points, settings, measures);
        foreach (string paragraph in findings.Paragraphs)
        {
            terminal.Line(paragraph);
        }

        string command = $"pacgen experiment rescale {Arguments(parsed)}".TrimEnd();
        string title = $"Section 6: {name} on {set.Name}, first layer times α, second times 1/α";
        byte[] picture = RescalePlot.Draw(title, points);
        OutputFile.Write(Path.Combine(folder, Picture), "--output", stream => stream.Write(picture));
        OutputFile.Write(Path.Combine(folder, Numbers), "--output", stream => Write(stream, Csv(points)));
        OutputFile.Write(Path.Combine(folder, Report), "--output", stream => Write(stream, findings.Markdown(title, setting, command, (Picture, Numbers), stopped ? count : null)));
        string kept = $"{points.Count} of {count} α → {Path.Combine(folder, Picture)}, {Path.Combine(folder, Numbers)}, {Path.Combine(folder, Report)}";
        if (stopped)
        {
            host.Problem($"stopped. Kept: {kept}.");
            return host.Stop.ExitCode;
        }

        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{kept} ({clock.Elapsed.TotalSeconds:F0} s in all)"));
        return 0;
    }

    private static ImageSet Part(ImageSet images, int? count) => count switch
    {
        0 => images,
        null => images.Take(Math.Min(MostImages, images.Count)),
        { } some => images.Take(some),
    };

    /// <summary>The options that the command line itself has, in its order.</summary>
    private string Arguments(ParseResult parsed) =>
        string.Join(' ', parsed.Tokens.Select(token => token.Value).SkipWhile(word => word != Command.Name).Skip(1));

    private static string Line(RescalePoint point, int done, int count) => string.Create(
        CultureInfo.InvariantCulture,
        $"{done,3} of {count}: α = {point.Alpha,-8:G4} Ψ {point.Psi:F0} (1/κ {point.KappaShare:P0}), Lemma 6 {point.Lemma6:F3}, Lemma 8 {point.Lemma8:F3}, λ_max {(point.EigenvalueConverged ? "" : "≥ ")}{point.LargestEigenvalue:G4}, (2) {point.KeskarFull:G4} %, (3) {point.ExpectedSharpness:G4}");

    private static Table Table(List<RescalePoint> points)
    {
        RescalePoint[] shown = [points[0], points.Single(point => point.Alpha == 1), points[^1]];
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("measure");
        foreach (RescalePoint point in shown)
        {
            table.AddColumn(new TableColumn(string.Create(CultureInfo.InvariantCulture, $"α = {point.Alpha:G4}")).RightAligned());
        }

        table.AddColumn(new TableColumn("largest ÷ smallest").RightAligned());
        foreach (RescaleQuantity quantity in RescaleQuantity.All)
        {
            table.AddRow([quantity.Name, .. shown.Select(point => Number(quantity.Value(point))), Number(quantity.Spread(points))]);
        }

        return table;
    }

    private static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    private static string Csv(List<RescalePoint> points)
    {
        (string Key, Func<RescalePoint, double> Value)[] columns =
        [
            ("alpha", point => point.Alpha),
            ("output_change", point => point.OutputChange),
            .. RescaleQuantity.All.Select(quantity => (quantity.Key, quantity.Value)),
            ("trace_standard_error", point => point.TraceError),
            ("sharpness3_standard_error", point => point.ExpectedSharpnessError),
            ("negative_curvature_share", point => point.NegativeShare),
            ("lambda_max_converged", point => point.EigenvalueConverged ? 1 : 0),
        ];
        return string.Join('\n',
        [
            string.Join(',', columns.Select(column => column.Key)),
            .. points.Select(point => string.Join(',', columns.Select(column => column.Value(point).ToString("R", CultureInfo.InvariantCulture)))),
            "",
        ]);
    }

    private static void Write(Stream stream, string text)
    {
        using StreamWriter writer = new(stream, leaveOpen: true);
        writer.Write(text);
    }
}
