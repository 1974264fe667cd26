using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Nn;
using PacGen.Plots;

namespace PacGen.Benchmarks.Certification;

/// <summary>
/// <c>certify</c>: a prior from one part of the training images, a posterior, and a bound on its error from the other part.
/// </summary>
internal sealed class CertifyVerb : Verb
{
    private const string What = """
        Trains a network and bounds its error on images to come by PAC-Bayes, or with --stages by tests before learning, from the
        training images alone: a certificate, and what it assumes.
        """;

    private static readonly JsonSerializerOptions Readable =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ModelOptions model = new("mlp");
    private readonly DeviceOptions device = new();
    private readonly DataSource data = new();
    private readonly Option<string?> output = Options.Path(
        "--output", "A file to write the certificate into, with all its terms, as JSON");
    private readonly Option<string?> save = Options.Path(
        "--save",
        Prose.Line("""
            With --stages, a folder to write the stages' networks into, each with its share: the classifier that is certified; with
            --compress, a file for the compressed network
            """));
    private readonly Option<string?> weights = Options.Path(
        "--weights",
        Prose.Line("""
            A network of one's own: the file that pacgen train --save wrote, a safetensors, .pt or .pth file, or FILE.onnx, certified
            on the data set's test images, which it must not have been trained on or chosen by
            """));
    private readonly Option<bool> unseen = Options.Flag(
        "--unseen",
        Prose.Line("""
            With --weights, says that none of the test samples was trained on, even where they differ from those that were held
            out at training
            """));
    private readonly Option<string> layout = Options.Choice(
        "--layout", "The order of weights in a file of another program; without it recognised by the arrays' shapes", null,
        WeightsFile.Layouts);
    private readonly Option<string?> csv = Options.Path(
        CsvText.Option, "A file to write the certificate's numbers into, as comma-separated values");

    private readonly ReportFile page = new();
    private readonly CertifyRunOptions run = new();

    public CertifyVerb(Host host)
        : base(host, new Command("certify", Prose.Line(What)))
    {
        Add(data.Set, model, weights, layout, unseen, run, device, data, output, save, csv, page);
        Add(JsonOption("The certificate as one JSON object on standard output, all else on standard error"));
    }

    public override string[] Main =>
    [
        "--dataset", "--model", "--weights", "--stages", "--prior-epochs", "--posterior-epochs", "--delta", "--seed",
        "--checkpoint", "--output", "--report", "--device", "--json",
    ];

    protected override int Run(ParseResult parsed)
    {
        Stopwatch clock = Stopwatch.StartNew();
        Terminal terminal = TerminalOf(parsed);
        CertifyOptions asked = run.Create(parsed, parsed.GetValue(weights) is not null);
        Check(parsed);
        string? path = parsed.GetValue(weights);
        bool onnx = path is not null && OnnxSource.IsOne(path);
        using WeightsFile? file = path is not null && !onnx ? WeightsFile.Open(path) : null;
        ModelChoice choice = onnx ? model.OfFile(parsed, path!) : model.Create(parsed, file?.Model);
        using OpenedDevice opened = device.Open(parsed);
        TrainedSamples? trained = file?.Samples ?? choice.Onnx?.Samples;
        Dataset images = data.Load(
            parsed, terminal, Host.Stop.Token,
            parsed.IsGiven(data.Set) || file?.Model is null ? null : SavedNetworkOptions.ImagesOf(file, path!, choice), trained);
        if (path is not null && !parsed.GetValue(unseen)
            && (trained ?? new TrainedSamples(path)).RequireHeldOut(images) is { } warning)
        {
            terminal.Line($"Warning: {warning}");
        }

        CertifyOptions options = asked with
        {
            Device = opened.Device, KeepNormalization = path is null && data.HasStatedNormalization(parsed, trained),
        };
        CertifyReport report = new(terminal);
        JsonObject result;
        Action<CertifyReport> show;
        Func<IReadOnlyList<(Panel, int)>> panels;
        try
        {
            (result, show, panels) = path is null ? OfTraining(parsed, choice, images, options, report)
                : OfFile(file, parsed, choice, images, options, report);
        }
        catch (OperationCanceledException) when (Host.Stop.Requested && options.Folder is not null)
        {
            return Stopped($"stopped; the same command goes on from {options.Folder}.");
        }

        result.Insert(0, "model", choice.Describe(images));
        result.Insert(1, "dataset", images.Name);
        result.Insert(2, "seed", options.Seed);
        if (WantsJson(parsed))
        {
            Write(result);
        }

        show(report);
        if (parsed.GetValue(csv) is { } table)
        {
            CsvText.Write(table, CsvText.Flat(result));
            terminal.Line($"numbers → {table}");
        }

        if (page.Write(
            parsed, $"Certificate of {choice.Title(images)} on {images.Name}", opened.Device.Name,
            () =>
            [
                ReportFile.Pictures("What is guaranteed beside what was seen", panels()),
                .. Terminal.Record(recorder => show(new CertifyReport(recorder))),
            ]) is { } written)
        {
            terminal.Line(written);
        }

        if (parsed.GetValue(output) is { } target)
        {
            OutputFile.Write(
                target, "--output", stream => stream.Write(Encoding.UTF8.GetBytes($"{result.ToJsonString(Readable)}\n")));
            terminal.Line($"certificate → {target}");
        }

        terminal.Line($"{clock.Elapsed.TotalSeconds:F0} s in all");
        return 0;
    }

    private Certified OfTraining(
        ParseResult parsed, ModelChoice choice, Dataset images, CertifyOptions options, CertifyReport report)
    {
        Module network = choice.Create(images, options.Device!, 10);
        report.Begin(choice, network, images, options);
        if (run.IsProgressive(parsed))
        {
            ProgressiveCertificate progressive = report.Show(
                progress => Certifier.CertifyProgressively(network, images, options, progress, Host.Stop.Token));
            if (parsed.GetValue(save) is { } folder)
            {
                CertifiedMixture.Of(progressive).Save(
                    folder, choice.Make(images),
                    stage => TrainedSamples.OfParts(WeightsFile.Notes(
                        choice, images, options.Seed, options.PriorEpochs + (stage * options.PosteriorEpochs),
                        progressive.Stages[stage - 1].Steps, options.BatchSize)));
            }

            return new(progressive.ToJson(), shown => shown.Result(progressive), () => CertifyPlots.Of(progressive));
        }

        Certificate certificate = report.Show(
            progress => Certifier.Certify(network, images, options, progress, Host.Stop.Token));
        Save(parsed, certificate, choice, images, options);
        return new(certificate.ToJson(), shown => shown.Result(certificate), () => CertifyPlots.Of(certificate));
    }

    private Certified OfFile(
        WeightsFile? file, ParseResult parsed, ModelChoice choice, Dataset images, CertifyOptions options, CertifyReport report)
    {
        (Module network, ParameterArena arena) = file is null ? choice.WithWeights(images, options.Device!)
            : file.Load(choice, images, file.Model is null ? parsed.GetValue(layout) : null, options.Device!);
        float[] values, state;
        using (arena)
        {
            (values, state) = (arena.Save(), arena.SaveState());
        }

        report.Begin(parsed.GetValue(weights)!, choice, network, images, options);
        Certificate certificate = report.Show(
            progress => Certifier.CertifyWeights(network, values, state, images, options, progress, Host.Stop.Token));
        Save(parsed, certificate, choice, images, options);
        JsonObject result = certificate.ToJson();
        result["method"] = "weights";
        return new(result, shown => shown.Result(certificate), () => CertifyPlots.Of(certificate));
    }

    private void Save(
        ParseResult parsed, Certificate certificate, ModelChoice choice, Dataset images, CertifyOptions options)
    {
        if (parsed.GetValue(save) is { } path && certificate.Compressed is { } compressed)
        {
            Dataset seen = compressed.Normalization is { } normalization ? images.Normalized(normalization) : images;
            using ParameterArena arena = new(choice.Make(images), Kernels.Device.Cpu, 0);
            arena.Load([.. compressed.Weights]);
            if (compressed.State.Count > 0)
            {
                arena.LoadState([.. compressed.State]);
            }

            WeightsFile.Save(
                path, arena,
                WeightsFile.Notes(choice, seen, options.Seed, options.Compression!.Epochs, 0, options.BatchSize));
        }
    }

    private void Check(ParseResult parsed)
    {
        parsed.Needs(parsed.GetValue(weights) is not null, "--weights", layout, unseen);
        parsed.Needs(run.IsProgressive(parsed) || run.Compresses(parsed), "--stages or --compress", save);
        if (parsed.GetValue(weights) is not null && run.IsProgressive(parsed))
        {
            throw new UsageException("--stages trains networks of its own: leave it out with --weights.");
        }

        if (parsed.GetValue(weights) is not null && run.Compresses(parsed) && parsed.GetValue(save) is not null)
        {
            throw new UsageException(Prose.Line("""
                --save keeps no compressed network of --weights: its numbers were trained on the held-out images, which could then
                neither test nor certify it.
                """));
        }

        if (parsed.GetValue(output) is { } path)
        {
            OutputFile.Check(path, "--output", "a certificate", OutputKind.Json, ".json");
        }

        if (parsed.GetValue(save) is { } file && run.Compresses(parsed))
        {
            OutputFile.Check(file, "--save", "a file of weights", OutputKind.Weights, ".safetensors");
        }
        else if (parsed.GetValue(save) is { } folder)
        {
            if (File.Exists(folder))
            {
                throw new UsageException($"--save {folder}: this is a file. With --stages name a folder for the networks.");
            }

            OutputFile.Check(Directory.Exists(folder) ? Path.Combine(folder, "stage-1.safetensors") : folder, "--save");
        }

        CsvText.Check(parsed.GetValue(csv), "name,value");
        page.Check(parsed);
        OutputFile.RequireDistinct(new[] { output, csv, page.File }.Select(option => (option.Name, parsed.GetValue(option))));
    }

    /// <summary>A certificate as JSON, on a terminal, and as plots.</summary>
    private sealed record Certified(
        JsonObject Result, Action<CertifyReport> Show, Func<IReadOnlyList<(Panel, int)>> Panels);
}
