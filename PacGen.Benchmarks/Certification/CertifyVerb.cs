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
using PacGen.Core.Perturbation;
using PacGen.Nn;
using PacGen.Nn.Data;

namespace PacGen.Benchmarks.Certification;

/// <summary>
/// <c>certify</c>: a prior from one part of the training images, a posterior, and a bound on its error from the other part.
/// </summary>
internal sealed class CertifyVerb : Verb
{
    private const string What = """
        Trains a network and bounds its error on images to come by PAC-Bayes, from the training images alone: a certificate, and
        what it assumes.
        """;

    private static readonly CertifyOptions Defaults = new();
    private static readonly JsonSerializerOptions Readable =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ModelOptions model = new("mlp");
    private readonly DeviceOptions device = new();
    private readonly DataSource data = new();
    private readonly Option<string?> output = Options.Path(
        "--output", "A file to write the certificate into, with all its terms, as JSON");
    private readonly Option<ulong> seed = Options.Seed();
    private readonly Option<int> batchSize = Options.Count("--batch-size", "Images a step", 1, Defaults.BatchSize);

    private readonly Option<double> priorFraction = Options.Number(
        "--prior-fraction",
        "The part of the training images that the prior learns from; the certificate is taken over the rest, S₁",
        Interval.OpenFraction,
        Defaults.PriorFraction);

    private readonly Option<int> priorEpochs = Options.Count(
        "--prior-epochs", "How many times the prior's training sees its part", 1, Defaults.PriorEpochs);

    private readonly Option<int> posteriorEpochs = Options.Count(
        "--posterior-epochs",
        "How many times each posterior's training sees all training images; 0 keeps the prior's weights",
        0,
        Defaults.PosteriorEpochs);

    private readonly Option<int[]> levels = Options.Counts(
        "--prior-levels",
        Prose.Line($"""
            The prior's levels to choose from, multiples of η: larger is narrower; log K is paid for K of them; without it
            {string.Join(',', Defaults.PriorLevels)}
            """));

    private readonly Option<double?> eta = Options.Number(
        "--eta",
        "η of σ* (21) and of the posterior's objective, bounded cross-entropy + KL/η; without it n, the images of S₁",
        Interval.Positive);

    private readonly Option<double> gamma = Options.Number(
        "--gamma", "γ of κ = γ|w| + ε, which the posterior is truncated to", Interval.Gamma, Defaults.Neighborhood.Gamma);

    private readonly Option<double> epsilon = Options.Number(
        "--epsilon", "ε of κ = γ|w| + ε", Interval.Epsilon, Defaults.Neighborhood.Epsilon);

    private readonly Option<double> delta = Options.Number(
        "--delta", "δ: the probability, over S₁, that the bound fails", Interval.OpenFraction, Defaults.Delta);

    private readonly Option<double> deltaPrime = Options.Number(
        "--delta-prime", "δ′: the probability, over the draws, that q̄ is below the loss on S₁", Interval.OpenFraction,
        Defaults.DeltaPrime);

    private readonly Option<int> draws = Options.Count(
        "--draws",
        "N: weights are drawn anew for each of so many looks at an image of S₁; rounded up to the same number for each image",
        1,
        Defaults.Draws);

    private readonly Option<double> smallest = Options.Number(
        "--p-min",
        "p_min of the bounded cross-entropy, −log max(p, p_min) / log(1/p_min)",
        Interval.OpenFraction,
        Defaults.SmallestProbability);

    public CertifyVerb(Host host)
        : base(host, new Command("certify", Prose.Line(What)))
    {
        Add(data.Set, model, priorFraction, priorEpochs, posteriorEpochs, batchSize, levels, eta, gamma, epsilon, delta,
            deltaPrime, draws);
        Add(smallest, seed, device, data, output);
        Add(JsonOption("The certificate as one JSON object on standard output, all else on standard error"));
    }

    protected override int Run(ParseResult parsed)
    {
        Stopwatch clock = Stopwatch.StartNew();
        Terminal terminal = TerminalOf(parsed);
        ModelChoice choice = model.Create(parsed);
        Check(parsed, choice);
        using OpenedDevice opened = device.Open(parsed);
        Dataset images = data.Load(parsed, terminal, Host.Stop.Token);
        Module network = choice.Create(images, opened.Device, 10);
        int[] chosen = parsed.GetValue(levels) ?? [];
        CertifyOptions options = new()
        {
            PriorFraction = parsed.GetValue(priorFraction),
            PriorEpochs = parsed.GetValue(priorEpochs),
            PosteriorEpochs = parsed.GetValue(posteriorEpochs),
            BatchSize = parsed.GetValue(batchSize),
            PriorLevels = chosen.Length > 0 ? [.. chosen.Select(level => (double)level)] : Defaults.PriorLevels,
            Eta = parsed.GetValue(eta),
            Neighborhood = new Neighborhood(parsed.GetValue(gamma), parsed.GetValue(epsilon)),
            Delta = parsed.GetValue(delta),
            DeltaPrime = parsed.GetValue(deltaPrime),
            Draws = parsed.GetValue(draws),
            SmallestProbability = parsed.GetValue(smallest),
            Seed = parsed.GetValue(seed),
            Device = opened.Device,
        };
        CertifyReport report = new(terminal);
        report.Begin(choice, network, images, options);
        Certificate certificate = report.Show(progress => Certifier.Certify(network, images, options, progress, Host.Stop.Token));
        JsonObject result = certificate.ToJson();
        result.Insert(0, "model", choice.Describe(images));
        result.Insert(1, "dataset", images.Name);
        result.Insert(2, "seed", options.Seed);
        if (WantsJson(parsed))
        {
            Write(result);
        }

        report.Result(certificate);
        if (parsed.GetValue(output) is { } file)
        {
            OutputFile.Write(
                file, "--output", stream => stream.Write(Encoding.UTF8.GetBytes($"{result.ToJsonString(Readable)}\n")));
            terminal.Line($"certificate → {file}");
        }

        terminal.Line($"{clock.Elapsed.TotalSeconds:F0} s in all");
        return 0;
    }

    private void Check(ParseResult parsed, ModelChoice choice)
    {
        double lost = parsed.GetValue(delta) + parsed.GetValue(deltaPrime);
        if (lost >= 1)
        {
            throw new UsageException(Prose.Line($"""
                --delta and --delta-prime add up to {lost}, so the certificate could not hold with a positive probability: make
                them smaller.
                """));
        }

        if (choice.Name == "wide-resnet")
        {
            throw new UsageException(Prose.Line("""
                --model wide-resnet has running statistics, which are learnt from the images that the certificate is taken over
                and which no bound here covers: use --model mlp or mnist-cnn.
                """));
        }

        if (parsed.GetValue(output) is { } path)
        {
            OutputFile.Check(path, "--output", "a certificate", OutputKind.Json, ".json");
        }
    }
}
