using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PacGen.Core.Text;
using PacGen.Nn.Data;

namespace PacGen.Nn;

/// <summary>The JSON-lines log of a run: its settings, then each epoch as it ends. Every line is handed to the system before the run goes on.</summary>
internal sealed class RunLog : IDisposable
{
    private readonly FileStream file;

    /// <param name="path">The file, which is appended to.</param>
    /// <param name="keep">How much of the file a resumed run goes on after: the rest is of steps that it takes again. Null for all.</param>
    /// <param name="hasSettings">Whether the run's settings are in what is kept.</param>
    /// <exception cref="TrainingException">The file can't be written.</exception>
    public RunLog(string path, long? keep = null, bool hasSettings = false)
    {
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
            if (keep is { } length && length <= file.Length)
            {
                file.SetLength(length);
                HasSettings = hasSettings;
            }

            file.Seek(0, SeekOrigin.End);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"The log {path} can't be written: {cause.Message} Choose another file.");
        }
    }

    /// <summary>Whether the run's settings stand in the log.</summary>
    public bool HasSettings { get; private set; }

    /// <summary>Its length, all of which is on the disk.</summary>
    public long Length
    {
        get
        {
            Guarded(() => file.Flush(flushToDisk: true));
            return file.Length;
        }
    }

    public void Settings(Module model, Dataset data, Optimizer optimizer, TrainingOptions options, RunningStatistics statistics, ParameterArena arena)
    {
        HasSettings = true;
        using InvariantCulture invariant = new();
        Write(new JsonObject
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
            ["accumulate"] = options.Accumulate,
            ["clipNorm"] = options.ClipNorm,
            ["runningStatistics"] = arena.States.Count == 0 ? null : statistics.ToString(),
            ["seed"] = options.Seed,
            ["device"] = arena.Device.Name,
        });
    }

    /// <summary>Says why the run ended, where the log can still be written: that it can't must not hide the reason.</summary>
    public void Failure(string message)
    {
        try
        {
            Write(new JsonObject { ["error"] = message });
        }
        catch (TrainingException)
        {
        }
    }

    public void Stop(string why) => Write(new JsonObject { ["stopped"] = why });

    public void Epoch(EpochResult result) => Write(result.ToJson());

    public void Dispose() => file.Dispose();

    private void Write(JsonObject line)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(line.ToJsonString(JsonSerializerOptions.Default) + "\n");
        Guarded(() => file.Write(bytes));
    }

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (IOException cause)
        {
            throw new TrainingException($"The log {file.Name} can't be written: {cause.Message} Make room or choose another file.");
        }
    }
}
