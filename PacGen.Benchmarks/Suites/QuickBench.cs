using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Core.Perturbation;
using PacGen.Kernels;
using Spectre.Console;

namespace PacGen.Benchmarks.Suites;

/// <summary>Each kernel's best time as a share of what the machine can do, measured in the same run; under two minutes.</summary>
internal static class QuickBench
{
    private const double Seconds = 0.7;

    private static IEnumerable<Work> All =>
    [
        OperationWork.MatrixProduct(64), OperationWork.MatrixProduct(256), OperationWork.MatrixProduct(512),
        OperationWork.MatrixProduct(1024),
        .. OperationWork.Convolutions(OperationWork.WideResNetConvolutions, 32),
        OperationWork.Depthwise(128, 56, 16), OperationWork.Depthwise(512, 14, 64),
        OperationWork.FusedMap(1 << 24),
        ParameterWork.Perturb<UniformNoise>(ParameterWork.WideResNet),
        ParameterWork.Perturb<TruncatedGaussianNoise>(ParameterWork.WideResNet),
        ParameterWork.Update(ParameterWork.WideResNet),
        StepWork.MnistCnn(16), StepWork.MnistCnn(64), StepWork.MnistCnn(256), StepWork.WideResNet(16, 1, 128),
        StepWork.Encoder(256, 4, 4, 32, 64),
    ];

    /// <summary>Times the kernels and shows a table.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="device">The CPU.</param>
    /// <param name="cancellation">Stops after the present measurement.</param>
    public static void Run(Terminal terminal, CpuDevice device, CancellationToken cancellation)
    {
        Work[] ceilings = [FmaCeiling.Of(device), CopyCeiling.Of(device)];
        BenchRow[] before = [.. ceilings.Select(Measure)], rows = [.. All.Select(Measure)];

        // Once more: whatever disturbed the machine at the start would flatter every share.
        double[] most = [.. ceilings.Select(Measure).Zip(before, (one, other) => Math.Max(one.Rate!.Value, other.Rate!.Value))];
        Table table = Terminal.Table("work", "best, ms", "rate", "share of the ceiling");
        foreach (BenchRow row in rows)
        {
            table.AddRow(
                Markup.Escape(row.Work.Name), row.Time, row.RateText, row.ShareOf(row.Work.Flops > 0 ? most[0] : most[1]));
        }

        terminal.Line($"{device.Name}: {most[0]:F0} GFLOP/s of fused multiply-adds, {most[1]:F1} GB/s of copying (read + write)");
        terminal.Write(table);
        terminal.Line(Prose.Line("""
            Rates of convolutions count the multiplications of the direct sum: Winograd's need fewer, and so exceed the ceiling
            (--convolutions direct has none of them). Arrays that the caches hold are copied faster than the ceiling's.
            """));

        BenchRow Measure(Work work)
        {
            cancellation.ThrowIfCancellationRequested();
            return work.Measure(device, Seconds);
        }
    }
}
