using System.IO.Enumeration;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// A device's kernels and training steps: passes over all parameters as fractions of what copying reaches on the same device in
/// the same run, matrix products and convolutions, steps of every model, scoring. What doesn't fit or fails is a row that says
/// so.
/// </summary>
internal sealed class DeviceBench
{
    /// <summary>A run that should take longer, in seconds, is left out.</summary>
    private const double LongestRun = 10;

    /// <summary>What no cache holds, in bytes.</summary>
    private const double LargeCopy = 2e8;

    private static readonly int[] Counts = [1_000_000, 10_000_000, 100_000_000], Sizes = [512, 1024, 2048, 4096, 8192];
    private readonly Device device;
    private readonly double seconds;
    private readonly string pattern;
    private readonly Action<string> tell;
    private readonly CancellationToken cancellation;
    private double fastest;

    /// <param name="device">The device.</param>
    /// <param name="precision">What products multiply.</param>
    /// <param name="seconds">How long each measurement is repeated.</param>
    /// <param name="pattern">Which rows, * standing for any letters.</param>
    /// <param name="tell">Notified of each row as it is done.</param>
    /// <param name="cancellation">Stops after the present measurement.</param>
    public DeviceBench(
        Device device, Precision precision, double seconds, string pattern, Action<string> tell, CancellationToken cancellation)
    {
        this.device = device;
        Precision = precision;
        this.seconds = seconds;
        this.pattern = pattern;
        this.tell = tell;
        this.cancellation = cancellation;
    }

    /// <summary>What products multiply.</summary>
    public Precision Precision { get; }

    /// <summary>
    /// Copies: by the driver where the device is a GPU, past the caches on the CPU, and by an elementwise kernel.
    /// </summary>
    public IReadOnlyList<BenchRow> Copies { get; private set; } = [];

    /// <summary>Passes over all parameters.</summary>
    public IReadOnlyList<BenchRow> Passes { get; private set; } = [];

    /// <summary>Matrix products and convolutions.</summary>
    public IReadOnlyList<BenchRow> Products { get; private set; } = [];

    /// <summary>What scores, measures and certificates consist of.</summary>
    public IReadOnlyList<BenchRow> Scores { get; private set; } = [];

    /// <summary>Training steps: of each case plain and perturbed.</summary>
    public List<(StepCase Case, BenchRow Plain, BenchRow Perturbed)> Steps { get; } = [];

    /// <summary>
    /// The most that a copy larger than the caches moved, read and written, in GB/s; null where none was measured.
    /// </summary>
    public double? Ceiling { get; private set; }

    /// <summary>Whether some work failed for another reason than memory.</summary>
    public bool Failed { get; private set; }

    /// <summary>Measures everything.</summary>
    public void Run()
    {
        // Who chooses rows sees them first, and learns at once where there are none.
        bool all = pattern == "*";
        Copies = all ? MeasureCopies(true) : [];
        Passes = Measure(Counts.SelectMany(count => device is CpuDevice
            ? ParameterWork.All(count).Append(ParameterWork.PerturbAndUpdate(count)) : ParameterWork.All(count)));
        Products = Measure(
            [
                .. Sizes.Select(OperationWork.MatrixProduct),
                .. OperationWork.Convolutions(
                    device is GpuDevice ? [.. OperationWork.WideResNetConvolutions, .. OperationWork.WideConvolutions]
                        : OperationWork.WideResNetConvolutions,
                    128),
                .. OperationWork.FewChannels(),
                OperationWork.Depthwise(128, 56, 16),
            ]);
        foreach (StepCase step in StepCase.All)
        {
            Work plain = step.Work(false), perturbed = step.Work(true);
            (BenchRow? one, BenchRow? other) = (Measure(plain), Measure(perturbed));
            if (one is not null || other is not null)
            {
                Steps.Add((step, one ?? NotChosen(plain), other ?? NotChosen(perturbed)));
            }
        }

        Scores = Measure(ScoreWork.All);

        // The passes are shares of copies. Once more: what disturbed the machine at the start would flatter every share.
        List<BenchRow> last = MeasureCopies(Passes.Count > 0);
        Copies = all
            ? [.. Copies.Zip(
                last, (first, second) => second.Milliseconds < (first.Milliseconds ?? double.PositiveInfinity) ? second : first)]
            : last;
        Ceiling = Copies.Where(row => row.Work.Bytes >= LargeCopy).Max(row => row.Rate) ?? Copies.Max(row => row.Rate);
    }

    private static BenchRow NotChosen(Work work) => new(work, null, "not chosen");

    /// <summary>Times the copies: every one, or those that are chosen.</summary>
    private List<BenchRow> MeasureCopies(bool all)
    {
        IEnumerable<Work> copies =
        [
            .. device is CpuDevice cpu ? [CopyCeiling.Of(cpu)] : Array.Empty<Work>(),
            .. from count in Counts
               from work in (Work[])[.. device is GpuDevice ? [ParameterWork.DriverCopy(count)] : Array.Empty<Work>(),
                   OperationWork.Copy(count)]
               select work,
        ];
        return all ? [.. copies.Select(MeasureAnyway)] : Measure(copies);
    }

    private List<BenchRow> Measure(IEnumerable<Work> all) => [.. all.Select(Measure).OfType<BenchRow>()];

    /// <summary>Times a piece of work; null where its name is not chosen.</summary>
    private BenchRow? Measure(Work work) =>
        FileSystemName.MatchesSimpleExpression(pattern, work.Name, ignoreCase: true) ? MeasureAnyway(work) : null;

    private BenchRow MeasureAnyway(Work work)
    {
        cancellation.ThrowIfCancellationRequested();
        BenchRow row = Try(work);
        fastest = Math.Max(fastest, work.Flops / row.Milliseconds * 1e3 ?? 0);
        tell($"{work.Name}: {row.Time}{(row.Milliseconds is null ? "" : " ms")}");
        return row;
    }

    private BenchRow Try(Work work)
    {
        const double Gibibyte = 1 << 30;
        if (device.FreeBytes is { } free && work.Memory > free)
        {
            return new BenchRow(
                work, null, $"left out: it needs {work.Memory / Gibibyte:F1} GiB, {free / Gibibyte:F1} GiB are free");
        }

        if (fastest > 0 && work.Flops / fastest > LongestRun)
        {
            return new BenchRow(work, null, $"left out: a run would take {work.Flops / fastest:F0} s or more");
        }

        try
        {
            return (work with { Precision = Precision }).Measure(device, seconds);
        }
#pragma warning disable CA1031 // One row that a device can't do is reported; the others are measured still.
        catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
        {
            // Memory that isn't there is no failure; the message says how much was asked for.
            Failed |= !(error is DeviceException && error.Message.Contains("has no memory left", StringComparison.Ordinal))
                && error is not OutOfMemoryException;
            return new BenchRow(work, null, $"failed: {error.Message.ReplaceLineEndings(" ").Trim()}");
        }
    }
}
