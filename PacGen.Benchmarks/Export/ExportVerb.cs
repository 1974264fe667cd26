using System.CommandLine;
using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Nn;

namespace PacGen.Benchmarks.Export;

/// <summary><c>export</c>: writes a saved network as an ONNX file, for other programs.</summary>
internal sealed class ExportVerb : Verb
{
    private readonly SavedNetworkOptions saved = new("take one sample's shape from", shared: false);
    private readonly Option<string?> output = Options.Path(
        "--output", "The ONNX file to write, .onnx; one that is there is replaced");

    public ExportVerb(Host host)
        : base(host, new Command("export", Prose.Line("""
            Writes saved weights and their network as an ONNX file, which ONNX Runtime and other programs run on batches of any size.
            """)))
    {
        output.Required = true;
        Add([saved, output, .. saved.Places]);
    }

    public override string[] Main =>
    [
        "--weights", "--dataset", "--model", "--output",
    ];

    protected override int Run(ParseResult parsed)
    {
        Terminal terminal = TerminalOf(parsed);
        string path = parsed.GetValue(output)!;
        OutputFile.Check(path, output.Name, "a network", OutputKind.Any, ".onnx");
        using SavedNetwork network = saved.Open(parsed, terminal, Host);
        SampleSet samples = network.Images.Train;
        Kernels.Shape example = samples.SampleShape;
        try
        {
            ProgressReport<double> report = new(
                terminal, "writing the network",
                share => (string.Create(CultureInfo.InvariantCulture, $"writing the network: {100 * share:F0} %"), share, 1));
            report.Show(progress =>
            {
                OutputFile.Write(path, output.Name, stream => OnnxExport.Write(
                    stream, network.Network, network.Arena, example, samples, progress));
                return true;
            });
        }
        catch (NotSupportedException error)
        {
            throw new UsageException(error.Message);
        }

        terminal.Line(network.Line);
        terminal.Line(Prose.Line($"""
            network → {path}; it takes {samples.Normalization?.ToString() ?? "values as they are"}
            {(samples.Normalization is null ? "" : $"(in its metadata, {OnnxNetwork.NormalizationKey}) ")}{(
                example.Rank == 3 ? "as (N, C, H, W) " : "")}and gives {samples.Target.Kind switch
            {
                TargetKind.Values => "values in their own units",
                TargetKind.Bits => "logits of labels",
                _ => "logits of classes",
            }}
            """));
        return 0;
    }
}
