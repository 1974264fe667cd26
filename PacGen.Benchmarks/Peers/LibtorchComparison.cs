using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Suites;
using PacGen.Kernels;
using Spectre.Console;

namespace PacGen.Benchmarks.Peers;

/// <summary>Each piece of work by PacGen and by libtorch in turns, on the same threads, the best of all turns.</summary>
internal static class LibtorchComparison
{
    private const int Turns = 3;

    /// <summary>Compares, shows the table, and writes it as Markdown.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="threads">The threads of both.</param>
    /// <param name="seconds">How long each measurement is repeated in each turn.</param>
    /// <param name="path">The Markdown file, or null.</param>
    /// <param name="cancellation">Stops after the present measurement.</param>
    public static void Run(Terminal terminal, int threads, double seconds, string? path, CancellationToken cancellation)
    {
        RequireLibtorch();
        using CpuDevice device = new(threads);
        LibtorchPeer peer = new(threads, seconds);
        string machine = $"{Machine.Processor}, {threads} thread{(threads == 1 ? "" : "s")}, " +
            $"{RuntimeInformation.OSDescription}, .NET {Environment.Version}";
        terminal.Line($"{device.Name}; libtorch {LibtorchPeer.Version}; the best of {Turns} turns of {seconds} s each");
        List<Line> lines = [];
        foreach ((Func<Work> prepare, Func<PeerTime> peerTime) in All(device, peer))
        {
            Line line = Compare(prepare, peerTime, seconds, cancellation);
            lines.Add(line);
            terminal.Line(string.Create(
                CultureInfo.InvariantCulture, $"{line.Work}: {Time(line.Ours)} ms, libtorch {Time(line.Theirs.Milliseconds)} " +
                    $"ms ({line.Theirs.Form}): {line.Ratio:F2} times as fast"));
        }

        terminal.Write(Show(lines));
        if (path is not null)
        {
            OutputFile.Write(
                path, "--output", stream => stream.Write(Encoding.UTF8.GetBytes(Markdown(lines, machine, seconds, path))));
            terminal.Line($"table → {path}");
        }
    }

    private static void RequireLibtorch()
    {
        try
        {
            _ = TorchSharp.torch.get_num_threads();
        }
        catch (Exception error) when (error is TypeInitializationException or DllNotFoundException or NotSupportedException)
        {
            throw new NotSupportedException(
                "libtorch can't be loaded: its Linux library needs a C++ runtime with GLIBCXX_3.4.32 (Debian 13, Ubuntu 24.04 " +
                    "or later). Run compare on such a system.", error);
        }
    }

    private static IEnumerable<(Func<Work> Prepare, Func<PeerTime> Peer)> All(CpuDevice device, LibtorchPeer peer)
    {
        foreach (int batch in (int[])[16, 64, 128, 256, 1024])
        {
            yield return (() => Work.MnistCnnStep(device, batch), () => peer.MnistCnnStep(batch));
        }

        foreach ((int depth, int widen, int batch) in ((int, int, int)[])[(16, 1, 128), (58, 3, 16)])
        {
            yield return (() => Work.WideResNetStep(device, depth, widen, batch), () => peer.WideResNetStep(depth, widen, batch));
        }

        foreach (bool inPlace in (bool[])[true, false])
        {
            yield return (() => Work.PerturbedAdam(device, Work.WideResNetParameters, perturb: true, update: true), () =>
            {
                PeerPerturbedAdamTime time = peer.PerturbedAdam(Work.WideResNetParameters, inPlace);
                return new PeerTime(time.Milliseconds, time.Perturb.Form);
            });
        }

        foreach (int n in (int[])[64, 256, 768, 1536])
        {
            yield return (() => Work.MatrixProduct(device, n), () => peer.MatrixProduct(n));
        }

        foreach ((int channels, int size) in ((int, int)[])[(48, 32), (96, 16), (192, 8)])
        {
            foreach (ConvolutionPass pass in Enum.GetValues<ConvolutionPass>())
            {
                yield return (() => Work.Convolution(device, pass, channels, size, 128), () =>
                {
                    PeerConvolutionTime time = peer.Convolution3x3(channels, size, 128);
                    return pass switch
                    {
                        ConvolutionPass.Forward => time.Forward,
                        ConvolutionPass.InputGradient => time.BackwardInput,
                        _ => time.BackwardWeight,
                    };
                });
            }
        }
    }

    private static Line Compare(Func<Work> prepare, Func<PeerTime> peer, double seconds, CancellationToken cancellation)
    {
        double ours = double.PositiveInfinity;
        PeerTime? theirs = null;
        string name = "";
        for (int turn = 0; turn < Turns; turn++)
        {
            cancellation.ThrowIfCancellationRequested();
            using (Work work = prepare())
            {
                name = work.Name;
                ours = Math.Min(ours, BestOf.Milliseconds(work.Run, seconds));
            }

            cancellation.ThrowIfCancellationRequested();
            PeerTime measured = peer();
            theirs = theirs?.Or(measured) ?? measured;
        }

        return new Line(name, ours, theirs!.Value);
    }

    private static Table Show(List<Line> lines)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("work");
        foreach (string heading in (string[])["PacGen, ms", "libtorch, ms", "libtorch ÷ PacGen"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (Line line in lines)
        {
            table.AddRow(
                Markup.Escape(line.Work), Time(line.Ours), Time(line.Theirs.Milliseconds),
                line.Ratio.ToString("F2", CultureInfo.InvariantCulture));
        }

        return table;
    }

    private static string Markdown(List<Line> lines, string machine, double seconds, string path)
    {
        StringBuilder text = new();
        text.Append(string.Create(CultureInfo.InvariantCulture, $"""
            # PacGen and libtorch on one machine

            - machine: {machine}
            - libtorch {LibtorchPeer.Version} through TorchSharp, on the same threads
            - date: {DateTime.UtcNow:yyyy-MM-dd}
            - command: `dotnet run -c Release --project PacGen.Benchmarks -p:Peers=true -- compare --seconds {seconds} --output {path}`

            Each time is the best of {Turns} turns, in which PacGen and libtorch take the machine one after the other for {seconds} s a
            formulation; of libtorch's formulations the fastest counts.

            | work | PacGen, ms | libtorch, ms | libtorch ÷ PacGen | libtorch's fastest form |
            | --- | ---: | ---: | ---: | --- |

            """).ReplaceLineEndings("\n"));
        foreach (Line line in lines)
        {
            text.Append(
                CultureInfo.InvariantCulture, $"| {line.Work} | {Time(line.Ours)} | {Time(line.Theirs.Milliseconds)} | " +
                $"{line.Ratio:F2} | {line.Theirs.Form} |\n");
        }

        return text.ToString();
    }

    private static string Time(double milliseconds) =>
        milliseconds.ToString(milliseconds < 1 ? "F4" : "F2", CultureInfo.InvariantCulture);

    private sealed record Line(string Work, double Ours, PeerTime Theirs)
    {
        public double Ratio => Theirs.Milliseconds / Ours;
    }
}
