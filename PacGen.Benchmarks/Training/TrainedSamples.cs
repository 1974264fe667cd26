using System.Globalization;
using System.Text.Json;
using PacGen.Benchmarks.CommandLine;
using PacGen.Core.Text;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>
/// What the file of a network says of the samples that it was trained on: other samples are read as these were, whatever they
/// happen to have for a mean, and options that contradict it are refused.
/// </summary>
/// <param name="File">The file, for messages.</param>
internal sealed record TrainedSamples(string File)
{
    private const string NormalizationText = "normalization", TargetsText = "targets", TableText = "table";
    private const string SampleText = "sample", CountText = "trainingSamples", ClassesText = "classes";
    private const string TrainHashText = "trainingSha256", TestHashText = "testSha256";

    /// <summary>The data set's name; null where the file doesn't say.</summary>
    public string? Dataset { get; init; }

    /// <summary>How samples were normalised; null where the file doesn't say.</summary>
    public Normalization? Normalization { get; init; }

    /// <summary>How values for targets were standardised; null where they were not.</summary>
    public Normalization? Targets { get; init; }

    /// <summary>How columns became samples and targets; null where it was no table.</summary>
    public TableOptions? Table { get; init; }

    /// <summary>The extents of a sample, such as <c>28×28×1</c>; null where the file doesn't say.</summary>
    public string? Sample { get; init; }

    /// <summary>How many samples were trained on; null where the file doesn't say.</summary>
    public int? Count { get; init; }

    /// <summary>The names of the classes; null where the file doesn't say, or a table has them.</summary>
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>The fingerprints of training and test samples that came from a file or folder of one's own.</summary>
    public (string Train, string Test)? Fingerprints { get; init; }

    /// <summary>Reads the texts of a file of weights.</summary>
    /// <exception cref="CheckpointException">A text says nothing that can be.</exception>
    public static TrainedSamples Of(string file, IReadOnlyDictionary<string, string> texts) => new(file)
    {
        Dataset = texts.GetValueOrDefault("dataset"),
        Normalization = Parsed(file, texts, NormalizationText, Normalization.Parse),
        Targets = Parsed(file, texts, TargetsText, Normalization.Parse),
        Table = Parsed(file, texts, TableText, ReadTable),
        Sample = texts.GetValueOrDefault(SampleText),
        Count = int.TryParse(texts.GetValueOrDefault(CountText), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            ? count : null,
        Classes = Parsed(file, texts, ClassesText, ReadNames),
        Fingerprints = texts.TryGetValue(TrainHashText, out string? train) && texts.TryGetValue(TestHashText, out string? test)
            ? (train, test) : null,
    };

    /// <summary>The texts that say it of a data set.</summary>
    public static Dictionary<string, string> Notes(Dataset data)
    {
        Dictionary<string, string> notes = new()
        {
            ["dataset"] = data.Name,
            [SampleText] = Extents(data),
            [CountText] = data.Train.Count.ToString(CultureInfo.InvariantCulture),
        };
        if (IsOwn(data))
        {
            notes[TrainHashText] = data.Train.Fingerprint();
            notes[TestHashText] = data.Test.Fingerprint();
            if (data.Table is not { Classes.Count: > 0 } && data.ClassNames.Count > 0)
            {
                notes[ClassesText] = JsonSerializer.Serialize(data.ClassNames);
            }
        }

        if (data.Train.Normalization is { } normalization)
        {
            notes[NormalizationText] = normalization.ToText();
        }

        if (data.Train.Target.Scale is { } scale)
        {
            notes[TargetsText] = scale.ToText();
        }

        if (data.Table is { } table)
        {
            notes[TableText] = JsonSerializer.Serialize(table);
        }

        return notes;
    }

    /// <summary>In what samples differ from those that were trained on, in sentences, where that may not be meant.</summary>
    /// <param name="data">Samples.</param>
    /// <param name="limited">Whether the command line asks for a part of them.</param>
    public IEnumerable<string> Differences(Dataset data, bool limited)
    {
        if (Sample is not null && Sample != Extents(data))
        {
            yield return $"{File} was trained on samples of {Printable.Name(Sample)}, and those of " +
                $"{Printable.Name(data.Name)} are {Extents(data)}" +
                (data.Train.SampleShape.Rank == 3 ? " (--image-size resizes files of images)." : ".");
            yield break;
        }

        if (Count is { } count && Dataset == data.Name && count < data.Train.Count
            && (Fingerprints is not { } first || !IsOwn(data) || first.Train == data.Train.Take(count).Fingerprint()))
        {
            yield return $"{File} was trained on {count:N0} of the {data.Train.Count:N0} training samples: the others are new " +
                $"to it (--limit {count}).";
        }
        else if (Fingerprints is { Train.Length: > 0 } there && IsOwn(data) && Dataset == data.Name && !limited
            && there.Train != data.Train.Fingerprint())
        {
            yield return $"the training samples of {Printable.Name(data.Name)} are not those that {File} was trained on: they " +
                $"were changed, or divided otherwise.";
        }
    }

    /// <summary>Requires that what is held out now is what was held out when the network was trained.</summary>
    /// <param name="data">Samples.</param>
    /// <returns>A warning, where the file doesn't say what was; else null.</returns>
    /// <exception cref="UsageException">It is not.</exception>
    public string? RequireHeldOut(Dataset data)
    {
        if (!IsOwn(data))
        {
            return null;
        }

        if (Fingerprints is not { } there)
        {
            return Prose.Line($"""
                {File} does not say what was held out when it was trained: the bounds hold only if none of the
                {data.Test.Count:N0} test {data.Test.Noun} was trained on.
                """);
        }

        if (there.Test != data.Test.Fingerprint())
        {
            throw new UsageException(Prose.Line($"""
                The {data.Test.Count:N0} test {data.Test.Noun} of {Printable.Name(data.Name)} are not those that were held out
                when {File} was trained, so that it may have been trained on some of them. Give the samples as they were then; or,
                if none of them was trained on, say so by --unseen.
                """));
        }

        return null;
    }

    /// <summary>The texts of <see cref="Notes"/> for a network that was trained on other parts of the training samples.</summary>
    public static Dictionary<string, string> OfParts(Dictionary<string, string> notes)
    {
        // They are not the set's first ones, so that no number says which they are.
        notes.Remove(CountText);
        if (notes.ContainsKey(TrainHashText))
        {
            notes[TrainHashText] = "";
        }

        return notes;
    }

    /// <summary>Whether samples come from a file or folder of the user's, which may be changed.</summary>
    private static bool IsOwn(Dataset data) => Datasets.PrefixOf(data.Name) is not null;

    private static string Extents(Dataset data) => string.Join('×', data.Train.SampleShape.AsSpan().ToArray());

    /// <summary>The samples with the inputs and targets of the network.</summary>
    /// <param name="data">Samples.</param>
    /// <param name="asked">What the command line says of their normalisation; null for nothing.</param>
    /// <exception cref="UsageException">The network takes other samples, or the command line contradicts its file.</exception>
    public Dataset Apply(Dataset data, string? asked)
    {
        if (Classes is { } classes && data.ClassNames.Count > 0 && IsOwn(data) && !classes.SequenceEqual(data.ClassNames))
        {
            throw new UsageException(Prose.Line($"""
                {File} holds a network of the classes {Listed(classes)}, but those of {Printable.Name(data.Name)} are
                {Listed(data.ClassNames)}: give its classes the same names.
                """));
        }

        data = Targets is not { } scale || data.Train.Target.Kind != TargetKind.Values ? data
            : scale.Channels == data.Train.Target.Size ? data.WithTargets(scale)
            : throw new UsageException(
                $"{File} holds a network of {scale.Channels} values, but the targets of {data.Name} are {data.Train.Target}.");
        if (Normalization is not { } kept)
        {
            return data;
        }

        Normalization? own = data.Train.Normalization;
        string? different = kept.Channels != data.Train.SampleShape[-1]
            ? $"of {kept.Channels} channels or columns, but those of {data.Name} have {data.Train.SampleShape[-1]}"
            : kept.IsOfBytes != (own?.IsOfBytes == true)
            ? $"as {(kept.IsOfBytes ? "bytes" : "numbers")}, but those of {data.Name} are " +
                $"{(kept.IsOfBytes ? "numbers" : "bytes")}"
            : null;
        if (different is not null)
        {
            throw new UsageException($"{File} holds a network that takes samples {different}.");
        }

        return asked is null || own?.ToText() == kept.ToText() ? data.Normalized(kept) : throw new UsageException(Prose.Line($"""
            {File} says that its network takes {kept}, and --normalization {asked} something else: leave --normalization out.
            """));
    }

    private static T? Parsed<T>(
        string file, IReadOnlyDictionary<string, string> texts, string name, Func<string, T?> read)
        where T : class => !texts.TryGetValue(name, out string? text) ? null : read(text) ?? throw new CheckpointException(
            $"{file} can't be used: its metadata state for {name} '{Printable.Name(text)}', which says nothing.");

    private static string Listed(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(20).Select(Printable.Name)) + (names.Count > 20 ? " …" : "");

    private static List<string>? ReadNames(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<List<string>>(text) is { } names && !names.Contains(null!) ? names : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static TableOptions? ReadTable(string text)
    {
        try
        {
            TableOptions? table = JsonSerializer.Deserialize<TableOptions>(text);
            return table is { TestPart: > 0 and < 1 }
                && new[] { table.Targets, table.Ignored, table.Features, table.Classes }.All(
                list => list?.Contains(null!) == false) ? table : null;
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}
