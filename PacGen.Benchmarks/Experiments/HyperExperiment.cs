using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Runtime.InteropServices;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Training;
using PacGen.Core.Randomness;
using PacGen.Nn;
using PacGen.Nn.Data;

namespace PacGen.Benchmarks.Experiments;

/// <summary>
/// <c>experiment hyper</c>, section 8: η and γ of Algorithm 1 chosen by a grid on a validation part of the training images. Each run is
/// kept on disk, so that the whole can be interrupted. The test images are looked at for the chosen pair alone, at the end.
/// </summary>
internal sealed class HyperExperiment
{
    private const string Picture = "hyper.png", Numbers = "hyper.csv", Report = "hyper.md", RunsName = "hyper-runs";

    /// <summary>The stream of random numbers that splits off the validation images: "vali" in ASCII.</summary>
    private const uint SplitStream = 0x7661_6C69;

    private readonly Host host;
    private readonly Option<string> dataset = Options.Dataset("The images; digits is embedded", "digits");
    private readonly ModelOptions model = new("mlp");
    private readonly Option<int?> epochs = Options.Count("--epochs", "How many times each run sees its training images", 1, 10);
    private readonly Option<int?> batchSize = Options.Count("--batch-size", "Images a step", 1, 64);
    private readonly Option<int?> accumulate = Options.Count("--accumulate", "In how many parts a batch is passed, for batches that don't fit into memory: a divisor of their size. Batch norm sees parts", 1, 1);
    private readonly Option<string> augment = Options.Choice(
        "--augment", "How training images are varied each epoch: not at all, or padded by 4 and cropped, and mirrored by chance", "none", "none", "crop-flip");

    private readonly OptimizerOptions optimizer = new(grid: true);
    private readonly Option<double[]> etas = Options.Numbers(
        "--etas", "The η that are tried: larger means smaller perturbations; without it the paper's (100 for sgd and momentum, 0.01 for adam and adamw) times 0.01, 0.1, 1, 10, 100", Interval.Positive);

    private readonly Option<double[]> gammas = Options.Numbers("--gammas", "The γ that are tried: how far |w| widens a weight's neighbourhood; without it 0.01, 0.1, 1, 10", Interval.Gamma);
    private readonly Option<double?> validation = Options.Number("--validation", "The part of the training images that is held back to choose by", Interval.OpenFraction, 0.2);
    private readonly Option<int?> splitSeed = Options.Count("--split-seed", "Decides which training images are held back: the same for all runs", 0, 1);
    private readonly Option<ulong[]> seeds = Options.Seeds("A run of each pair for each, the means of which are compared", 3);
    private readonly DeviceOptions device = new();
    private readonly DataSource data = new();
    private readonly Option<string?> runsFolder = Options.Path("--runs", $"The folder in which the runs are kept, from which the same command goes on; without it {RunsName} in the folder of the results", "folder");
    private readonly Option<string?> output = Options.Path("--output", $"The folder for {Picture}, {Numbers} and {Report}; without it the working folder", "folder");

    public HyperExperiment(Host host)
    {
        this.host = host;
        Command = new Command("hyper", $"Section 8: chooses η and γ by a grid on a part of the training images; interrupted, the same command goes on. Leaves {Picture}, {Numbers}, {Report}.")
        {
            dataset,
        };
        model.AddTo(Command);
        Command.Add(epochs);
        Command.Add(batchSize);
        Command.Add(accumulate);
        Command.Add(augment);
        optimizer.AddTo(Command);
        foreach (Option option in new Option[] { etas, gammas, validation, splitSeed, seeds })
        {
            Command.Add(option);
        }

        device.AddTo(Command);
        data.AddTo(Command);
        Command.Add(runsFolder);
        Command.Add(output);
        Command.SetAction(Run);
    }

    /// <summary>The subcommand.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        string target = parsed.GetValue(output) ?? ".", kept = parsed.GetValue(runsFolder) ?? Path.Combine(target, RunsName);
        foreach (string file in (string[])[Picture, Numbers, Report])
        {
            OutputFile.Check(Path.Combine(target, file), "--output");
        }

        Optimizer plain = optimizer.CreatePlain(parsed);
        ModelChoice choice = model.Create(parsed);
        int epochCount = parsed.GetValue(epochs)!.Value, batch = parsed.GetValue(batchSize)!.Value;
        Options.RequireDivisor(parsed.GetValue(accumulate)!.Value, batch);
        LearningRateSchedule schedule = optimizer.Schedule(parsed, epochCount);
        double center = optimizer.PaperEta(parsed);
        double[] levels = parsed.GetValue(etas) is { Length: > 0 } some ? some : [center / 100, center / 10, center, center * 10, center * 100];
        double[] widths = parsed.GetValue(gammas) is { Length: > 0 } given ? given : [0.01, 0.1, 1, 10];
        ulong[] chosenSeeds = parsed.GetValue(seeds)!;

        Terminal terminal = new(host);
        using OpenedDevice opened = device.Open(parsed);
        Dataset all = data.Load(parsed, parsed.GetValue(dataset)!, terminal, host.Stop.Token);
        Dataset split = Split(all, parsed.GetValue(validation)!.Value, (ulong)parsed.GetValue(splitSeed)!.Value);
        TrainingOptions options = new()
        {
            Epochs = epochCount,
            BatchSize = batch,
            Accumulate = parsed.GetValue(accumulate)!.Value,
            Augmentation = parsed.GetValue(augment) == "crop-flip" ? Augmentation.CropFlip : null,
            Schedule = schedule,
            ClipNorm = optimizer.ClipNorm(parsed),
            Device = opened.Device,
            RunningStatistics = choice.Name == "wide-resnet" ? RunningStatistics.Reestimated : null,
        };
        if (options.BatchSize > split.Train.Count)
        {
            throw new UsageException($"--batch-size is {options.BatchSize}, but there are {split.Train.Count} training images besides the validation images: use a smaller batch, or more images.");
        }

        (double? Eta, double? Gamma)[] pairs = [(null, null), .. from level in levels from width in widths select ((double?)level, (double?)width)];
        string setting = string.Create(
            CultureInfo.InvariantCulture,
            $"{choice.Describe(all)}; {all.Name}, {split.Train.Count:N0} training images, {split.Test.Count:N0} validation images held back of them (split seed {parsed.GetValue(splitSeed)}), {all.Test.Count:N0} test images; {plain}, {schedule} rate, batch {options.BatchSize}, {(options.Augmentation is { } varied ? $"{varied}" : "images as they are")}, {epochCount} epochs, seeds {string.Join(", ", chosenSeeds)}; {opened.Device.Name}");
        terminal.Line(setting);
        string perturbed = optimizer.Perturb(parsed, plain, levels[0], widths[0]).ToString();
        terminal.Line($"{levels.Length} η × {widths.Length} γ and the plain optimizer, the first pair being {perturbed}; runs kept in {kept}");
        using RunsFolder folder = new(kept);
        RunSeries series = new(folder, host, terminal) { EachEpoch = false, KeepCheckpoints = choice.Name == "wide-resnet", TestedOn = "validation" };
        string fingerprint = split.Fingerprint();
        PlannedRun[] plan = [.. from pair in pairs from seed in chosenSeeds select Plan(pair, seed, split, fingerprint, "")];
        IReadOnlyList<RunRecord> records = series.Do(plan, _ => { });
        if (records.Count < plan.Length)
        {
            return Stopped($"{records.Count} of {plan.Length} runs of the grid are complete");
        }

        HyperCell[] cells = [.. pairs.Select((pair, i) => new HyperCell(pair.Eta, pair.Gamma, [.. records.Skip(i * chosenSeeds.Length).Take(chosenSeeds.Length)]))];
        if (HyperCell.Best(cells) is not { } best)
        {
            throw new TrainingException($"Every pair had a run that failed, so none can be chosen: {cells[^1].Records.First(record => record.Failure is not null).Failure}");
        }

        // Only now are the test images looked at: by the chosen pair, and by the plain optimizer, which is there without a choice.
        string whole = all.Fingerprint();
        (double? Eta, double? Gamma)[] last = [(null, null), (best.Eta, best.Gamma)];
        PlannedRun[] final = [.. from pair in last from seed in chosenSeeds select Plan(pair, seed, all, whole, "test-")];
        series = new(folder, host, terminal) { EachEpoch = false, KeepCheckpoints = series.KeepCheckpoints };
        IReadOnlyList<RunRecord> tested = series.Do(final, _ => { });
        if (tested.Count < final.Length)
        {
            return Stopped($"the grid is complete, and {tested.Count} of {final.Length} runs of the chosen pair");
        }

        HyperCell[] onTest = [.. last.Select((pair, i) => new HyperCell(pair.Eta, pair.Gamma, [.. tested.Skip(i * chosenSeeds.Length).Take(chosenSeeds.Length)]))];
        string[] table = [.. Table(cells, levels, widths)];
        string[] findings = [Choice(cells, best, levels, widths, chosenSeeds.Length), Test(onTest, all)];
        foreach (string line in table.Concat(findings))
        {
            terminal.Line(line);
        }

        string title = $"Validation accuracy over η and γ: {choice.Describe(all)} on {all.Name}, {plain.ToString()!.Split('(')[0]}";
        byte[] picture = HyperPlot.Draw(title, cells[0], cells[1..], best);
        Keep(Picture, stream => stream.Write(picture));
        Keep(Numbers, stream => Lines(stream, Rows(cells, "validation", chosenSeeds).Concat(Rows(onTest, "test", chosenSeeds).Skip(1))));
        Keep(Report, stream => Lines(stream,
        [
            $"# {title}",
            "",
            $"![Validation accuracy over η and γ]({Picture})",
            "",
            $"- {setting}",
            $"- first pair: {perturbed}",
            $"- machine: {Machine.Processor}, {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}; date: {DateTime.UtcNow:yyyy-MM-dd}",
            $"- command: `{CommandLine(parsed)}`",
            $"- numbers: [{Numbers}]({Numbers}), a row for each run",
            "",
            .. findings.SelectMany(paragraph => new[] { paragraph, "" }),
            "Validation accuracy after the last epoch at the unperturbed weights w, in evaluation mode, mean over the seeds (smallest to largest):",
            "",
            .. table,
        ]));
        terminal.Line($"→ {Path.Combine(target, Picture)}, {Path.Combine(target, Numbers)}, {Path.Combine(target, Report)}");
        return 0;

        PlannedRun Plan((double? Eta, double? Gamma) pair, ulong seed, Dataset images, string print, string prefix)
        {
            (string name, string key) = pair is { Eta: { } level, Gamma: { } width }
                ? (string.Create(CultureInfo.InvariantCulture, $"η = {level}, γ = {width}"), string.Create(CultureInfo.InvariantCulture, $"eta-{level}-gamma-{width}"))
                : ("plain", "plain");
            return new PlannedRun(
                $"{name}, seed {seed}{(prefix.Length > 0 ? ", on all training images" : "")}",
                $"{prefix}{key}-seed-{seed}",
                choice,
                images,
                print,
                pair.Eta is { } one ? optimizer.Perturb(parsed, plain, one, pair.Gamma) : plain,
                options with { Seed = seed });
        }

        int Stopped(string what)
        {
            host.Problem($"stopped: {what}; the same command goes on from {kept}.");
            return host.Stop.ExitCode;
        }

        void Keep(string file, Action<Stream> content) => OutputFile.Write(Path.Combine(target, file), "--output", content);
    }

    /// <summary>The training images in two parts: what is trained on, and what is held back and takes the test images' place.</summary>
    private static Dataset Split(Dataset all, double part, ulong seed)
    {
        int held = (int)Math.Round(part * all.Train.Count);
        if (held < 1 || held >= all.Train.Count)
        {
            throw new UsageException($"--validation {part.ToString(CultureInfo.InvariantCulture)} of {all.Train.Count} training images leaves one part empty: choose another.");
        }

        int[] order = [.. Enumerable.Range(0, all.Train.Count)];
        new RandomStream(seed, SplitStream).Shuffle(order);
        return all with { Train = all.Train.Subset(order.AsSpan(held)), Test = all.Train.Subset(order.AsSpan(0, held)) };
    }

    private static IEnumerable<string> Table(HyperCell[] cells, double[] levels, double[] widths)
    {
        yield return $"| η |{string.Concat(widths.Select(width => string.Create(CultureInfo.InvariantCulture, $" γ = {width} |")))}";
        yield return $"| ---: |{string.Concat(widths.Select(_ => " ---: |"))}";
        foreach (double level in levels)
        {
            yield return $"| {level.ToString(CultureInfo.InvariantCulture)} |{string.Concat(widths.Select(width => $" {Range(cells.Single(cell => cell.Eta == level && cell.Gamma == width))} |"))}";
        }
    }

    private static string Choice(HyperCell[] cells, HyperCell best, double[] levels, double[] widths, int runs)
    {
        HyperCell plain = cells[0];
        int equals = cells.Count(cell => cell.Eta is not null && cell.Accuracy == best.Accuracy);
        bool idle = levels.Length > 1 && cells.Where(cell => cell.Gamma == best.Gamma).All(cell => cell.Accuracy == best.Accuracy && cell.Loss == best.Loss);
        bool edge = (levels.Length > 2 && !idle && (best.Eta == levels[0] || best.Eta == levels[^1])) || (widths.Length > 2 && (best.Gamma == widths[0] || best.Gamma == widths[^1]));
        string against = plain.Failed ? "the plain optimizer failed"
            : $"the plain optimizer reaches {Range(plain)}, {(best.Accuracy > plain.Accuracy ? "less" : best.Accuracy < plain.Accuracy ? "more: on these images no pair was better than none" : "as much")}";
        int beyond = plain.Failed ? 0 : cells.Count(cell => cell.Eta is not null && cell.Accuracy > plain.Accuracies.Max());
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Chosen: η = {best.Eta}, γ = {best.Gamma}, with a validation accuracy of {Range(best)}{(equals > 1 ? $", the smallest validation loss of {equals} equal pairs" : "")}; {against}.{(idle ? string.Create(CultureInfo.InvariantCulture, $" At γ = {best.Gamma} every η gives the same numbers: κ sets σ there, and η has no say; the first was taken.") : "")} {(runs > 1 && !plain.Failed ? $"The mean of {beyond} of the {cells.Length - 1} pairs is above the best plain run. " : "")}The best of {cells.Length - 1} is better than it deserves, since it was chosen by these very images.{(edge ? " It lies at the edge of the grid: a wider one may have a better." : "")}{(cells.Any(cell => cell.Failed) ? $" Runs of {cells.Count(cell => cell.Failed)} settings failed; these were not chosen." : "")}");
    }

    private static string Test(HyperCell[] onTest, Dataset all) => string.Create(
        CultureInfo.InvariantCulture,
        $"Trained anew on all {all.Train.Count:N0} training images, the test accuracy is {Range(onTest[1])} with the chosen pair and {Range(onTest[0])} without perturbation{(onTest.Any(cell => cell.Failed) ? "" : $"; training accuracy {Percent(onTest[1].TrainAccuracy)} and {Percent(onTest[0].TrainAccuracy)}")}.{(onTest.Any(cell => cell.Failed) || onTest[0].Records.Count == 1 ? "" : onTest[1].Accuracies.Min() > onTest[0].Accuracies.Max() ? " Every perturbed run is above every plain one." : onTest[1].Accuracies.Max() < onTest[0].Accuracies.Min() ? " Every perturbed run is below every plain one." : " The two ranges over the seeds overlap.")} No other pair saw the {all.Test.Count:N0} test images.");

    private static IEnumerable<string> Rows(HyperCell[] cells, string tested, ulong[] seeds)
    {
        yield return "eta,gamma,seed,evaluated_on,train_loss,train_accuracy,loss,accuracy,epochs,failure";
        foreach (HyperCell cell in cells)
        {
            for (int s = 0; s < seeds.Length; s++)
            {
                RunRecord record = cell.Records[s];
                RunEpoch? end = record.Failure is null ? record.Epochs[^1] : null;
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{cell.Eta},{cell.Gamma},{seeds[s]},{tested},{end?.TrainLoss:R},{end?.TrainAccuracy:R},{end?.TestLoss:R},{end?.TestAccuracy:R},{record.Epochs.Count},{(record.Failure is null ? "" : "failed")}");
            }
        }
    }

    private static string Range(HyperCell cell) => cell.Failed ? "failed"
        : cell.Accuracies.Length == 1 ? Percent(cell.Accuracy)
        : string.Create(CultureInfo.InvariantCulture, $"{Percent(cell.Accuracy)} ({100 * cell.Accuracies.Min():F2} to {100 * cell.Accuracies.Max():F2})");

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F2} %");

    private static void Lines(Stream stream, IEnumerable<string> lines)
    {
        using StreamWriter writer = new(stream, leaveOpen: true) { NewLine = "\n" };
        foreach (string line in lines)
        {
            writer.WriteLine(line);
        }
    }

    /// <summary>The command line without the folders of this machine.</summary>
    private string CommandLine(ParseResult parsed) => string.Join(
        ' ',
        [
            "pacgen experiment hyper",
            .. Command.Options.Where(option => parsed.IsGiven(option) && option.Name is not ("--output" or "--runs" or "--data"))
                .Select(option => $"{option.Name} {string.Join(' ', ((OptionResult)parsed.GetResult(option)!).Tokens.Select(token => token.Value))}".TrimEnd()),
        ]);
}
