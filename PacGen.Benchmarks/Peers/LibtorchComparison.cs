using System.IO.Enumeration;
using System.Text;
using PacGen.Benchmarks.CommandLine;
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
    /// <param name="pattern">Which rows, * standing for any letters.</param>
    /// <param name="path">The Markdown file, or null.</param>
    /// <param name="cancellation">Stops after the present measurement.</param>
    public static void Run(
        Terminal terminal, int threads, double seconds, string pattern, string? path, CancellationToken cancellation)
    {
        RequireLibtorch();
        using CpuDevice device = new(threads);
        LibtorchPeer peer = new(threads, seconds);
        terminal.Line($"{device.Name}; libtorch {LibtorchPeer.Version}; the best of {Turns} turns of {seconds} s each");
        List<Line> lines = [];
        foreach ((Work work, Func<PeerTime> peerTime) in All(peer).Where(
            row => FileSystemName.MatchesSimpleExpression(pattern, row.Ours.Name, ignoreCase: true)))
        {
            Line line = Compare(device, work, peerTime, seconds, cancellation);
            lines.Add(line);
            terminal.Line(Prose.Line($"""
                {line.Work}: {Time(line.Ours)} ms, libtorch {Time(line.Theirs.Milliseconds)} ms ({line.Theirs.Form}):
                {line.Ratio:F2} times as fast
                """));
        }

        terminal.Write(Show(lines));
        if (path is not null)
        {
            OutputFile.Write(
                path, "--output", stream => stream.Write(Encoding.UTF8.GetBytes(Markdown(lines, threads, seconds, path))));
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
                Prose.Line("""
                    libtorch can't be loaded: its Linux library needs a C++ runtime with GLIBCXX_3.4.32 (Debian 13, Ubuntu 24.04 or
                    later). Run compare on such a system.
                    """),
                error);
        }
    }

    private static IEnumerable<(Work Ours, Func<PeerTime> Theirs)> All(LibtorchPeer peer) =>
    [
        .. from batch in (int[])[16, 64, 128, 256, 1024]
           select Row(StepWork.MnistCnn(batch), () => peer.MnistCnnStep(batch)),
        Row(StepWork.WideResNet(16, 1, 128), () => peer.WideResNetStep(16, 1, 128)),
        Row(StepWork.WideResNet(58, 3, 16), () => peer.WideResNetStep(58, 3, 16)),
        Row(StepWork.Encoder(256, 4, 4, 32, 64), () => peer.EncoderStep(256, 4, 4, 32, 64)),
        .. from channels in (int[])[128, 512]
           let size = channels == 128 ? 56 : 14
           select Row(OperationWork.Depthwise(channels, size, 16), () => peer.Depthwise3x3(channels, size, 16)),
        .. from inPlace in (bool[])[true, false]
           select Row(ParameterWork.PerturbAndUpdate(ParameterWork.WideResNet),
               () => peer.PerturbedAdam(ParameterWork.WideResNet, inPlace)),
        .. from n in (int[])[64, 256, 768, 1536]
           select Row(OperationWork.MatrixProduct(n), () => peer.MatrixProduct(n)),
        .. from shape in OperationWork.WideResNetConvolutions
           from pass in Enum.GetValues<ConvolutionPass>()
           select Row(OperationWork.Convolution(pass, shape.Channels, shape.Size, 128),
               () => peer.Convolution3x3(pass, shape.Channels, shape.Size, 128)),
    ];

    private static (Work, Func<PeerTime>) Row(Work ours, Func<PeerTime> theirs) => (ours, theirs);

    private static Line Compare(
        CpuDevice device, Work work, Func<PeerTime> peer, double seconds, CancellationToken cancellation)
    {
        double ours = double.PositiveInfinity;
        PeerTime? theirs = null;
        for (int turn = 0; turn < Turns; turn++)
        {
            cancellation.ThrowIfCancellationRequested();
            ours = Math.Min(ours, work.Measure(device, seconds).Milliseconds!.Value);
            cancellation.ThrowIfCancellationRequested();
            PeerTime measured = peer();
            theirs = theirs?.Or(measured) ?? measured;
        }

        return new Line(work.Name, ours, theirs!.Value);
    }

    private static Table Show(List<Line> lines)
    {
        Table table = Terminal.Table("work", "PacGen, ms", "libtorch, ms", "libtorch ÷ PacGen");
        foreach (Line line in lines)
        {
            table.AddRow(
                Markup.Escape(line.Work), Time(line.Ours), Time(line.Theirs.Milliseconds),
                $"{line.Ratio:F2}");
        }

        return table;
    }

    private static string Markdown(List<Line> lines, int threads, double seconds, string path) => $"""
        # PacGen and libtorch on one machine

        - machine: {Machine.Text}
        - libtorch {LibtorchPeer.Version} through TorchSharp, both on {threads} thread{(threads == 1 ? "" : "s")}
        - date: {Machine.Date}
        - command: `dotnet run -c Release --project PacGen.Benchmarks -p:Peers=true -- compare --seconds {seconds} --output {path}`

        Each time is the best of {Turns} turns, in which PacGen and libtorch take the machine one after the other for {seconds} s a
        formulation; of libtorch's formulations the fastest counts.

        | work | PacGen, ms | libtorch, ms | libtorch ÷ PacGen | libtorch's fastest form |
        | --- | ---: | ---: | ---: | --- |
        {string.Join('\n', lines.Select(
            line => $"| {line.Work} | {Time(line.Ours)} | {Time(line.Theirs.Milliseconds)} | {line.Ratio:F2} | {line.Theirs.Form} |"))}

        """.ReplaceLineEndings("\n");

    private static string Time(double milliseconds) => BenchRow.TimeOf(milliseconds);

    private sealed record Line(string Work, double Ours, PeerTime Theirs)
    {
        public double Ratio => Theirs.Milliseconds / Ours;
    }
}
