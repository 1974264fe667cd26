using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Runs;

namespace PacGen.Benchmarks.Studies;

/// <summary><c>study run</c>: trains the networks of a study and measures them.</summary>
internal sealed class StudyRunVerb : Verb
{
    private const string What = """
        Trains a network for each combination of settings and seeds, and measures it. What is done is not done again: the same
        command goes on where it was interrupted. A setting takes one or more values, such as --batch-size 32 64 128.
        """;

    private readonly Option<string?> file = Options.Path(
        "--study", "The study's JSON file; without it the options below say what is trained and measured");

    private readonly Option<ulong[]> seeds = Options.Seeds("A run of each combination for each", 1);
    private readonly Option<string[]> moments = Words(
        "--moments",
        "When weights are kept and measured: end, epoch:K, every:K, loss:X (training cross-entropy); without it end");

    private readonly Option<string[]> measures = Words(
        "--measures",
        "The measures that are taken at the end and where a loss is reached; without it those of --study, or all");

    private readonly Option<string[]> byEpoch = Words(
        "--measures-by-epoch",
        "Those that are taken at the moments of epoch:K and every:K; without it those of --study, or none");

    private readonly Option<int?> images = Options.Count(
        "--measure-images",
        Prose.Line($"""
            How many training images measures see, a run's first, 0 for all; without it {StudyDescription.DefaultMeasureImages}
            """),
        0);

    private readonly Option<string?> folder = StudyOptions.Folder(
        "The study's folder, which is made where it isn't there: its SQLite file and the weights");

    private readonly Option<Shard?> shard = Shard.Option();
    private readonly StudyOptions how = new();
    private readonly IReadOnlyList<Option<string[]>> settings =
        [.. new StudySettings().All.Select(option => Words(option.Name, option.Description!))];

    public StudyRunVerb(Host host)
        : base(host, new Command("run", Prose.Line(What)))
    {
        folder.Required = true;
        Add([folder, file, shard, how, seeds, moments, measures, byEpoch, images, .. settings.Select(one => (OptionGroup)one)]);
    }

    public override string[] Main =>
    [
        "--folder", "--study", "--dataset", "--model", "--epochs", "--seeds", "--measures", "--jobs",
    ];

    protected override int Run(ParseResult parsed)
    {
        StudyDescription description = Describe(parsed);
        Reporting.Terminal terminal = TerminalOf(parsed);
        string whole = parsed.GetValue(folder)!;
        Shard? part = Shard.Of(parsed, shard);
        using StudyStore store = part is null ? StudyStore.Open(whole) : StudyShards.Open(whole, part);
        if (!parsed.IsGiven(file) && !parsed.IsGiven(seeds) && !settings.Any(parsed.IsGiven) && store.Runs().Count > 1)
        {
            throw new UsageException(Prose.Line($"""
                {store.Folder} holds a study of {Prose.Count(store.Runs().Count, "run")}, and no setting is given, which stands
                for one run of all defaults: give the study's settings again, or --seeds 1 for that run.
                """));
        }

        if (how.Do(parsed, Host, terminal, description, store, part) is not { } runs)
        {
            return Stopped($"stopped; the same command goes on from {store.Folder}.");
        }

        if (part is not null)
        {
            terminal.Line(part.Sentence);
            return 0;
        }

        string at = ShellWord.OrPath(store.Folder);
        HashSet<int> own = [.. runs.Select(run => run.Number)];
        int failed = store.Runs().Count(run => own.Contains(run.Run) && run.State == StudyRunState.Failed);
        if (failed > 0)
        {
            terminal.Line(Prose.Line($"""
                {failed} of {Prose.Count(runs.Count, "run")} failed and {(failed == 1 ? "has" : "have")} no numbers of the end of
                training; pacgen study show --folder {at} says why
                """));
        }

        terminal.Line(Prose.Line($"""
            all is done; pacgen study report --folder {at} says which measure follows the gap, pacgen study export --folder {at}
            writes it as CSV
            """));
        return 0;
    }

    private StudyDescription Describe(ParseResult parsed)
    {
        if (parsed.GetValue(file) is { } path)
        {
            Option[] besides = [.. settings, seeds, moments, images];
            return besides.FirstOrDefault(parsed.IsGiven) is { } idle
                ? throw new UsageException($"--study {path} says what is trained: leave {idle.Name} out.")
                : Measured(StudyDescription.Read(path));
        }

        StudyDescription description = new(
            "study",
            settings.Where(parsed.IsGiven).ToDictionary(
                StudySettings.NameOf, one => (IReadOnlyList<string>)[.. parsed.GetValue(one)!.Select(StudyDescription.Number)]),
            [],
            parsed.GetValue(seeds)!);
        return Measured(description with
        {
            Moments = parsed.GetValue(moments) is { Length: > 0 } words ? new StudyMoments(words) : description.Moments,
            MeasureImages = parsed.GetValue(images) ?? description.MeasureImages,
        });

        StudyDescription Measured(StudyDescription one) => one with
        {
            Measures = parsed.GetValue(measures) is { Length: > 0 } names
                ? StudyDescription.KnownMeasures(Listed(names)) : one.Measures,
            MeasuresByEpoch = parsed.GetValue(byEpoch) is { Length: > 0 } others
                ? StudyDescription.KnownMeasures(Listed(others)) : one.MeasuresByEpoch,
        };
    }

    /// <summary>Names with blanks or, as other verbs have them, commas between them.</summary>
    private static string[] Listed(string[] words) => [.. words.SelectMany(
        word => word.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    private static Option<string[]> Words(string name, string what) => new(name)
    {
        Description = what,
        HelpName = "values",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };
}
