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

    private static readonly JsonSerializerOptions Readable =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ModelOptions model = new("mlp");
    private readonly DeviceOptions device = new();
    private readonly DataSource data = new();
    private readonly Option<string?> output = Options.Path(
        "--output", "A file to write the certificate into, with all its terms, as JSON");
    private readonly CertifyRunOptions run = new();

    public CertifyVerb(Host host)
        : base(host, new Command("certify", Prose.Line(What)))
    {
        Add(data.Set, model, run, device, data, output);
        Add(JsonOption("The certificate as one JSON object on standard output, all else on standard error"));
    }

    protected override int Run(ParseResult parsed)
    {
        Stopwatch clock = Stopwatch.StartNew();
        Terminal terminal = TerminalOf(parsed);
        CertifyOptions asked = run.Create(parsed);
        ModelChoice choice = model.Create(parsed);
        Check(parsed);
        using OpenedDevice opened = device.Open(parsed);
        Dataset images = data.Load(parsed, terminal, Host.Stop.Token);
        Module network = choice.Create(images, opened.Device, 10);
        if (network.State.Count > 0)
        {
            throw new UsageException(Prose.Line($"""
                {choice.Describe(images)} has running statistics ({network.State[0].Name} and others), which are learnt from samples
                outside the posterior and which no bound here covers: certify a network without batch norm.
                """));
        }

        CertifyOptions options = asked with { Device = opened.Device };
        CertifyReport report = new(terminal);
        report.Begin(choice, network, images, options);
        JsonObject result;
        Action show;
        if (run.IsProgressive(parsed))
        {
            ProgressiveCertificate certificate = report.Show(
                progress => Certifier.CertifyProgressively(network, images, options, progress, Host.Stop.Token));
            (result, show) = (certificate.ToJson(), () => report.Result(certificate));
        }
        else
        {
            Certificate certificate = report.Show(
                progress => Certifier.Certify(network, images, options, progress, Host.Stop.Token));
            (result, show) = (certificate.ToJson(), () => report.Result(certificate));
        }

        result.Insert(0, "model", choice.Describe(images));
        result.Insert(1, "dataset", images.Name);
        result.Insert(2, "seed", options.Seed);
        if (WantsJson(parsed))
        {
            Write(result);
        }

        show();
        if (parsed.GetValue(output) is { } file)
        {
            OutputFile.Write(
                file, "--output", stream => stream.Write(Encoding.UTF8.GetBytes($"{result.ToJsonString(Readable)}\n")));
            terminal.Line($"certificate → {file}");
        }

        terminal.Line($"{clock.Elapsed.TotalSeconds:F0} s in all");
        return 0;
    }

    private void Check(ParseResult parsed)
    {
        if (parsed.GetValue(output) is { } path)
        {
            OutputFile.Check(path, "--output", "a certificate", OutputKind.Json, ".json");
        }
    }
}
