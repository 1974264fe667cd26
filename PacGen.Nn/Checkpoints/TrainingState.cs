using System.Text.Json;

namespace PacGen.Nn.Checkpoints;

/// <summary>
/// Where a run stands, beside its arrays. Random numbers need no more than this: they are functions of the seed, the epoch, the
/// step and the place in the epoch.
/// </summary>
internal sealed record TrainingState
{
    private static readonly JsonSerializerOptions Json = new()
    {
        IgnoreReadOnlyProperties = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The settings that a resumed run must have too, by name.</summary>
    public required SortedDictionary<string, string> Settings { get; init; }

    /// <summary>The steps that are in the weights.</summary>
    public required long Steps { get; init; }

    /// <summary>Where the present epoch stands.</summary>
    public required EpochPosition Position { get; init; }

    /// <summary>What the optimizer knows beside its arrays.</summary>
    public required OptimizerCounters Optimizer { get; init; }

    /// <summary>The epochs that are done.</summary>
    public required List<EpochResult> Results { get; init; }

    /// <summary>The log's full path, or null for none.</summary>
    public required string? Log { get; init; }

    /// <summary>How long the log was.</summary>
    public required long LogLength { get; init; }

    /// <summary>Whether the run's settings stood in it.</summary>
    public bool LogBegun { get; init; } = true;

    /// <summary>The name of TensorBoard's event file, or null for none.</summary>
    public string? Events { get; init; }

    /// <summary>How long that was.</summary>
    public long EventsLength { get; init; }

    /// <summary>The step at whose weights running statistics were estimated, where they are re-estimated; -1 for none.</summary>
    public long StatisticsOf { get; init; } = -1;

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <exception cref="CheckpointException">It is no such state.</exception>
    public static TrainingState Parse(string json, string path)
    {
        try
        {
            TrainingState state = JsonSerializer.Deserialize<TrainingState>(json, Json) ?? throw new JsonException("it is null");
            return state.Steps >= 0 && state.Position is { Batch: >= 0, Seen: >= 0 } && state.Optimizer.Steps >= 0 && state.LogLength >= 0 && state.EventsLength >= 0
                ? state
                : throw new JsonException("a count is negative");
        }
        catch (Exception error) when (error is JsonException or NotSupportedException or ArgumentException or InvalidOperationException)
        {
            throw new CheckpointException($"{path} is no checkpoint of this version: {error.Message.ReplaceLineEndings(" ")}", error);
        }
    }
}
