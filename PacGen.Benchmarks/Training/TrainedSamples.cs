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

    /// <summary>The data set's name; null where the file doesn't say.</summary>
    public string? Dataset { get; init; }

    /// <summary>How samples were normalised; null where the file doesn't say.</summary>
    public Normalization? Normalization { get; init; }

    /// <summary>How values for targets were standardised; null where they were not.</summary>
    public Normalization? Targets { get; init; }

    /// <summary>How columns became samples and targets; null where it was no table.</summary>
    public TableOptions? Table { get; init; }

    /// <summary>Reads the texts of a file of weights.</summary>
    /// <exception cref="CheckpointException">A text says nothing that can be.</exception>
    public static TrainedSamples Of(string file, IReadOnlyDictionary<string, string> texts) => new(file)
    {
        Dataset = texts.GetValueOrDefault("dataset"),
        Normalization = Parsed(file, texts, NormalizationText, Normalization.Parse),
        Targets = Parsed(file, texts, TargetsText, Normalization.Parse),
        Table = Parsed(file, texts, TableText, ReadTable),
    };

    /// <summary>The texts that say it of a data set.</summary>
    public static Dictionary<string, string> Notes(Dataset data)
    {
        Dictionary<string, string> notes = new() { ["dataset"] = data.Name };
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

    /// <summary>The samples with the inputs and targets of the network.</summary>
    /// <param name="data">Samples.</param>
    /// <param name="asked">What the command line says of their normalisation; null for nothing.</param>
    /// <exception cref="UsageException">The network takes other samples, or the command line contradicts its file.</exception>
    public Dataset Apply(Dataset data, string? asked)
    {
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
