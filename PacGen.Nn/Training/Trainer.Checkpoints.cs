using PacGen.Core.Text;
using PacGen.Kernels;
using PacGen.Kernels.Devices;
using PacGen.Nn.Checkpoints;
using Buffer = PacGen.Kernels.Devices.Buffer;

namespace PacGen.Nn;

// What a run keeps on disk, and how one goes on from there.
public sealed partial class Trainer
{
    /// <summary>The text of a checkpoint's metadata that says where the run stands.</summary>
    internal const string StateText = "pacgen.state";

    /// <summary>What the names of the optimizer's arrays begin with; no parameter's name has a slash.</summary>
    private const string OptimizerPrefix = "optimizer/";

    private EpochPosition position;
    private double startedAt;
    private bool takenUp;
    private string? fingerprint;

    /// <summary>
    /// Takes up the run of a folder of checkpoints, from the newest that is whole: <see cref="Run(Action{EpochResult}, IProgress{TrainingProgress}, CancellationToken)"/>
    /// then gives the same bits as if that run had never been interrupted. The model, data, optimizer and options must be those of that
    /// run, but there may be more epochs where the schedule doesn't depend on their number.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <returns>What it goes on from, and which newer checkpoints were damaged.</returns>
    /// <exception cref="CheckpointException">There is no checkpoint that is whole, or it is of another run; the message names the settings that differ.</exception>
    /// <exception cref="InvalidOperationException">This trainer has already taken a step or taken up a run.</exception>
    public Resumption Resume(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (Steps > 0 || takenUp)
        {
            throw new InvalidOperationException("Only a trainer that has not run takes up another's run.");
        }

        recorder.ClaimBeforeReading(folder);
        try
        {
            return TakeUp(folder);
        }
        catch
        {
            recorder.Close();
            throw;
        }
    }

    private Resumption TakeUp(string folder)
    {
        CheckpointFolder checkpoints = new(folder);
        using SafetensorsFile file = checkpoints.OpenNewest(out IReadOnlyList<string> damaged);
        string path = file.Name;
        TrainingState state = TrainingState.Parse(
            file.Metadata.GetValueOrDefault(StateText) ?? throw new CheckpointException($"{path} holds weights, but not the state of a run."), path);
        RequireSameSettings(state, path);
        List<EpochResult> done = state.Results ?? EpochHistory.Read(folder, state.Epochs!, path);
        List<(Region Region, float[] Values)> loaded = [];
        foreach ((string name, Shape shape, Region region) in KeptArrays())
        {
            string stored = file.Tensors.ContainsKey(name) ? name : EarlierName(name);
            if (!file.Tensors.TryGetValue(stored, out SafetensorInfo? info) || !info.Shape.SequenceEqual(Extents(shape)))
            {
                throw new CheckpointException($"{path} has no {name} of shape {shape}, which {model.GetType().Name} with {optimizer} needs: it is of another model.");
            }

            float[] values = file.Read(stored);
            if (FirstNonFinite(values) is { } value)
            {
                throw new CheckpointException($"{path} can't be gone on from: {name} has a value {value}. Remove it to take up the one before.");
            }

            loaded.Add((region, values));
        }

        int batches = ((data.Train.Count - 1) / options.BatchSize) + 1;
        if (state.Position.Batch > batches || done.Where((result, i) => result.Epoch != i + 1).Any())
        {
            throw new CheckpointException($"{path} stands at batch {state.Position.Batch} of {batches} after {done.Count} epochs, which can't be: it is of another run.");
        }

        foreach ((Region region, float[] values) in loaded)
        {
            region.Write(values);
        }

        session.Counters = state.Optimizer;
        Steps = state.Steps;
        position = state.Position;
        statisticsOf = state.StatisticsOf;
        results.AddRange(done);
        takenUp = true;
        recorder.GoOnFrom(state, folder);
        return new Resumption(path, Steps, results.Count, damaged);
    }

    /// <summary>Everything that decides the run's bits, for a person to read, by name.</summary>
    private SortedDictionary<string, string> Settings()
    {
        using InvariantCulture invariant = new();
        return new(StringComparer.Ordinal)
        {
            ["model"] = $"{model.GetType().Name} of {Arena.Count} parameters",
            ["dataset"] = $"{data.Name}, {data.Train.Count} + {data.Test.Count} images of {data.Train.Height}×{data.Train.Width}×{data.Train.Channels}, SHA-256 {fingerprint ??= data.Fingerprint()}…",
            ["optimizer"] = optimizer.ToString()!,
            ["running statistics"] = $"{statistics}",
            ["schedule"] = options.Schedule.ToString(),
            ["augmentation"] = options.Augmentation?.ToString() ?? "none",
            ["batch size"] = $"{options.BatchSize}",
            ["parts of a batch"] = $"{options.Accumulate}",
            ["best by"] = $"{options.BestBy}",
            ["largest norm of the gradient"] = options.ClipNorm is { } norm ? $"{norm}" : "none",
            ["seed"] = $"{options.Seed}",
            ["loss"] = options.Loss == PacGen.Nn.Loss.CrossEntropy ? "cross-entropy" : "of the caller's own",
            ["score"] = options.Score?.ToString() ?? "none",
        };
    }

    private void RequireSameSettings(TrainingState state, string path)
    {
        SortedDictionary<string, string> here = Settings();
        string[] differing =
        [
            .. here.Keys.Union(state.Settings.Keys)
                .Select(name => (Name: name, There: state.Settings.GetValueOrDefault(name, "none"), Here: here.GetValueOrDefault(name, "none")))
                .Where(setting => setting.There != setting.Here)
                .Select(setting => $"{setting.Name} ({setting.There} there, {setting.Here} here)"),
        ];
        if (differing.Length > 0)
        {
            string epochs = state.Settings.GetValueOrDefault("schedule") == here["schedule"] || !here["schedule"].Contains("cosine", StringComparison.Ordinal) ? ""
                : " A cosine schedule ends with the run's last epoch, so a run of more epochs differs from its first step on: go on with as many epochs as it has, or start a new one; a constant schedule, or steps of stated length, can be prolonged.";
            throw new CheckpointException($"{path} is of another run: it differs in {string.Join(", ", differing)}. Go on with the settings of that run, or start a new one in another folder.{epochs}");
        }
    }

    /// <summary>The arrays that a checkpoint holds: the parameters and the model's state by their names, then the optimizer's.</summary>
    private IEnumerable<(string Name, Shape Shape, Region Region)> KeptArrays()
    {
        for (int i = 0; i < Arena.Parameters.Count; i++)
        {
            yield return (Arena.Parameters[i].Name, Arena.Parameters[i].Shape, Arena.Segment(Arena.Weights, i));
        }

        foreach (StateTensor state in Arena.States)
        {
            yield return (state.Name, state.Shape, state.Region!.Value);
        }

        foreach ((string name, Buffer buffer) in session.Arrays)
        {
            yield return (OptimizerPrefix + name, new Shape(checked((int)Arena.Count)), new Region(buffer));
        }
    }

    private static float? FirstNonFinite(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>What checkpoints called a state of the rule before states had names.</summary>
    private string EarlierName(string name) =>
        $"{OptimizerPrefix}state{session.Arrays.TakeWhile(array => OptimizerPrefix + array.Name != name).Count()}";

    private static IEnumerable<long> Extents(Shape shape) => Enumerable.Range(0, shape.Rank).Select(axis => (long)shape[axis]);

    private void SaveCheckpoint(bool best = false)
    {
        if (options.Checkpoints is not { } checkpoints)
        {
            return;
        }

        using InvariantCulture invariant = new();
        TrainingState state = new() { Settings = Settings(), Steps = Steps, Position = position, Optimizer = session.Counters, StatisticsOf = statisticsOf };
        Dictionary<string, string> texts = new(checkpoints.Notes)
        {
            ["seed"] = $"{options.Seed}",
            ["epochs"] = $"{results.Count}",
            ["steps"] = $"{Steps}",
            ["batchSize"] = $"{options.BatchSize}",
        };
        if (estimation is not null)
        {
            texts["statisticsOf"] = $"{statisticsOf}";
        }

        NamedTensor[] arrays = [.. KeptArrays().Select(array => new NamedTensor(array.Name, [.. Extents(array.Shape)], array.Region.ToArray()))];
        foreach (NamedTensor array in arrays)
        {
            if (FirstNonFinite(array.Values.Span) is { } value)
            {
                throw new TrainingException($"The checkpoint in {checkpoints.Folder} is not written: {array.Name} has a value {value} after step {Steps}. Earlier checkpoints are as they were.") { Step = Steps };
            }
        }

        recorder.Save(state, results, texts, arrays, best);
    }
}
