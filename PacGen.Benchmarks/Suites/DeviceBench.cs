using System.IO.Enumeration;
using PacGen.Core.Perturbation;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// A device's kernels and training steps: passes over all parameters as fractions of what copying reaches on the same device in
/// the same run, matrix products and convolutions, steps of every model. What doesn't fit or fails is a row that says so.
/// </summary>
internal sealed class DeviceBench
{
    /// <summary>A run that should take longer, in seconds, is left out.</summary>
    private const double LongestRun = 10;

    /// <summary>What no cache holds, in bytes.</summary>
    private const double LargeCopy = 2e8;

    private static readonly int[] Counts = [1_000_000, 10_000_000, 100_000_000];
    private readonly Device device;
    private readonly double seconds;
    private readonly string pattern;
    private readonly Action<string> tell;
    private readonly CancellationToken cancellation;
    private double fastest;

    /// <param name="device">The device.</param>
    /// <param name="seconds">How long each measurement is repeated.</param>
    /// <param name="pattern">Which rows, * standing for any letters.</param>
    /// <param name="tell">Notified of each row as it is done.</param>
    /// <param name="cancellation">Stops after the present measurement.</param>
    public DeviceBench(Device device, double seconds, string pattern, Action<string> tell, CancellationToken cancellation)
    {
        this.device = device;
        this.seconds = seconds;
        this.pattern = pattern;
        this.tell = tell;
        this.cancellation = cancellation;
    }

    /// <summary>
    /// Copies: by the driver where the device is a GPU, past the caches on the CPU, and by an elementwise kernel.
    /// </summary>
    public IReadOnlyList<BenchRow> Copies { get; private set; } = [];

    /// <summary>Passes over all parameters.</summary>
    public List<BenchRow> Passes { get; } = [];

    /// <summary>Matrix products and convolutions.</summary>
    public List<BenchRow> Products { get; } = [];

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
        Copies = all ? MeasureCopies() : [];
        foreach (int count in Counts)
        {
            AddPass($"perturb, {count:N0} parameters", count, 4, () => Work.Perturb<UniformNoise>(device, count));
            AddPass($"perturb (truncated Gaussian), {count:N0} parameters", count, 4, () => Work.Perturb<TruncatedGaussianNoise>(
                device, count));
            AddPass($"Adam update, {count:N0} parameters", count, 4, () => Work.Update(device, count));
            AddPass($"Ψ, {count:N0} parameters", count, 2, () => Work.Psi(device, count));
            AddPass($"KL sums, uniform (Lemma 6), {count:N0} parameters", count, 2, () => Work.UniformBound(device, count));
            AddPass($"KL sums, Gaussian (Lemma 8), {count:N0} parameters", count, 2, () => Work.GaussianBound(device, count));
        }

        foreach (int n in (int[])[512, 1024, 2048, 4096, 8192])
        {
            Add(Products, $"matrix product, n = {n}", 2.0 * n * n * n, 12L * n * n, () => Work.MatrixProduct(device, n));
        }

        foreach ((int channels, int size) in ((int, int)[])[(48, 32), (96, 16), (192, 8)])
        {
            foreach (ConvolutionPass pass in Enum.GetValues<ConvolutionPass>())
            {
                Add(
                    Products, Work.ConvolutionName(pass, channels, size, 128), 2.0 * 9 * channels * channels * size * size * 128,
                        8L * channels * size * size * 128,
                    () => Work.Convolution(device, pass, channels, size, 128));
            }
        }

        foreach (StepCase step in StepCase.All)
        {
            BenchRow?[] rows = [.. ((bool[])[false, true]).Select(perturbed => Measure(
                $"{step.Name}, training step{(perturbed ? ", perturbed" : "")}", step.Flops, 0,
                () => step.Prepare(device, StepCase.Rule(perturbed))))];
            if (rows[0] is not null || rows[1] is not null)
            {
                Steps.Add((step, rows[0] ?? NotChosen(step), rows[1] ?? NotChosen(step)));
            }
        }

        if (Passes.Count + Products.Count + Steps.Count == 0)
        {
            return;
        }

        // Once more: whatever disturbed the machine at the start would flatter every share.
        List<BenchRow> last = MeasureCopies();
        Copies = all
            ? [.. Copies.Zip(
                last, (first, second) => second.Milliseconds < (first.Milliseconds ?? double.PositiveInfinity) ? second : first)]
            : last;
        Ceiling = Copies.Where(row => row.Bytes >= LargeCopy).Max(row => row.Rate) ?? Copies.Max(row => row.Rate);
    }

    private static BenchRow NotChosen(StepCase step) => new(step.Name, null, 0, 0, "not chosen");

    /// <summary>Copies are measured whatever rows are chosen: the passes are told in their terms.</summary>
    private List<BenchRow> MeasureCopies()
    {
        List<BenchRow> rows = [];
        if (device is CpuDevice cpu)
        {
            using CopyCeiling copy = new(cpu);
            rows.Add(Told(new BenchRow(
                "copy past the caches, 33,554,432 numbers", BestOf.Milliseconds(copy.Run, seconds), 0, CopyCeiling.Bytes, "")));
        }

        foreach (int count in Counts)
        {
            if (device is GpuDevice gpu)
            {
                Add(rows, $"driver's copy, {count:N0} numbers", 0, 8L * count, () => Work.DriverCopy(gpu, count), always: true);
            }

            Add(rows, $"copy, {count:N0} numbers", 0, 8L * count, () => Work.Copy(device, count), always: true);
        }

        return rows;
    }

    private void AddPass(string name, int count, int arrays, Func<Work> prepare) =>
        Add(Passes, name, 0, 4L * arrays * count, prepare);

    private void Add(List<BenchRow> rows, string name, double flops, long memory, Func<Work> prepare, bool always = false)
    {
        if (Measure(name, flops, memory, prepare, always) is { } row)
        {
            rows.Add(row);
        }
    }

    /// <summary>Times a piece of work; null where its name is not chosen.</summary>
    private BenchRow? Measure(string name, double flops, long memory, Func<Work> prepare, bool always = false)
    {
        if (!always && !FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: true))
        {
            return null;
        }

        cancellation.ThrowIfCancellationRequested();
        const double Gibibyte = 1 << 30;
        if (device.FreeBytes is { } free && memory > free)
        {
            return Told(new BenchRow(
                name, null, flops, 0, $"left out: it needs {memory / Gibibyte:F1} GiB, {free / Gibibyte:F1} GiB are free"));
        }

        if (fastest > 0 && flops / fastest > LongestRun)
        {
            return Told(new BenchRow(name, null, flops, 0, $"left out: a run would take {flops / fastest:F0} s or more"));
        }

        try
        {
            using Work work = prepare();
            double time = BestOf.Milliseconds(work, seconds);
            fastest = Math.Max(fastest, work.Flops / time * 1e3);
            return Told(new BenchRow(name, time, work.Flops, work.Bytes, ""));
        }
#pragma warning disable CA1031 // One row that a device can't do is told; the others are measured still.
        catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
        {
            // Memory that isn't there is no failure; the message says how much was asked for.
            Failed |= !(error is DeviceException && error.Message.Contains("has no memory left", StringComparison.Ordinal))
                && error is not OutOfMemoryException;
            return Told(new BenchRow(name, null, flops, 0, $"failed: {error.Message.ReplaceLineEndings(" ").Trim()}"));
        }
    }

    private BenchRow Told(BenchRow row)
    {
        tell(row.Milliseconds is { } time ? $"{row.Work}: {BenchReport.Time(time)} ms" : $"{row.Work}: {row.Note}");
        return row;
    }
}
