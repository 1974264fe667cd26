using System.CommandLine;
using System.Diagnostics;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Plots;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Training;
using PacGen.Nn;
using Spectre.Console;
using AlgorithmOne = PacGen.Core.Perturbation.AlgorithmOne;

namespace PacGen.Benchmarks.Digits;

/// <summary>
/// What the program does without a verb: one MLP on <c>digits</c> by SGD and by Perturbed SGD from the same first weights.
/// </summary>
internal sealed class DigitsJob : Verb
{
    private const int Batch = 32, Hidden = 128;
    private const double LearningRate = 0.1;
    private const string FileName = "pacgen-digits.png";

    private readonly Option<int> epochs = Options.Count(
        "--epochs", "How many times each run sees the 1,438 training images", 1, 40);
    private readonly Option<ulong> seed = Options.Seed();
    private readonly DeviceOptions device = new();
    private readonly Option<string?> output = Options.Path(
        "--output",
        $"A picture of the curves ({PictureFile.Help}), or the folder for a {FileName}; without it none is drawn");
    private readonly PictureOptions picture = new();

    /// <param name="host">Where to write and when to stop.</param>
    /// <param name="root">The program's own command.</param>
    public DigitsJob(Host host, RootCommand root)
        : base(host, root) => Add(output, picture, epochs, seed, device);

    protected override int Run(ParseResult parsed)
    {
        Stopwatch clock = Stopwatch.StartNew();
        string? path = parsed.GetValue(output);
        parsed.Needs(path is not null, "--output", picture.All);
        if (path is not null)
        {
            path = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
            OutputFile.CheckPicture(path, "--output");
        }

        Terminal terminal = TerminalOf(parsed);
        using OpenedDevice opened = device.Open(parsed);
        Dataset digits = Datasets.Digits();
        TrainingOptions options = new()
        {
            Epochs = parsed.GetValue(epochs),
            BatchSize = Batch,
            Seed = parsed.GetValue(seed),
            Device = opened.Device,
            Score = new ScoreOptions { Seed = parsed.GetValue(seed) },
        };

        // The paper's own setting for SGD (section 8): η = 100, γ = 1.
        (string Name, Optimizer Rule)[] rules =
        [
            ("SGD", new Sgd(LearningRate)),
            ("Perturbed SGD", new PerturbedOptimizer(new Sgd(LearningRate), new AlgorithmOne(eta: 100, gamma: 1))),
        ];
        terminal.Line(Prose.Line($"""
            digits: {digits.Train.Count:N0} training and {digits.Test.Count} test images of 8×8; mlp 64-{Hidden}-10, batch
            {Batch}, {options.Epochs} epochs, seed {options.Seed}; {opened.Device.Name}
            """));
        List<(string Name, IReadOnlyList<EpochResult> Epochs)> runs = [];
        foreach ((string name, Optimizer rule) in rules)
        {
            terminal.Line($"{name}: {rule}");
            IReadOnlyList<EpochResult> results = Train(digits, rule, options, new TrainingReport(terminal, name));
            if (results.Count < options.Epochs)
            {
                return Stopped($"stopped in epoch {results.Count + 1} of {name}; no curves were drawn.");
            }

            runs.Add((name, results));
        }

        terminal.Write(Compare(runs));
        if (runs[0].Epochs[^1].Score is { } one && runs[1].Epochs[^1].Score is { } other)
        {
            terminal.Line(Prose.Line($"""
                Ψ is the median of {one.Draws} draws of ρ, with h from {one.Images:N0} images in batches of {one.BatchSize}; in
                the 1/κ branch it is a function of |w| alone.
                """));
            foreach (string difference in one.DifferencesFrom(other))
            {
                Host.Problem($"the two Ψ don't compare: they differ in {difference}.");
            }
        }

        if (path is not null)
        {
            byte[] drawn = TrainingPlot.Draw(
                path, $"SGD and Perturbed SGD: an MLP 64-{Hidden}-10 on digits", picture.Of(parsed), 2,
                [.. runs.Select(run => new TrainingCurves(run.Name, run.Epochs))]);
            OutputFile.Write(path, "--output", stream => stream.Write(drawn));
            terminal.Line($"Curves → {path}");
        }

        terminal.Line($"{clock.Elapsed.TotalSeconds:F1} s in all");
        terminal.Line("""

            Next: pacgen train --dataset mnist --model mnist-cnn --optimizer adam --perturb uniform --epochs 5 --plot mnist.png
                  pacgen train --save weights.safetensors   and   pacgen score --weights weights.safetensors
                  pacgen --help, pacgen train --help
            """);
        return 0;
    }

    private IReadOnlyList<EpochResult> Train(Dataset digits, Optimizer rule, TrainingOptions options, TrainingReport report)
    {
        using Trainer trainer = new(new Mlp(digits.Train.SampleSize, Hidden, digits.Train.Classes), digits, rule, options);
        int every = Math.Max(1, options.Epochs / 8);
        report.Show(options.Epochs, progress => trainer.RunUntilStopped(
            result =>
            {
                if (result.Epoch % every == 0 || result.Epoch == options.Epochs)
                {
                    report.Epoch(result);
                }
            },
            progress,
            Host.Stop.Token));
        return trainer.Results;
    }

    private static Table Compare(List<(string Name, IReadOnlyList<EpochResult> Epochs)> runs)
    {
        Table table = Terminal.Table([$"after epoch {runs[0].Epochs[^1].Epoch}", .. runs.Select(run => run.Name)]);
        Row("train loss", result => $"{result.TrainLoss:F4}");
        Row("test loss", result => $"{result.TestLoss:F4}");
        Row("gap (test − train loss)", result => $"{result.Gap:F4}");
        Row("train accuracy", result => $"{result.TrainAccuracy:P2}");
        Row("test accuracy", result => $"{result.TestAccuracy:P2}");
        Row("Ψ (95 % interval)", result => result.Score?.PsiText.Replace(" (95 %: ", " (", StringComparison.Ordinal) ?? "–");
        Row("weights in Ψ's 1/κ branch", result => result.Score is { } score ? $"{score.KappaShare:P0}" : "–");
        return table;

        void Row(string what, Func<EpochResult, string> value) =>
            table.AddRow([what, .. runs.Select(run => value(run.Epochs[^1]))]);
    }
}
