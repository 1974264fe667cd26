using System.Globalization;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;
using Spectre.Console;

namespace PacGen.Benchmarks.Suites;

/// <summary>Each kernel's best time as a share of what the machine can do, measured in the same run; under two minutes.</summary>
internal static class QuickBench
{
    private const double Seconds = 0.7;

    /// <summary>Times the kernels and shows a table.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="device">The CPU.</param>
    /// <param name="cancellation">Stops after the present measurement.</param>
    public static void Run(Terminal terminal, CpuDevice device, CancellationToken cancellation)
    {
        FmaCeiling fma = new(device);
        using CopyCeiling copy = new(device);
        double ceiling = 0, bandwidth = 0;
        MeasureCeilings();
        List<(string Name, double Time, double Flops, double Bytes)> rows = [];
        foreach (Func<Work> prepare in All(device))
        {
            cancellation.ThrowIfCancellationRequested();
            using Work work = prepare();
            rows.Add((work.Name, BestOf.Milliseconds(work.Run, Seconds), work.Flops, work.Bytes));
        }

        // Once more: whatever disturbed the machine at the start would flatter every share.
        MeasureCeilings();
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("work");
        foreach (string heading in (string[])["best, ms", "rate", "share of the ceiling"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach ((string name, double time, double flops, double bytes) in rows)
        {
            bool arithmetic = flops > 0;
            double rate = (arithmetic ? flops : bytes) / time / 1e6;
            table.AddRow(
                Markup.Escape(name),
                time.ToString(time < 1 ? "F4" : "F2", CultureInfo.InvariantCulture),
                $"{rate:F1} {(arithmetic ? "GFLOP/s" : "GB/s")}",
                (rate / (arithmetic ? ceiling : bandwidth)).ToString("P0", CultureInfo.InvariantCulture));
        }

        terminal.Line(
            $"{device.Name}: {ceiling:F0} GFLOP/s of fused multiply-adds, {bandwidth:F1} GB/s of copying (read + write)");
        terminal.Write(table);

        void MeasureCeilings()
        {
            ceiling = Math.Max(ceiling, fma.Flops / BestOf.Milliseconds(fma.Run, Seconds) / 1e6);
            bandwidth = Math.Max(bandwidth, CopyCeiling.Bytes / BestOf.Milliseconds(copy.Run, Seconds) / 1e6);
        }
    }

    private static IEnumerable<Func<Work>> All(CpuDevice device)
    {
        foreach (int n in (int[])[64, 256, 512, 1024])
        {
            yield return () => Work.MatrixProduct(device, n);
        }

        foreach ((int channels, int size) in ((int, int)[])[(48, 32), (96, 16), (192, 8)])
        {
            foreach (ConvolutionPass pass in Enum.GetValues<ConvolutionPass>())
            {
                yield return () => Work.Convolution(device, pass, channels, size, 32);
            }
        }

        yield return () => Work.FusedMap(device, 1 << 24);
        yield return () => Work.PerturbedAdam(device, Work.WideResNetParameters, perturb: true, update: false);
        yield return () =>
            Work.PerturbedAdam(device, Work.WideResNetParameters, perturb: true, update: false, truncatedGaussian: true);
        yield return () => Work.PerturbedAdam(device, Work.WideResNetParameters, perturb: false, update: true);
        foreach (int batch in (int[])[16, 64, 256])
        {
            yield return () => Work.MnistCnnStep(device, batch);
        }

        yield return () => Work.WideResNetStep(device, 16, 1, 128);
    }
}
