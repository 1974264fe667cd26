using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Training;
using PacGen.Core.Text;
using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary>
/// What a run of a study can be set to: the options of <c>train</c> that decide a run's numbers, and those that only a study has.
/// A setting's name is its option's, without the dashes.
/// </summary>
internal sealed class StudySettings
{
    /// <summary>Decides which labels are random: the same for all runs, so that they differ by their own seeds alone.</summary>
    private const ulong LabelSeed = 1;

    private readonly ModelOptions model = new("mlp", drops: true);
    private readonly OptimizerOptions optimizer = new();
    private readonly TrainingRunOptions run;
    private readonly DataSource data = new();
    private readonly Command command = new("run", "A run of a study.");

    private readonly Option<double> labelNoise = Options.Number(
        "--label-noise", "The share of training images whose label is drawn anew, from all classes alike",
        new Interval(0, 1, false, false), 0);

    private readonly Option<int?> testLimit = Options.Count(
        "--test-limit", "How many test images to use, the set's first; without it all");

    private readonly Option<double?> stopLoss = Options.Number(
        "--stop-loss", "The training images' cross-entropy at whose first epoch a run ends; without it --epochs alone ends it",
        Interval.Positive);

    private readonly Option<int?> leastEpochs = Options.Count(
        "--least-epochs", "The epochs before which --stop-loss ends no run; without it 1");

    public StudySettings()
    {
        run = new TrainingRunOptions(
            new RunTexts { Statistics = "What training does to batch norm's running statistics" }, optimizer);
        OfImages = [data.Set, .. data.OfImages, labelNoise, testLimit];
        All = [.. OfImages, .. model.All, .. run.All, stopLoss, leastEpochs];
        All.Concat(data.All).Distinct().ToList().ForEach(command.Add);
    }

    /// <summary>The settings as options of one run.</summary>
    public IReadOnlyList<Option> All { get; }

    /// <summary>Those that say which images a run has.</summary>
    private IReadOnlyList<Option> OfImages { get; }

    /// <summary>The settings' names.</summary>
    public IEnumerable<string> Names => All.Select(NameOf);

    /// <summary>The name of the setting that an option of a run is.</summary>
    public static string NameOf(Option option) => option.Name.TrimStart('-');

    /// <summary>Reads a run's settings.</summary>
    /// <param name="settings">The words by the settings' names.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="UsageException">A setting is out of range, has no effect, or contradicts another.</exception>
    public StudyTraining Read(IReadOnlyDictionary<string, string> settings, ulong seed)
    {
        ParseResult parsed = Parse(settings, []);
        parsed.Needs(parsed.IsGiven(stopLoss), "--stop-loss", leastEpochs);
        ModelChoice choice = model.Create(parsed);
        TrainingOptions options = run.Create(parsed, choice) with { Seed = seed, KeepSecondMoment = true };
        return new StudyTraining(
            choice,
            optimizer.Create(parsed, keepsSecondMoment: true),
            options,
            parsed.GetValue(stopLoss),
            parsed.GetValue(leastEpochs) ?? 1);
    }

    /// <summary>Everything that decides a run's numbers, seeds apart, whether it is said or left to a default.</summary>
    /// <param name="settings">The words by the settings' names.</param>
    /// <exception cref="UsageException">A setting is out of range, has no effect, or contradicts another.</exception>
    public string Identity(IReadOnlyDictionary<string, string> settings)
    {
        using InvariantCulture invariant = new();
        ParseResult parsed = Parse(settings, []);
        StudyTraining training = Read(settings, 1);
        ModelChoice network = training.Model;
        return string.Join('\n', (string[])
        [
            .. OfImages.Select(option => (option.Name, Result: parsed.GetResult(option) as OptionResult))
                .Select(option => $"{option.Name} {TextOf(option.Result?.GetValueOrDefault<object?>())}"),
            $"{network with { Hidden = [], Onnx = null }} {string.Join('-', network.Hidden)} {network.Onnx?.Path}",
            $"{training.Optimizer}",
            .. TrainingRunOptions.Describe(training.Options).Select(setting => $"{setting.Name} {setting.Value}"),
            $"{training.Options.Epochs} epochs, loss {training.StopLoss}, {training.LeastEpochs} at least",
        ]);
    }

    /// <summary>
    /// The values that a setting has where it is left out, as far as they are known without the other settings.
    /// </summary>
    public IEnumerable<string> Usual(string name) =>
        All.FirstOrDefault(option => NameOf(option) == name) is not { } found ? []
        : found.HasDefaultValue ? [TextOf(found.GetDefaultValue())]
        : optimizer.UsualValues(found).Concat(model.UsualValues(found));

    private static string TextOf(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        string text => text,
        System.Collections.IEnumerable several => string.Join(',', several.Cast<object?>().Select(TextOf)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };

    /// <summary>What of a run's settings says which images it has, as a text.</summary>
    public string ImagesText(IReadOnlyDictionary<string, string> settings) =>
        string.Join(' ', settings.Where(pair => OfImages.Any(option => NameOf(option) == pair.Key)).Select(pair => $"{pair}")
            .Append(NetworkFile(settings)?.Path));

    /// <summary>Loads a run's images.</summary>
    /// <param name="settings">The run's settings.</param>
    /// <param name="where">The words that say where files are.</param>
    /// <param name="whole">The whole sets that are loaded already, with whose memory a run's images are.</param>
    /// <param name="terminal">Where downloads are shown.</param>
    /// <param name="cancellation">Stops a download.</param>
    /// <exception cref="DataException">They can't be had, or are fewer.</exception>
    public Dataset Images(
        IReadOnlyDictionary<string, string> settings, string[] where, Dictionary<string, Dataset> whole, Terminal terminal,
        CancellationToken cancellation)
    {
        string[] cuts = [NameOf(data.Limit), NameOf(testLimit), NameOf(labelNoise)];
        Dictionary<string, string> set = settings.Where(
            pair => OfImages.Any(option => NameOf(option) == pair.Key) && !cuts.Contains(pair.Key)).ToDictionary();
        OnnxSource? network = NetworkFile(settings);
        string name = string.Join(' ', set.Select(pair => $"{pair}").Append(network?.Path));
        if (!whole.TryGetValue(name, out Dataset? images))
        {
            whole[name] = images = data.Load(Parse(set, where), terminal, cancellation, trained: network?.Samples);
        }

        ParseResult parsed = Parse(settings, []);
        SampleSet train = images.Train, test = images.Test;
        train = parsed.GetValue(data.Limit) is { } count ? train.Take(count) : train;
        test = parsed.GetValue(testLimit) is { } tested ? test.Take(tested) : test;
        double share = parsed.GetValue(labelNoise);
        return images with { Train = share > 0 ? train.WithRandomLabels(share, LabelSeed) : train, Test = test };
    }

    /// <summary>The file of a run's network, where it is one of a file: it says how samples are normalised.</summary>
    private static OnnxSource? NetworkFile(IReadOnlyDictionary<string, string> settings) =>
        settings.TryGetValue("model", out string? word) && OnnxSource.IsOne(word) ? new OnnxSource(word) : null;

    private ParseResult Parse(IReadOnlyDictionary<string, string> settings, string[] more)
    {
        ParseResult parsed = command.Parse(
            [.. settings.SelectMany(pair => (string[])[$"--{pair.Key}", pair.Value]), .. more], Options.Parsing);
        return ParseErrors.Describe(parsed) is { } problem
            ? throw new UsageException(problem)
            : parsed;
    }
}
