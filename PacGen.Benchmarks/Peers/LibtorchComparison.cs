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
        double fma = Ceiling(), copy = Ceiling(copies: true);
        List<Line> lines = [];
        foreach (Row row in All(peer).Where(
            row => FileSystemName.MatchesSimpleExpression(pattern, row.Ours.Name, ignoreCase: true)))
        {
            Line line = Compare(device, row, seconds, cancellation);
            if (row.Memory && ProcessMemory.IsKnown)
            {
                string name = row.Ours.Name;
                line = line with { Memory = (PeerMemory.Ours(name, threads), PeerMemory.Theirs(name, threads)) };
            }

            lines.Add(line);
            terminal.Line(Prose.Line($"""
                {line.Work}: {Time(line.Ours)} ms, libtorch {Time(line.Theirs.Milliseconds)} ms ({line.Theirs.Form}):
                {line.Ratio:F2} times as fast; {line.OursInMemory} and {line.TheirsInMemory} MiB
                """));
        }

        List<LibtorchAgreement> agreements = [];
        foreach (string network in LibtorchAgreement.Networks.Where(
            network => FileSystemName.MatchesSimpleExpression(pattern, AgreementName(network), ignoreCase: true)))
        {
            cancellation.ThrowIfCancellationRequested();
            agreements.Add(LibtorchAgreement.Measure(network, device, threads));
            terminal.Line($"{AgreementName(network)}: {AgreementText(agreements[^1])}");
        }

        fma = Math.Max(fma, Ceiling());
        copy = Math.Max(copy, Ceiling(copies: true));
        string ceilings = $"{device.Name}; {fma:F0} GFLOP/s of fused multiply-adds, {copy:F1} GB/s of copying in this run";
        terminal.Line(ceilings);
        terminal.Write(Show(lines));
        if (path is not null)
        {
            OutputFile.Write(path, "--output", stream => stream.Write(
                Encoding.UTF8.GetBytes(Markdown(lines, agreements, ceilings, threads, seconds, path))));
            terminal.Line($"table → {path}");
        }

        double Ceiling(bool copies = false) =>
            (copies ? CopyCeiling.Of(device) : FmaCeiling.Of(device)).Measure(device, seconds).Rate!.Value;
    }

    /// <summary>Does the work of a row a few times in this process, and tells how much memory it had at its peak.</summary>
    /// <param name="name">The row.</param>
    /// <param name="theirs">Whether libtorch does it, in its form that takes least.</param>
    /// <param name="threads">How many threads.</param>
    /// <returns>Bytes beyond what the process had before.</returns>
    public static long PeakOf(string name, bool theirs, int threads)
    {
        const double Briefly = 0.01;
        LibtorchPeer peer = new(threads, Briefly);
        Row row = All(peer).First(one => one.Ours.Name == name);
        if (theirs)
        {
            RequireLibtorch();
            peer.MatrixProduct(64);
            long before = ProcessMemory.Now;
            peer.Forget();
            row.Theirs();
            return peer.LeastPeak - before;
        }

        using CpuDevice device = new(threads);
        OperationWork.MatrixProduct(64).Measure(device, Briefly);
        long start = ProcessMemory.Now;
        ProcessMemory.ResetPeak();
        row.Ours.Measure(device, Briefly);
        return ProcessMemory.Peak - start;
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

    private static IEnumerable<Row> All(LibtorchPeer peer) =>
    [
        .. from batch in (int[])[1, 4, 16, 64, 128, 256, 1024]
           select new Row(StepWork.MnistCnn(batch), () => peer.MnistCnnStep(batch), true),
        .. from batch in (int[])[64, 128]
           select new Row(StepWork.LargeMlp(batch), () => peer.LargeMlpStep(batch), true),
        .. from batch in (int[])[1, 4, 16, 128]
           select new Row(StepWork.WideResNet(16, 1, batch), () => peer.WideResNetStep(16, 1, batch), true),
        new Row(StepWork.WideResNet(16, 3, 64), () => peer.WideResNetStep(16, 3, 64), true),
        new Row(StepWork.WideResNet(58, 3, 16), () => peer.WideResNetStep(58, 3, 16), true),
        new Row(StepWork.Encoder(256, 4, 4, 32, 64), () => peer.EncoderStep(256, 4, 4, 32, 64), true),
        .. from network in LibtorchAgreement.Networks
           select new Row(ScoreWork.HessianProduct(network, 256), () => peer.HessianProduct(network, 256), true),
        .. from channels in (int[])[128, 512]
           let size = channels == 128 ? 56 : 14
           select new Row(OperationWork.Depthwise(channels, size, 16), () => peer.Depthwise3x3(channels, size, 16)),
        .. from average in (bool[])[false, true]
           from gradient in (bool[])[false, true]
           select new Row(
               OperationWork.Pool(average, gradient, 64, 56, 32), () => peer.Pool(average, gradient, 64, 56, 32)),
        .. from inPlace in (bool[])[true, false]
           select new Row(ParameterWork.PerturbAndUpdate(ParameterWork.WideResNet),
               () => peer.PerturbedAdam(ParameterWork.WideResNet, inPlace)),
        .. from n in (int[])[64, 128, 256, 512, 768, 1024, 1536, 2304]
           select new Row(OperationWork.MatrixProduct(n), () => peer.MatrixProduct(n)),
        .. from one in ((int M, int K, int N)[])
               [(1, 1024, 1024), (16, 1024, 1024), (128, 784, 512), (127, 131, 129), (2048, 300, 33), (1024, 1024, 16)]
           select new Row(OperationWork.MatrixProduct(one.M, one.K, one.N), () => peer.MatrixProduct(one.M, one.K, one.N)),
        .. from shape in (ConvolutionShape[])
               [
                   .. OperationWork.WideResNetConvolutions.Select(
                       one => new ConvolutionShape(one.Channels, one.Channels, one.Size)),
                   new(16, 16, 32), new(3, 16, 32), new(16, 48, 32), new(48, 96, 32, Stride: 2), new(96, 192, 16, Stride: 2),
                   new(16, 48, 32, Kernel: 1), new(48, 96, 32, Kernel: 1, Stride: 2),
               ]
           from pass in Enum.GetValues<ConvolutionPass>()
           select new Row(OperationWork.Convolution(pass, shape, 128), () => peer.Convolution(pass, shape, 128)),
    ];

    private static Line Compare(CpuDevice device, Row row, double seconds, CancellationToken cancellation)
    {
        double ours = double.PositiveInfinity;
        PeerTime? theirs = null;
        for (int turn = 0; turn < Turns; turn++)
        {
            cancellation.ThrowIfCancellationRequested();
            ours = Math.Min(ours, row.Ours.Measure(device, seconds).Milliseconds!.Value);
            cancellation.ThrowIfCancellationRequested();
            PeerTime measured = row.Theirs();
            theirs = theirs?.Or(measured) ?? measured;
        }

        return new Line(row.Ours.Name, ours, theirs!.Value);
    }

    private static Table Show(List<Line> lines)
    {
        Table table = Terminal.Table(
            "work", "PacGen, ms", "libtorch, ms", "libtorch ÷ PacGen", "PacGen, MiB", "libtorch, MiB", "libtorch ÷ PacGen");
        foreach (Line line in lines)
        {
            table.AddRow(
                Markup.Escape(line.Work), Time(line.Ours), Time(line.Theirs.Milliseconds),
                $"{line.Ratio:F2}", line.OursInMemory, line.TheirsInMemory, line.MemoryRatio);
        }

        return table;
    }

    private static string AgreementName(string network) => $"losses after {LibtorchAgreement.Steps} steps, {network}";

    private static string AgreementText(LibtorchAgreement agreement) => Prose.Line($"""
        PacGen {agreement.Ours:G7}, libtorch {agreement.Theirs:G7} and {agreement.Other:G7}:
        {(agreement.Distance <= agreement.Spread ? "within" : "beyond")} libtorch's spread
        """);

    private static string Markdown(
        List<Line> lines, List<LibtorchAgreement> agreements, string ceilings, int threads, double seconds, string path) => $"""
        # PacGen and libtorch on one machine

        - machine: {Machine.Text}
        - libtorch {LibtorchPeer.Version} through TorchSharp, both on {threads} thread{(threads == 1 ? "" : "s")}
        - {ceilings}
        - date: {Machine.Date}
        - command: `dotnet run -c Release --project PacGen.Benchmarks -p:Peers=true -- compare --seconds {seconds} --output {path}`

        Each time is the best of {Turns} turns, in which PacGen and libtorch take the machine one after the other for {seconds} s a
        formulation; of libtorch's formulations the fastest counts. Memory is the peak of a process of its own beyond what it had
        before the work was set up; of libtorch's formulations the least counts.

        | work | PacGen, ms | libtorch, ms | libtorch ÷ PacGen | libtorch's fastest form | PacGen, MiB | libtorch, MiB | ratio |
        | --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |
        {string.Join('\n', lines.Select(
            line => $"| {line.Work} | {Time(line.Ours)} | {Time(line.Theirs.Milliseconds)} | {line.Ratio:F2} | " +
                $"{line.Theirs.Form} | {line.OursInMemory} | {line.TheirsInMemory} | {line.MemoryRatio} |"))}
        {(agreements.Count == 0 ? "" : $"""

        The same training by both, from the same weights on the same batches: the loss of step {LibtorchAgreement.Steps}.

        | network | PacGen | libtorch, {threads} threads | libtorch, other threads | PacGen's distance | libtorch's spread |
        | --- | ---: | ---: | ---: | ---: | ---: |
        {string.Join('\n', agreements.Select(one => $"| {one.Network} | {one.Ours:G7} | {one.Theirs:G7} | {one.Other:G7} | " +
            $"{one.Distance:G2} | {one.Spread:G2} |"))}
        """)}

        """.ReplaceLineEndings("\n");

    private static string Time(double milliseconds) => BenchRow.TimeOf(milliseconds);

    private sealed record Row(Work Ours, Func<PeerTime> Theirs, bool Memory = false);

    private sealed record Line(string Work, double Ours, PeerTime Theirs)
    {
        public (long Ours, long Theirs)? Memory { get; init; }

        public string OursInMemory => Memory is { } memory ? $"{memory.Ours >> 20}" : BenchRow.NoValue;

        public string TheirsInMemory => Memory is { } memory ? $"{memory.Theirs >> 20}" : BenchRow.NoValue;

        public string MemoryRatio => Memory is { } memory ? $"{(double)memory.Theirs / memory.Ours:F2}" : BenchRow.NoValue;

        public double Ratio => Theirs.Milliseconds / Ours;
    }
}
