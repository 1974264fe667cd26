using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;
using Spectre.Console;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// How long a program waits before its kernels run at full speed: processes of their own train for a few epochs, under the
/// runtime's default settings, as a plain console project has them, and without tiered compilation, as this program runs.
/// </summary>
internal static class StartupBench
{
    private const int Epochs = 3, Samples = 12_800, Turns = 3;

    private static readonly Work[] Steps =
        [StepWork.Mlp(32), StepWork.LargeMlp(64), StepWork.MnistCnn(64), StepWork.WideResNet(16, 1, 32)];

    /// <summary>Starts the processes and shows the table: of each row the run whose first step came soonest.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="cancellation">Stops before the next process.</param>
    public static void Run(Terminal terminal, CancellationToken cancellation)
    {
        Table table = Terminal.Table(
            "work", "tiered compilation", "start to first step, ms", "first epoch, ms", "third, ms", "ratio");
        foreach (Work work in Steps)
        {
            foreach (bool tiered in (bool[])[true, false])
            {
                Times? best = null;
                for (int turn = 0; turn < Turns; turn++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Times times = Start(work.Name, tiered);
                    best = best is null || times.FirstStep < best.FirstStep ? times : best;
                }

                table.AddRow(
                    Markup.Escape(work.Name), tiered ? "on" : "off", Text(best!.FirstStep), Text(best.Epochs[0]),
                    Text(best.Epochs[^1]), (best.Epochs[0] / best.Epochs[^1]).ToString("F2", CultureInfo.InvariantCulture));
            }
        }

        terminal.Line(
            $"{Device.Cpu.Name}; an epoch is at most {Samples:N0} images, 400 steps, of the WRN 40; the best of {Turns} " +
            $"processes each");
        terminal.Write(table);

        static string Text(double milliseconds) => milliseconds.ToString("F0", CultureInfo.InvariantCulture);
    }

    /// <summary>Trains in this process and writes its times as JSON.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="name">The work.</param>
    public static void RunHere(TextWriter output, string name)
    {
        Work work = Steps.FirstOrDefault(step => step.Name == name)
            ?? throw new UsageException($"--started: no step is '{name}'.");
        int batch = int.Parse(name[(name.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
        int steps = Math.Min(Samples / batch, name.StartsWith("WRN", StringComparison.Ordinal) ? 40 : 400);

        // Preparing takes the first step.
        using PreparedWork prepared = work.Prepare(Device.Cpu);
        double first = (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalMilliseconds;
        double[] epochs = new double[Epochs];
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            long begun = Stopwatch.GetTimestamp();
            prepared.Run(steps);
            epochs[epoch] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        }

        output.WriteLine(JsonSerializer.Serialize(new Times(first, epochs)));
    }

    private static Times Start(string name, bool tiered)
    {
        string setting = tiered ? "1" : "0";
        string text = ChildProcess.Run(
            ["bench", "--started", name], ("DOTNET_TieredCompilation", setting), ("DOTNET_TieredPGO", setting));
        return JsonSerializer.Deserialize<Times>(text)!;
    }

    /// <summary>Milliseconds to the first finished step, and of each epoch.</summary>
    internal sealed record Times(double FirstStep, double[] Epochs);
}
