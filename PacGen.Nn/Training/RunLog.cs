using System.Text;
using System.Text.Json.Nodes;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// The JSON-lines log of a run: its settings, then each epoch as it ends. Every line begins with the run's id, so that several
/// runs can share a file, and is handed to the system before the run goes on.
/// </summary>
internal sealed class RunLog : IDisposable
{
    private const string RunName = "run";

    private readonly string path;
    private readonly string run;
    private readonly LineFile file;
    private bool failed;

    /// <param name="path">The file, which is appended to.</param>
    /// <param name="run">The run's id.</param>
    /// <param name="keep">How many of the run's own lines it goes on after: the others are of steps that it takes again.</param>
    /// <exception cref="TrainingException">The file can't be written.</exception>
    public RunLog(string path, string run, int keep)
    {
        this.path = path;
        this.run = run;
        try
        {
            Lines = LineFile.Cut(path, Encoding.UTF8.GetBytes($$"""{"{{RunName}}":"{{run}}","""), keep);
            file = new LineFile(path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"The log {path} can't be written: {cause.Message.TrimEnd('.')}. Choose another file.");
        }
    }

    /// <summary>How many of the run's lines stand in it.</summary>
    public int Lines { get; private set; }

    /// <summary>Waits until they are on the disk.</summary>
    public void Flush() => Guarded(file.Flush);

    public void Settings(
        Module model, Dataset data, Optimizer optimizer, TrainingOptions options, RunningStatistics statistics,
        ParameterArena arena)
    {
        using InvariantCulture invariant = new();
        Write(new JsonObject
        {
            ["time"] = DateTimeOffset.UtcNow.ToString("O"),
            ["model"] = model.GetType().Name,
            ["parameters"] = arena.Count,
            ["dataset"] = data.Name,
            ["trainImages"] = data.Train.Count,
            ["testImages"] = data.Test.Count,
            ["average"] = options.Average?.ToString() ?? "none",
            ["augmentation"] = options.Augmentation?.ToString() ?? "none",
            ["optimizer"] = optimizer.ToString(),
            ["schedule"] = options.Schedule.ToString(),
            ["epochs"] = options.Epochs,
            ["batchSize"] = options.BatchSize,
            ["accumulate"] = options.Accumulate,
            ["clipNorm"] = options.ClipNorm,
            ["precision"] = options.Precision.ToString(),
            ["runningStatistics"] = arena.States.Count == 0 ? null : statistics.ToString(),
            ["seed"] = options.Seed,
            ["device"] = arena.Device.Name,
        });
    }

    /// <summary>Says why the run ended, unless that is that the log could not be written.</summary>
    /// <exception cref="TrainingException">It can't be written.</exception>
    public void Failure(string message)
    {
        if (!failed)
        {
            Write(new JsonObject { ["error"] = message });
        }
    }

    public void Stop(string why) => Write(new JsonObject { ["stopped"] = why });

    public void Epoch(EpochResult result) => Write(result.ToJson());

    public void Dispose() => file.Dispose();

    private void Write(JsonObject line)
    {
        line.Insert(0, RunName, run);
        byte[] bytes = Encoding.UTF8.GetBytes(line.ToJsonString() + "\n");
        Guarded(() => file.Append(bytes));
        Lines++;
    }

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (IOException cause)
        {
            failed = true;
            throw new TrainingException(
                $"The log {path} can't be written: {cause.Message.TrimEnd('.')}. Make room or choose another file.");
        }
    }
}
