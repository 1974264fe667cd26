using System.CommandLine;
using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Core.Text;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>
/// The options that say where images come from. The set's own name, which the help has first, is <see cref="Set"/>.
/// </summary>
/// <param name="set">The option that names the set; without it any set, digits by default.</param>
internal sealed class DataSource(Option<string>? set = null) : OptionGroup
{
    private readonly Option<bool> noDownload = Options.Flag("--no-download", "Don't download files that are nowhere to be found");
    private readonly Option<string> labels = Options.Choice(
        "--labels", "Which classes of cifar-100: its 100 fine ones or its 20 coarse ones", "fine", "fine", "coarse");

    private readonly Option<int?> side = Options.Count(
        "--image-size",
        Prose.Line("""
            The height and width that the image files of tiny-imagenet, folder:PATH or parquet:FILE are resized to; without it
            they are taken as they are
            """));

    private readonly Option<string[]> targets = Options.Names(
        "--target", "The column of csv:FILE or parquet:FILE, or the array of npz:FILE, that is predicted; several with commas");

    private readonly Option<string> kind = Options.Choice(
        "--target-kind",
        Prose.Line("""
            What targets are; without it texts, truth values and at most 20 different whole numbers are classes; several columns
            of truth values or of 0 and 1 are bits; others are values. Of npz:FILE whole numbers are classes
            """),
        null, [.. Kinds.Select(one => one.Name)]);

    private readonly Option<string[]> ignored =
        Options.Names("--ignore", "Columns of a table that are left out; several with commas");

    private readonly Option<string> missing = Options.Choice(
        "--missing", "What is done about cells of a table without a value: an error, their median or a category, no row",
        "refuse", [.. Missing.Select(one => one.Name)]);

    private readonly Option<double> testPart = Options.Number(
        "--test-part", "The share of a table's rows that is tested on", Interval.OpenFraction, 0.2);

    private readonly Option<ulong> splitSeed = Options.Make(
        "--test-seed", "number", "Chooses the rows that are tested on",
        word => ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? (value, null)
            : (0UL, $"--test-seed is '{word}', but must be a whole number from 0."), () => 1UL);

    private readonly NormalizationOption normalization = new();

    private static (string Name, TargetKind Kind)[] Kinds { get; } =
    [
        ("class", TargetKind.Class), ("values", TargetKind.Values), ("bits", TargetKind.Bits),
        ("probabilities", TargetKind.Probabilities),
    ];

    private static (string Name, MissingValues Missing)[] Missing { get; } =
        [("refuse", MissingValues.Refuse), ("impute", MissingValues.Impute), ("drop", MissingValues.Drop)];

    /// <summary>The option that names the set.</summary>
    public Option<string> Set { get; } = set ?? Options.Dataset("The data set; digits is embedded", "digits");

    /// <summary>The option that names a folder.</summary>
    public Option<string?> Folder { get; } = Options.Path(
        "--data",
        Prose.Line("""
            The folder of the data set's files; without it PACGEN_DATA, ./data, the distribution's folder and the cache are looked
            through
            """),
        "folder");

    /// <summary>The option of how many training images are used.</summary>
    public Option<int?> Limit { get; } = Options.Count(
        "--limit", "How many training samples to use, the set's first; without it all");

    public override string Title => "Samples";

    public override IReadOnlyList<Option> All => [.. OfImages, .. OfFiles];

    /// <summary>Those that say where files lie.</summary>
    public IReadOnlyList<Option> OfFiles => [Folder, noDownload];

    /// <summary>Those that say which images there are, beside the set's name, and not where their files lie.</summary>
    public IReadOnlyList<Option> OfImages => [labels, Limit, side, .. OfTable, .. normalization.All];

    private IReadOnlyList<Option> OfTable => [targets, kind, ignored, missing, testPart, splitSeed];

    /// <summary>Whether the command line says how many training images to use.</summary>
    public bool IsLimited(ParseResult parsed) => parsed.IsGiven(Limit);

    /// <summary>Loads a data set, with a bar for each file that must be downloaded.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="terminal">Where a person reads.</param>
    /// <param name="cancellation">Stops a download.</param>
    /// <param name="named">The set, where something else than the command line names it.</param>
    /// <param name="trained">What the network's file says of its samples; null for a network that begins anew.</param>
    /// <exception cref="DataException">It can't be had.</exception>
    /// <exception cref="UsageException">The options don't fit the set, or contradict the network's file.</exception>
    public Dataset Load(
        ParseResult parsed, Terminal terminal, CancellationToken cancellation, string? named = null,
        TrainedSamples? trained = null)
    {
        string name = named ?? parsed.GetValue(Set)!;
        if (parsed.IsGiven(labels) && parsed.GetValue(labels) == "fine" && name == "cifar-100-coarse")
        {
            throw new UsageException("--labels fine needs --dataset cifar-100; cifar-100-coarse has the 20 coarse ones.");
        }

        if (parsed.GetValue(labels) == "coarse" && name != "cifar-100-coarse")
        {
            name = name == "cifar-100"
                ? "cifar-100-coarse"
                : throw new UsageException($"--labels coarse needs --dataset cifar-100; {name} has one kind of label.");
        }

        bool isTable = name.Equals("penguins", StringComparison.OrdinalIgnoreCase)
            || Datasets.PrefixOf(name) is not (null or Datasets.FolderPrefix);
        parsed.Needs(isTable, "--dataset csv:FILE, npz:FILE, parquet:FILE or penguins", OfTable);
        parsed.Needs(
            isTable && Datasets.PrefixOf(name) != "npz:", "--dataset csv:FILE, parquet:FILE or penguins", ignored,
            missing);
        parsed.Needs(
            name.StartsWith("tiny-imagenet", StringComparison.OrdinalIgnoreCase)
                || Datasets.PrefixOf(name) is Datasets.FolderPrefix or "parquet:",
            "--dataset tiny-imagenet, folder:PATH or parquet:FILE", side);
        DataOptions options = new()
        {
            Table = Table(parsed, name, trained),
            Folder = parsed.GetValue(Folder),
            AllowDownload = !parsed.GetValue(noDownload),
            ImageSide = Side(parsed),
        };
        Dataset data = DownloadReport.Load(terminal, name, options, cancellation);
        if (Datasets.PrefixOf(name) is not null && data.ClassNames.Count > 0)
        {
            terminal.Line(Classes(data.ClassNames));
        }

        foreach (string warning in data.Warnings)
        {
            terminal.Line($"Warning: {warning}");
        }

        data = parsed.GetValue(Limit) is { } count ? data with { Train = data.Train.Take(count) } : data;
        foreach (string difference in trained?.Differences(data, parsed.GetValue(Limit) is not null) ?? [])
        {
            terminal.Line($"Warning: {difference}");
        }

        data = normalization.Apply(parsed, data);
        return trained?.Apply(data, normalization.Asked(parsed)) ?? data;
    }

    /// <summary>A data set with classes, as what compares accuracies needs.</summary>
    /// <inheritdoc cref="Load" path="/param"/>
    /// <exception cref="DataException">It can't be had.</exception>
    /// <exception cref="UsageException">The options don't fit the set, or its targets are no classes.</exception>
    public Dataset LoadClasses(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        Dataset loaded = Load(parsed, terminal, cancellation);
        return loaded.Train.Target.Kind == TargetKind.Class ? loaded : throw new UsageException(Prose.Line($"""
            Accuracies are compared here, and the targets of {Printable.Name(loaded.Name)} are no classes: take a set that has
            some, or say --target-kind class where whole numbers are.
            """));
    }

    /// <summary>Whether no sample that is loaded decides how samples are normalised.</summary>
    public bool HasStatedNormalization(ParseResult parsed, TrainedSamples? trained) =>
        normalization.IsStated(parsed) || trained?.Normalization is not null;

    /// <summary>
    /// A set that somebody put together may have other classes than were meant: they are shown before anything is done.
    /// </summary>
    private static string Classes(IReadOnlyList<string> names)
    {
        const int Most = 20;
        string shown = string.Join(", ", names.Take(Most).Select((name, number) => $"{number} {Printable.Name(name)}"));
        return Prose.Line($"""
            {names.Count} class{(names.Count == 1 ? "" : "es")}:
            {shown}{(names.Count > Most ? $" … {names.Count - 1} {Printable.Name(names[^1])}" : "")}
            """);
    }

    /// <summary>How a table is read: as the command line says, and as the table was that the network was trained on.</summary>
    private TableOptions Table(ParseResult parsed, string name, TrainedSamples? trained)
    {
        TableOptions said = new()
        {
            Targets = parsed.GetValue(targets) ?? [],
            Kind = parsed.GetValue(kind) is { } named ? Kinds.First(one => one.Name == named).Kind : null,
            Ignored = parsed.GetValue(ignored) ?? [],
            Missing = Missing.First(one => one.Name == parsed.GetValue(missing)).Missing,
            TestPart = parsed.GetValue(testPart),
            SplitSeed = parsed.GetValue(splitSeed),
            StandardizeTargets = trained is null,
        };
        if (trained?.Table is not { } kept)
        {
            return said;
        }

        // Rows of another file are unseen, however they are divided.
        bool same = name == trained.Dataset;
        Agree(targets, said.Targets.SequenceEqual(kept.Targets), string.Join(',', kept.Targets));
        Agree(kind, said.Kind == kept.Kind, Kinds.First(one => one.Kind == kept.Kind).Name);
        Agree(ignored, !said.Ignored.Except(kept.Ignored).Any(), string.Join(',', kept.Ignored));
        Agree(missing, !same || said.Missing == kept.Missing, Missing.First(one => one.Missing == kept.Missing).Name);
        Agree(testPart, !same || said.TestPart == kept.TestPart, kept.TestPart.ToString(CultureInfo.InvariantCulture));
        Agree(splitSeed, !same || said.SplitSeed == kept.SplitSeed, $"{kept.SplitSeed}");
        return kept with
        {
            Missing = parsed.IsGiven(missing) ? said.Missing : kept.Missing,
            TestPart = parsed.IsGiven(testPart) ? said.TestPart : kept.TestPart,
            SplitSeed = parsed.IsGiven(splitSeed) ? said.SplitSeed : kept.SplitSeed,
            Normalize = true,
            StandardizeTargets = false,
        };

        void Agree(Option option, bool agrees, string value)
        {
            if (parsed.IsGiven(option) && !agrees)
            {
                throw new UsageException(Prose.Line($"""
                    {trained.File} was trained with
                    {(value.Length > 0 ? $"{option.Name} {Printable.Name(value)}" : $"no {option.Name}")}, and not with {option.Name} {string.Join(' ', parsed.Words(option))}: leave {option.Name} out.
                    """));
            }
        }
    }

    private int? Side(ParseResult parsed) => parsed.GetValue(side) is > 4096 and var large
        ? throw new UsageException($"--image-size is {large}, but must be at most 4096.") : parsed.GetValue(side);
}
