using System.Text.Json;
using System.Text.Json.Nodes;
using PacGen.Nn.Data;

namespace PacGen.Nn;

/// <summary>The JSON-lines log of a run: its settings, then each epoch as it ends. Every line is handed to the system before the run goes on.</summary>
internal sealed class RunLog : IDisposable
{
    private readonly StreamWriter writer;

    /// <exception cref="TrainingException">The file can't be written.</exception>
    public RunLog(string path)
    {
        try
        {
            writer = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read));
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"The log {path} can't be written: {cause.Message} Choose another file.");
        }
    }

    public void Settings(Module model, Dataset data, Optimizer optimizer, TrainingOptions options, RunningStatistics statistics, ParameterArena arena) => Write(new JsonObject
    {
        ["time"] = DateTimeOffset.UtcNow.ToString("O"),
        ["model"] = model.GetType().Name,
        ["parameters"] = arena.Count,
        ["dataset"] = data.Name,
        ["trainImages"] = data.Train.Count,
        ["testImages"] = data.Test.Count,
        ["augmentation"] = options.Augmentation?.ToString() ?? "none",
        ["optimizer"] = optimizer.ToString(),
        ["schedule"] = options.Schedule.ToString(),
        ["epochs"] = options.Epochs,
        ["batchSize"] = options.BatchSize,
        ["clipNorm"] = options.ClipNorm,
        ["runningStatistics"] = arena.States.Count == 0 ? null : statistics.ToString(),
        ["seed"] = options.Seed,
        ["device"] = arena.Device.Name,
    });

    public void Failure(string message) => Write(new JsonObject { ["error"] = message });

    public void Epoch(EpochResult result) => Write(result.ToJson());

    public void Dispose() => writer.Dispose();

    private void Write(JsonObject line)
    {
        writer.WriteLine(line.ToJsonString(JsonSerializerOptions.Default));
        writer.Flush();
    }
}
