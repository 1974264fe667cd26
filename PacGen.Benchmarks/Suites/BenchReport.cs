using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;
using Spectre.Console;

namespace PacGen.Benchmarks.Suites;

/// <summary>What <see cref="DeviceBench"/> measured, as tables for a terminal and as a Markdown page.</summary>
internal sealed class BenchReport
{
    private const string Single = "single precision";

    private readonly List<Section> sections = [];
    private readonly string ceiling;
    private readonly string? peer;
    private readonly string precision;

    /// <param name="bench">What was measured.</param>
    /// <param name="device">Where.</param>
    /// <param name="peer">PyTorch's steps, or null.</param>
    public BenchReport(DeviceBench bench, Device device, PeerSteps? peer)
    {
        this.peer = peer?.Description;
        precision = bench.Precision == PacGen.Kernels.Precision.BFloat16 ? "bf16"
            : device is GpuDevice { Products: ProductMode.Tf32 or ProductMode.CuBlasTf32 } ? "TF32" : Single;
        ceiling = bench.Ceiling is { } best
            ? Prose.Line($"""
                Copying, the ceiling of all that moves memory: {best:F1} GB/s, read and written together, of more than the caches
                hold. Arrays that the caches hold can exceed it.
                """)
            : bench.Copies.Count > 0 ? "No copy could be measured, so there is no ceiling." : "";
        string[] moved = ["work", "best, ms", "GB/s", "of the ceiling"], timed = ["work", "best, ms", "rate"];
        Add("Copies", moved, bench.Copies, row => Moved(row, bench.Ceiling), peer);
        Add("Passes over all parameters", moved, bench.Passes, row => Moved(row, bench.Ceiling), peer);
        Add("Matrix products and convolutions", timed, bench.Products, row => [row.Work.Name, row.Time, row.RateText], peer);
        string[] modes = [.. peer?.Modes ?? []];
        sections.Add(new Section(
            "Training steps",
            [$"Adam, {precision}", "PacGen, ms", "rate", .. Headings(modes)],
            [.. bench.Steps.SelectMany(step => (string[][])
                [Step(step.Case, false, step.Plain, peer, modes), Step(step.Case, true, step.Perturbed, peer, modes)])]));
        Add("Scoring", ["work", "best, ms"], bench.Scores, row => [row.Work.Name, row.Time], peer);
        sections.RemoveAll(section => section.Rows.Count == 0);
    }

    /// <summary>Shows the tables.</summary>
    public void Show(Terminal terminal)
    {
        if (ceiling.Length > 0)
        {
            terminal.Line(ceiling);
        }

        foreach (Section section in sections)
        {
            Table table = Terminal.Table(section.Headings);
            table.Title = new TableTitle(section.Title);
            section.Rows.ForEach(row => table.AddRow([.. row.Select(Markup.Escape)]));
            terminal.Write(table);
        }

        if (peer is not null)
        {
            terminal.Line(peer);
        }
    }

    /// <summary>The page.</summary>
    /// <param name="device">Where it was measured.</param>
    /// <param name="description">What the machine says of the device, or null.</param>
    /// <param name="seconds">How long each measurement was repeated.</param>
    /// <param name="command">The command line.</param>
    public string Markdown(Device device, DeviceDescription? description, double seconds, string command)
    {
        string memory = description?.MemoryBytes is { } bytes ? $", {bytes / (double)(1 << 30):F1} GiB" : "";
        return $"""
            # PacGen on {device.Name}

            - machine: {Machine.Text}
            - device: {device.Name}{memory}
            - driver: {(description is { Note.Length: > 0 } ? description.Note : "none")}{Graphs(device)}
            - date: {Machine.Date}
            - command: `{command}`
            {(peer is null ? "" : $"- {peer}\n")}
            Each time is the best of those taken in {seconds} s, after two runs that don't count; launches of less than 5 ms go to a GPU
            several together and are waited for once. A step sends its batch to the device, as training does: perturbation if any, forward, mean cross-entropy, backward, Adam.

            {ceiling}
            {string.Concat(sections.Select(Markdown))}
            """.ReplaceLineEndings("\n");
    }

    private static string Markdown(Section section) => $"""

        ## {section.Title}

        | {string.Join(" | ", section.Headings)} |
        | --- |{string.Concat(section.Headings.Skip(1).Select(_ => " ---: |"))}
        {string.Join('\n', section.Rows.Select(row => $"| {string.Join(" | ", row)} |"))}

        """;

    /// <summary>Whether steps were replayed as CUDA graphs, and else why not.</summary>
    private static string Graphs(Device device) => device is not GpuDevice { Kind: DeviceKind.Cuda } gpu ? ""
        : gpu.RecordsGraphs ? "; steps replayed as CUDA graphs" : $"; no CUDA graphs: {gpu.GraphObstacle}";

    private static string[] Moved(BenchRow row, double? most) =>
        [row.Work.Name, row.Time, Number(row.Rate, "F1"), row.ShareOf(most)];

    /// <summary>A table of pieces of work, PyTorch's times of the same beside them.</summary>
    private void Add(
        string title, string[] headings, IReadOnlyList<BenchRow> rows, Func<BenchRow, string[]> cells, PeerSteps? peer)
    {
        string[] modes = [.. peer?.ModesOf([.. rows.Select(row => row.Work.Name)]) ?? []];
        sections.Add(new Section(title, [.. headings, .. Headings(modes)], [.. rows.Select(row => (string[])[.. cells(row),
            .. Beside(row, [.. modes.Select(mode => peer!.Milliseconds(row.Work.Name, mode))], modes)])]));
    }

    private string[] Headings(string[] modes) => modes.Length == 0 ? []
        : [.. modes.Select(mode => $"PyTorch {mode}, ms"), $"PyTorch's best in {precision} ÷ PacGen"];

    /// <summary>PyTorch's times, and the best of the same precision over PacGen's.</summary>
    private string[] Beside(BenchRow row, double?[] theirs, string[] modes) => modes.Length == 0 ? []
        : [.. theirs.Select(time => time is { } known ? BenchRow.TimeOf(known) : BenchRow.NoValue),
            Number(theirs.Where((_, i) => Precision(modes[i]) == precision).Min() / row.Milliseconds, "F2")];

    private string[] Step(StepCase step, bool perturbed, BenchRow row, PeerSteps? peer, string[] modes) =>
    [
        $"{step.Name}{(perturbed ? ", perturbed" : "")}", row.Time, row.RateText,
        .. Beside(row, [.. modes.Select(mode => peer?.Milliseconds(step.Model, step.Batch, perturbed, mode))], modes),
    ];

    /// <summary>The precision of a mode of PyTorch's, which its name ends with unless it is single.</summary>
    private static string Precision(string mode) =>
        Array.Find(["TF32", "bf16"], one => mode.EndsWith(one, StringComparison.Ordinal)) ?? Single;

    private static string Number(double? value, string format) =>
        value?.ToString(format, CultureInfo.InvariantCulture) ?? BenchRow.NoValue;

    private sealed record Section(string Title, string[] Headings, List<string[]> Rows);
}
