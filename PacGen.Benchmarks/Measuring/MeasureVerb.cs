using System.CommandLine;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;
using PacGen.Plots;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Nn;

namespace PacGen.Benchmarks.Measuring;

/// <summary><c>measure</c>: every measure of a trained network in one table.</summary>
internal sealed class MeasureVerb : Verb
{
    private const int DefaultImages = 2000;

    private readonly SavedNetworkOptions saved = new("measure on");
    private readonly Option<Measure[]?> measures = MeasuresOption.Create();
    private readonly Option<bool> list = Options.Flag("--list", "Shows the measures that there are, and takes none");
    private readonly Option<string?> initial = Options.Path(
        "--initial",
        Prose.Line("""
            A file of the weights from which training began, for distances; without it, and for a file of pacgen train, they are
            drawn again by its seed
            """));

    private readonly Option<int?> initialSeed = Options.Count(
        "--initial-seed", "The seed that drew the weights from which training began, where it is not the file's", 0);

    private readonly Option<int> images = Options.Count(
        "--images",
        $"Training samples to measure on, chosen by the seed, 0 for all; where there are fewer than {DefaultImages:N0}, all",
        0, DefaultImages);

    private readonly Option<bool> layers = Options.Flag("--layers", "Shows each layer's part where a measure has parts");
    private readonly Option<string?> csv = Options.Path("--csv", "Writes the table to a CSV file");
    private readonly Option<string?> density = Options.Path(
        "--density", $"A picture of the Hessian's spectral density on the same samples: {PictureFile.Help}");

    private readonly PictureOptions pictureSize = new();
    private readonly ReportFile report = new();
    private readonly Option<ulong> seed = Options.Seed("the samples, the perturbations and random vectors");

    public MeasureVerb(Host host)
        : base(host, new Command(
            "measure", "Measures a trained network by everything that is said to go with its gap, in one table."))
    {
        Add(
        [
            saved, measures, list, initial, initialSeed, images, layers, csv, density, pictureSize, report, seed, .. saved.Places,
        ]);
        Add(JsonOption("One JSON object on standard output, all else on standard error"));
    }

    public override string[] Main =>
    [
        "--weights", "--dataset", "--measures", "--list", "--images", "--layers", "--csv", "--density", "--report", "--json",
    ];

    protected override int Run(ParseResult parsed)
    {
        Terminal terminal = TerminalOf(parsed);
        if (parsed.GetValue(list))
        {
            if (WantsJson(parsed))
            {
                throw new UsageException("--list shows a table for people: leave --json or --list out.");
            }

            MeasureReport.List(terminal);
            return 0;
        }

        LaunchedRank.Join();
        if (!saved.IsGiven(parsed))
        {
            throw new UsageException(
                "--weights is missing: name the file that holds the network, or one with its weights by --model FILE.onnx, or " +
                    "see --list.");
        }

        if (parsed.IsGiven(initial) && parsed.IsGiven(initialSeed))
        {
            throw new UsageException("--initial and --initial-seed both say where training began: give one of them.");
        }

        CsvText.Check(parsed.GetValue(csv), MeasureReport.Head);
        report.Check(parsed);
        parsed.Needs(parsed.GetValue(density) is not null, "--density", pictureSize.All);

        if (parsed.GetValue(density) is { } picture)
        {
            OutputFile.CheckPicture(picture, "--density");
        }

        OutputFile.RequireDistinct(new[] { csv, density, report.File }.Select(option => (option.Name, parsed.GetValue(option))));
        using SavedNetwork network = saved.Open(parsed, terminal, Host);
        SampleSet train = network.Images.Train;
        int asked = parsed.GetValue(images), count = asked == 0 || !parsed.IsGiven(images)
            ? Math.Min(train.Count, asked == 0 ? train.Count : DefaultImages) : asked;
        if (count > train.Count)
        {
            throw new UsageException(
                $"--images is {count}, but there are {train.Count} training {train.Noun}: use at most as many.");
        }

        ulong by = parsed.GetValue(seed);
        using EmpiricalLoss subject = new(network.Network, network.Arena, train.Sample(count, by))
        {
            Training = new TrainingFacts
            {
                InitialWeights = First(parsed, network), Images = train.Count, Steps = network.Steps,
                SecondMoment = network.SecondMoment,
                PosteriorDeviations = network.PosteriorDeviations,
            },
        };
        terminal.Line(network.Line);
        terminal.Line($"Measured on {count:N0} of {train.Count:N0} training {train.Noun} of {network.Images.Name}");
        List<MeasuredRow> rows = [];
        SpectralDensity? spectrum = null;
        bool whole = true;
        try
        {
            Measure[] chosen = parsed.GetValue(measures) is { Length: > 0 } some ? some : [.. Measures.All];
            Measure(terminal, chosen, subject, by, rows);
            spectrum = parsed.GetValue(density) is null ? null
                : new ProgressReport<MeasureProgress>(
                    terminal, "spectral density", at => ($"{at.Measure}: {at.Done} of {at.Total} products", at.Done, at.Total))
                {
                    EstimatesTime = true,
                }.Show(progress => LanczosQuadrature.Measure(
                    subject, new SpectralDensityOptions { Seed = by }, progress, Host.Stop.Token));
        }
        catch (OperationCanceledException) when (Host.Stop.Requested && rows.Count > 0)
        {
            whole = false;
        }

        MeasureReport measured = new(rows, parsed.GetValue(layers));
        if (WantsJson(parsed))
        {
            Write(new JsonObject
            {
                ["weights"] = network.Path,
                ["model"] = network.Choice.Describe(network.Images),
                ["dataset"] = network.Images.Name,
                ["parameters"] = network.Arena.Count,
                ["images"] = count,
                ["seed"] = by,
                ["measures"] = measured.Json(),
                ["density"] = spectrum is null ? null : new JsonArray([.. spectrum.Nodes.Select(node => new JsonObject
                {
                    ["eigenvalue"] = node.Eigenvalue,
                    ["share"] = node.Mass,
                })]),
            });
        }
        else
        {
            measured.Show(terminal);
        }

        if (spectrum is not null)
        {
            string drawn = parsed.GetValue(density)!;
            byte[] bytes = DensityPicture.Draw(
                drawn, network.Choice.Title(network.Images), pictureSize.Of(parsed), spectrum);
            OutputFile.Write(drawn, "--density", stream => stream.Write(bytes));
            terminal.Line($"{spectrum} → {drawn}");
        }

        if (parsed.GetValue(csv) is { } file)
        {
            CsvText.Write(file, measured.Csv());
            terminal.Line($"numbers → {file}");
        }

        if (report.Write(
            parsed, $"Measures of {network.Choice.Title(network.Images)} on {network.Images.Name}", network.Opened.Device.Name,
            () => [new PageBlock.Plain(network.Line), .. measured.Page(spectrum)]) is { } written)
        {
            terminal.Line(written);
        }

        return whole ? 0 : Stopped($"stopped after {Prose.Count(rows.Count, "measure")}; what was measured is above.");
    }

    private void Measure(
        Terminal terminal, Measure[] chosen, EmpiricalLoss subject, ulong by, List<MeasuredRow> rows)
    {
        ProgressReport<(int Index, MeasureProgress? At)> report = new(
            terminal, "measure", at => (
                $"{at.Index + 1} of {chosen.Length}: {chosen[at.Index].Name}{Part(at.At)}",
                at.Index + (at.At is { } part ? (double)part.Done / part.Total : 0), chosen.Length))
        {
            EstimatesTime = true,
        };
        _ = report.Show(progress =>
        {
            for (int i = 0; i < chosen.Length; i++)
            {
                progress.Report((i, null));
                Forward forward = new(progress, i);
                rows.Add(MeasuredRow.Of(chosen[i], subject, by, forward, Host.Stop.Token));
            }

            return rows.Count;
        });

        static string Part(MeasureProgress? at) => at is { } part ? $", {part.Measure} {part.Done:N0} of {part.Total:N0}" : "";
    }

    /// <summary>The weights from which training began, as far as they can be known.</summary>
    private float[]? First(ParseResult parsed, SavedNetwork network) =>
        parsed.GetValue(initial) is { } path ? saved.Read(parsed, network, path)
        : parsed.GetValue(initialSeed) is { } given ? network.Drawn((ulong)given)
        : network.Seed is { } own ? network.Drawn(own)
        : null;

    /// <summary>A measure's progress as the whole's.</summary>
    private sealed class Forward(IProgress<(int Index, MeasureProgress? At)> progress, int index) : IProgress<MeasureProgress>
    {
        public void Report(MeasureProgress value) => progress.Report((index, value));
    }
}
