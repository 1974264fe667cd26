using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PacGen.Nn;

/// <summary>
/// Where a run stands, beside its arrays. Random numbers need no more than this: they are functions of the seed, the epoch, the
/// step and the place in the epoch.
/// </summary>
internal sealed record RunState
{
    /// <summary>The form that is written. The first had the results within it, and the log's path and length.</summary>
    public const int NewestForm = 2;

    private const int RunDigits = 16;

    // What has a default and may be missing is set, not only initialised: the code that reads it initialises all or nothing.

    /// <summary>Which form this is.</summary>
    public int Form { get; set; } = 1;

    /// <summary>The run's id, which its log's lines begin with.</summary>
    public string Run { get; set; } = NewRun();

    /// <summary>The settings that a resumed run must have too, by name.</summary>
    public required SortedDictionary<string, string> Settings { get; init; }

    /// <summary>The steps that are in the weights.</summary>
    public required long Steps { get; init; }

    /// <summary>Where the present epoch stands.</summary>
    public required EpochPosition Position { get; init; }

    /// <summary>What the optimizer knows beside its arrays.</summary>
    public required OptimizerCounters Optimizer { get; init; }

    /// <summary>How much of the history of epochs is the run's so far.</summary>
    public HistoryMark? Epochs { get; init; }

    /// <summary>The epochs that are done, in a state of the first form.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public List<EpochResult>? Results { get; init; }

    /// <summary>How many of the run's lines were in the log.</summary>
    public int LogLines { get; init; }

    /// <summary>The name of TensorBoard's event file, or null for none.</summary>
    public string? Events { get; init; }

    /// <summary>How long that was.</summary>
    public long EventsLength { get; init; }

    /// <summary>The step at whose weights running statistics were estimated, where they are re-estimated; -1 for none.</summary>
    public long StatisticsOf { get; set; } = -1;

    /// <summary>How many weights are in the average that is kept; 0 where none is, or it has not begun.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Averaged { get; init; }

    /// <summary>An id that no other run has.</summary>
    public static string NewRun() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RunDigits / 2));

    public string ToJson() => JsonSerializer.Serialize(this, RunJson.Default.RunState);

    /// <exception cref="CheckpointException">It is no such state.</exception>
    public static RunState Parse(string json, string path)
    {
        try
        {
            RunState state = JsonSerializer.Deserialize(json, RunJson.Default.RunState) ?? throw new JsonException("it is null");
            return state switch
            {
                { Form: < 1 or > NewestForm } =>
                    throw new JsonException($"its form is {state.Form}, and this version knows {NewestForm} and those before"),
                { Steps: < 0 } or { Position.Batch: < 0 } or { Position.Seen: < 0 } or { Optimizer.Steps: < 0 }
                    or { LogLines: < 0 } or { Averaged: < 0 } or { EventsLength: < 0 } or { Epochs.Length: < 0 } =>
                    throw new JsonException("a count is negative"),
                { Position.Seconds: not (>= 0 and < double.PositiveInfinity) } =>
                    throw new JsonException("a time is negative or not finite"),
                _ when !double.IsFinite(state.Position.LossSum) => throw new JsonException("the sum of losses is not finite"),
                { Optimizer.SquaredChange: not (>= 0 and < double.PositiveInfinity) }
                    or { Optimizer.GradientScale: not (> 0 and <= 1) } =>
                    throw new JsonException("the optimizer's last change or the scale of its gradient can't be"),
                _ when state.Epochs is null == state.Results is null =>
                    throw new JsonException("it has no results, or has them twice"),
                _ when state.Run.Length != RunDigits
                    || !state.Run.All(char.IsAsciiHexDigitLower) => throw new JsonException("the run's id is not one"),
                { Events: { } events } when !EventFile.IsName(events) =>
                    throw new JsonException("the event file's name is not one"),
                _ => state,
            };
        }
        catch (Exception error) when (
            error is JsonException or NotSupportedException or ArgumentException or InvalidOperationException)
        {
            throw new CheckpointException(
                $"{path} is no checkpoint of this version: {error.Message.ReplaceLineEndings(" ")}", error);
        }
    }
}
