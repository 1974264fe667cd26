using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Nn;

namespace PacGen.Benchmarks.Runs;

/// <summary>What is known of a run: what it was set to, and the epochs that are done.</summary>
/// <param name="Settings">Everything that decides the run's numbers, by name, for a person to read.</param>
/// <param name="Device">Where it ran.</param>
/// <param name="Epochs">The epochs that are done, from 1.</param>
/// <param name="Failure">Why it could not go on, or null.</param>
/// <param name="Memory">The bytes that it took on its device; null where they are not known.</param>
/// <param name="Tested">How the weights of its last epoch did on the test images, where these were looked at apart.</param>
internal sealed record RunRecord(
    SortedDictionary<string, string> Settings, string Device, IReadOnlyList<RunEpoch> Epochs, string? Failure = null,
    long? Memory = null, RunTest? Tested = null)
{
    /// <summary>The name of its file in the run's folder.</summary>
    public const string FileName = "run.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Reads a record.</summary>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="CheckpointException">The file is no record.</exception>
    public static RunRecord? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (SharedFile.Read(path) is not { } text)
        {
            return null;
        }

        try
        {
            RunRecord record = JsonSerializer.Deserialize<RunRecord>(text, Json)
                ?? throw new JsonException("it is null");
            return record.Epochs.Select((epoch, i) => epoch.Epoch == i + 1).All(inOrder => inOrder)
                ? record
                : throw new JsonException("an epoch is missing");
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new CheckpointException(Prose.Line($"""
                {path} is damaged: {error.Message} Delete it: the run then goes on from its checkpoints, or from the start.
                """), error);
        }
    }

    /// <summary>Writes the record as a whole.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Write(string folder)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(this, Json);
        OutputFile.Write(Path.Combine(folder, FileName), "--runs", stream => stream.Write(text));
    }
}
