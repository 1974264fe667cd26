using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Runtime.InteropServices;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Figures.Accuracy;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Training;
using PacGen.Nn;
using PacGen.Nn.Data;

namespace PacGen.Benchmarks.Figures;

/// <summary>
/// Figure 7: training and test accuracy of a Wide-ResNet by epoch, with OPT and with Perturbed OPT, over some seeds. Each run is kept on
/// disk, so that the whole, which takes hours, can be interrupted at any moment.
/// </summary>
internal sealed class Figure7 : Figure
{
    private const string PictureFile = "figure-7.png", NumbersFile = "figure-7.csv", ReportFile = "figure-7.md", RunsName = "figure-7-runs";
    private const int FullEpochs = 100, SmallEpochs = 6, SmallDepth = 16, SmallWiden = 1;

    private readonly Option<string> dataset = Options.Choice("--dataset", "The images", "cifar-10", [.. PaperSetting.All.Select(setting => setting.Dataset)]);

    private readonly Option<string> scale = Options.Choice(
        "--scale",
        $"The paper's network, WRN-58-3, and all images, which takes a CPU weeks; or WRN-16-1 on at most 20,000 images (tiny-imagenet: 5,000), less than an hour for three seeds on two cores",
        "full", "full", "small");

    private readonly Option<ulong[]> seeds = Options.Seeds("A plain and a perturbed run for each", 3);
    private readonly Option<int?> epochs = Options.Count(
        "--epochs", $"How many times the training set is seen, which the paper doesn't say; without it {FullEpochs}, at small scale {SmallEpochs}. More than before adds to the runs that are there");

    private readonly Option<int?> depth = Options.Count("--depth", $"The Wide-ResNet's depth, 6n + 4; without it {PaperSetting.Depth}, at small scale {SmallDepth}", 10);
    private readonly Option<int?> widen = Options.Count("--widen", $"The Wide-ResNet's widening factor; without it {PaperSetting.Widen}, at small scale {SmallWiden}");
    private readonly Option<int?> batchSize = Options.Count("--batch-size", "Images a step; without it 128 (CIFAR) or 156 (Tiny ImageNet), as in the paper");
    private readonly Option<int?> accumulate = Options.Count("--accumulate", "In how many parts a batch is passed, for batches that don't fit into memory: a divisor of their size. Batch norm sees parts", 1, 1);
    private readonly Option<double?> learningRate = Options.Number("--learning-rate", "Learning rate, constant; without it 0.0001 with Adam (CIFAR), 0.01 with SGD (Tiny ImageNet), as in the paper", Interval.Positive);
    private readonly Option<double?> eta = Options.Number("--eta", "η of Algorithm 1; without it 0.01 (CIFAR) or 100 (Tiny ImageNet), as in the paper", Interval.Positive);
    private readonly Option<double[]> gamma = Options.Numbers("--gamma", "γ of Algorithm 1, a curve for each; without it 10 (CIFAR) or 1 (Tiny ImageNet), as in the paper", Interval.Gamma);
    private readonly Option<string> augment = Options.Choice(
        "--augment", "How training images are varied, of which the paper says nothing: not at all, or padded by 4 and cropped, and mirrored by chance", "none", "none", "crop-flip");

    private readonly Option<string> statistics = Options.Choice(
        "--running-statistics", "Where batch norm's statistics of an evaluated network come from, in all runs alike: a pass over training images at w, or the training passes (at w + u where perturbed)",
        "reestimated", "reestimated", "training");

    private readonly Option<string?> runsFolder = Options.Path("--runs", $"The folder in which the runs are kept, from which the same command goes on; without it {RunsName} in the folder of the results", "folder");
    private readonly DeviceOptions device = new();
    private readonly DataSource data = new();

    public Figure7(Host host)
        : base(
            host, 7, "Training and test accuracy of a Wide-ResNet by epoch, with and without perturbation (section 8); interrupted, the same command goes on.",
            PictureFile, NumbersFile, ReportFile)
    {
        foreach (Option option in new Option[] { dataset, scale, seeds, epochs, depth, widen, batchSize, accumulate, learningRate, eta, gamma, augment, statistics, runsFolder })
        {
            Command.Add(option);
        }

        device.AddTo(Command);
        data.AddTo(Command);
    }

    /// <inheritdoc/>
    protected override int Draw(ParseResult parsed, int width, Terminal terminal, Action<string, Action<Stream>> write)
    {
        bool small = parsed.GetValue(scale) == "small";
        PaperSetting paper = PaperSetting.All.Single(setting => setting.Dataset == parsed.GetValue(dataset));
        ModelChoice model = new(
            "wide-resnet", [], ModelOptions.CheckedDepth(parsed.GetValue(depth) ?? (small ? SmallDepth : PaperSetting.Depth)),
            parsed.GetValue(widen) ?? (small ? SmallWiden : PaperSetting.Widen));
        ulong[] chosenSeeds = parsed.GetValue(seeds)!;
        double level = parsed.GetValue(eta) ?? paper.Eta;
        double[] gammas = parsed.GetValue(gamma) is { Length: > 0 } given ? given : [paper.Gamma];
        AccuracyArm[] arms = [AccuracyArm.Plain, .. gammas.OrderDescending().Select(one => new AccuracyArm(level, one))];
        int batch = parsed.GetValue(batchSize) ?? paper.BatchSize;
        Options.RequireDivisor(parsed.GetValue(accumulate)!.Value, batch);
        string kept = parsed.GetValue(runsFolder) ?? Path.Combine(parsed.GetValue(OutputOption) ?? ".", RunsName);

        using OpenedDevice opened = device.Open(parsed);
        Dataset images = data.Load(parsed, paper.Dataset, terminal, Host.Stop.Token);
        if (small && !data.IsLimited(parsed))
        {
            images = images with { Train = images.Train.Take(Math.Min(images.Train.Count, paper.SmallImages)) };
        }

        TrainingOptions options = new()
        {
            Epochs = parsed.GetValue(epochs) ?? (small ? SmallEpochs : FullEpochs),
            BatchSize = batch,
            Accumulate = parsed.GetValue(accumulate)!.Value,
            Augmentation = parsed.GetValue(augment) == "crop-flip" ? Augmentation.CropFlip : null,
            RunningStatistics = parsed.GetValue(statistics) == "training" ? RunningStatistics.FromTrainingPass : RunningStatistics.Reestimated,
            Device = opened.Device,
        };
        if (options.BatchSize > images.Train.Count)
        {
            throw new UsageException($"--batch-size is {options.BatchSize}, but there are {images.Train.Count} training images: use a smaller batch, or more images.");
        }

        string fingerprint = images.Fingerprint(), network = model.Describe(images);
        List<(AccuracyArm Arm, ulong Seed, PlannedRun Run)> plan =
        [
            .. from seed in chosenSeeds
               from arm in arms
               select (arm, seed, new PlannedRun(
                   $"seed {seed}, {arm.Name}",
                   $"{images.Name}-{network}-{arm.Key}-seed-{seed}",
                   model,
                   images,
                   fingerprint,
                   PaperSetting.Optimizer(paper.Adaptive, parsed.GetValue(learningRate) ?? paper.LearningRate, arm),
                   options with { Seed = seed })),
        ];
        string rule = plan[0].Run.Optimizer.ToString()!;
        string setting = string.Create(
            CultureInfo.InvariantCulture,
            $"{network}, {model.Create(images, opened.Device, 2).ParameterCount:N0} parameters; {images.Name}, {images.Train.Count:N0} training and {images.Test.Count:N0} test images; {rule}, batch {options.BatchSize}, constant rate; perturbed: η = {level}, γ = {string.Join(" and ", gammas.OrderDescending().Select(one => one.ToString(CultureInfo.InvariantCulture)))}, ε = {PaperSetting.Epsilon}; {options.Epochs} epochs, seeds {string.Join(", ", chosenSeeds)}");
        terminal.Line($"{setting}; {opened.Device.Name}");
        using RunsFolder folder = new(kept);
        terminal.Line($"{plan.Count} runs, kept in {kept}");
        RunSeries series = new(folder, Host, terminal);
        IReadOnlyList<RunRecord> records = series.Do([.. plan.Select(one => one.Run)], soFar =>
        {
            // A seed at a time: what there is so far can be looked at, and survives whatever happens to the rest.
            if (soFar.Count % arms.Length == 0 && soFar.Count < plan.Count)
            {
                Write(soFar);
            }
        });
        if (records.Count < plan.Count)
        {
            Host.Problem($"stopped. {records.Count} of {plan.Count} runs are complete; the same command goes on from {kept}.");
            return Host.Stop.ExitCode;
        }

        if (Write(records) is not { } findings)
        {
            throw new TrainingException($"No seed's runs came to their end, so there is nothing to draw: {records.First(record => record.Failure is not null).Failure}");
        }

        foreach (string row in findings.Table().Concat(findings.Paragraphs))
        {
            terminal.Line(row);
        }

        return 0;

        AccuracyFindings? Write(IReadOnlyList<RunRecord> soFar)
        {
            AccuracyCurve[] curves = [.. plan.Zip(soFar, (one, record) => new AccuracyCurve(one.Arm, one.Seed, record))];
            AccuracyFindings found = new(arms, curves, options.Epochs, images.Train.Classes);
            if (found.Seeds.Length == 0)
            {
                return null;
            }

            string title = string.Create(
                CultureInfo.InvariantCulture,
                $"Figure 7: {network} on {images.Name} ({images.Train.Count:N0} training images), {rule.Split('(')[0]} with and without perturbation");
            byte[] picture = AccuracyPicture.Draw(title, arms, found, width);
            write(PictureFile, stream => stream.Write(picture));
            write(NumbersFile, stream => Csv(stream, Rows(curves, images.Name, network)));
            string[] page = [.. Page(parsed, title, setting, found, soFar, plan.Count, Differences(parsed, paper, model, images, options, level, gammas), images, options)];
            write(ReportFile, stream => Csv(stream, page));
            return found;
        }
    }

    private static IEnumerable<string> Rows(AccuracyCurve[] curves, string dataset, string network)
    {
        yield return "dataset,model,seed,optimizer,eta,gamma,epoch,train_loss,train_accuracy,test_loss,test_accuracy,step_loss,seconds";
        foreach (AccuracyCurve curve in curves)
        {
            foreach (RunEpoch epoch in curve.Record.Epochs)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{dataset},{network},{curve.Seed},{(curve.Arm.Gamma is null ? "plain" : "perturbed")},{curve.Arm.Eta},{curve.Arm.Gamma},{epoch.Epoch},{epoch.TrainLoss:R},{epoch.TrainAccuracy:R},{epoch.TestLoss:R},{epoch.TestAccuracy:R},{epoch.StepLoss:R},{epoch.Seconds:F1}");
            }
        }
    }

    private IEnumerable<string> Page(
        ParseResult parsed, string title, string setting, AccuracyFindings found, IReadOnlyList<RunRecord> records, int planned, string differences, Dataset images, TrainingOptions options)
    {
        yield return $"# {title}";
        yield return "";
        yield return $"![Training and test accuracy by epoch]({PictureFile})";
        yield return "";
        yield return $"- {setting}; {string.Join(" and ", records.Select(record => record.Device).Distinct())}";
        yield return $"- machine: {Machine.Processor}, {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}; date: {DateTime.UtcNow:yyyy-MM-dd}";
        yield return $"- command: `{CommandLine(parsed)}`; training alone took {TrainingReport.Left(TimeSpan.FromSeconds(records.SelectMany(record => record.Epochs).Sum(epoch => epoch.Seconds)))} in all";
        yield return $"- numbers: [{NumbersFile}]({NumbersFile}), a row for each run and epoch{(records.Count < planned ? $"; {records.Count} of {planned} runs are complete so far" : "")}";
        yield return "";
        foreach (string paragraph in found.Paragraphs)
        {
            yield return paragraph;
            yield return "";
        }

        yield return found.Seeds.Length == 1 ? "Accuracy, %:" : $"Accuracy, means over the seeds {string.Join(", ", found.Seeds)}:";
        yield return "";
        foreach (string row in found.Table())
        {
            yield return row;
        }

        yield return "";
        yield return differences;
        yield return "";
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"Accuracies are those of the unperturbed weights w in evaluation mode after each epoch, over all {images.Train.Count:N0} training images as they are and all {images.Test.Count:N0} test images. {(options.RunningStatistics == RunningStatistics.Reestimated ? "Batch norm's statistics are estimated at w, by a pass over training images, before each evaluation, in plain and perturbed runs alike" : "Batch norm's statistics are the averages of the training passes', which in perturbed runs are those of w + u")}. Runs of one seed start from the same weights and see the images in the same order. \"Beyond the spread\" means that Student's 95 % interval for the mean of the differences, one for each seed, leaves out 0; over few seeds it is wide, and knows only what seeds change.");
    }

    private static string Differences(
        ParseResult parsed, PaperSetting paper, ModelChoice model, Dataset images, TrainingOptions options, double level, double[] gammas)
    {
        List<string> cut = [];
        if ((model.Depth, model.Widen) != (PaperSetting.Depth, PaperSetting.Widen))
        {
            cut.Add($"WRN-{model.Depth}-{model.Widen} in place of WRN-{PaperSetting.Depth}-{PaperSetting.Widen}");
        }

        if (images.Train.Count < paper.PublishedImages)
        {
            cut.Add(string.Create(CultureInfo.InvariantCulture, $"{images.Train.Count:N0} of the {paper.PublishedImages:N0} training images"));
        }

        if (options.BatchSize != paper.BatchSize)
        {
            cut.Add($"batches of {options.BatchSize} in place of {paper.BatchSize}");
        }

        if (options.Accumulate > 1)
        {
            cut.Add($"each batch passed in {options.Accumulate} parts, which batch norm sees one by one");
        }

        if (images.Name == "cifar-100-coarse")
        {
            cut.Add("the 20 coarse classes in place of the 100 fine ones");
        }

        if (images.Test.Count < PaperSetting.PublishedTestImages)
        {
            cut.Add(string.Create(CultureInfo.InvariantCulture, $"{images.Test.Count:N0} of the {PaperSetting.PublishedTestImages:N0} test images"));
        }

        if (images.Train.Height != paper.Side || images.Train.Width != paper.Side)
        {
            cut.Add($"images resized to {images.Train.Height}×{images.Train.Width} from {paper.Side}×{paper.Side}");
        }

        if (parsed.GetResult("--learning-rate") is OptionResult { Implicit: false })
        {
            cut.Add(string.Create(CultureInfo.InvariantCulture, $"a learning rate of its own in place of {paper.LearningRate}"));
        }

        if (level != paper.Eta || gammas.Any(one => one != paper.Gamma))
        {
            cut.Add(string.Create(CultureInfo.InvariantCulture, $"η = {level}, γ = {string.Join(" and ", gammas.OrderDescending())}, where the paper has η = {paper.Eta}, γ = {paper.Gamma}"));
        }

        return $"What differs from the paper: {(cut.Count == 0 ? "nothing that it states" : string.Join("; ", cut))}. It does not say how many epochs it ran, whether it varied the images, whether the learning rate changed, or how often it repeated a run; here {options.Epochs} epochs, {(options.Augmentation is { } varied ? $"{varied}" : "images as they are")}, a constant rate.";
    }

    /// <summary>The command line without the folders of this machine.</summary>
    private string CommandLine(ParseResult parsed) => string.Join(
        ' ',
        [
            "pacgen figure 7",
            .. Command.Options.Where(option => parsed.IsGiven(option) && option.Name is not ("--output" or "--runs" or "--data"))
                .Select(option => $"{option.Name} {string.Join(' ', ((OptionResult)parsed.GetResult(option)!).Tokens.Select(token => token.Value))}".TrimEnd()),
        ]);
}
