using System.Diagnostics;
using PacGen.Core.Text;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>What a checkpoint holds of a run: everything that decides its further bits.</summary>
/// <param name="model">The model.</param>
/// <param name="data">The images.</param>
/// <param name="optimizer">The optimizer.</param>
/// <param name="options">How the run trains.</param>
/// <param name="statistics">What training does to running statistics.</param>
/// <param name="arena">The model's parameters.</param>
/// <param name="pipeline">The steps.</param>
/// <param name="estimation">What re-estimates running statistics; null where nothing does.</param>
internal sealed class RunSnapshot(
    Module model, Dataset data, Optimizer optimizer, TrainingOptions options, RunningStatistics statistics, ParameterArena arena,
    TrainingPipeline pipeline, StatisticsPass? estimation)
{
    /// <summary>The text of a checkpoint's metadata that says where the run stands.</summary>
    internal const string StateText = "pacgen.state";

    /// <summary>What the names of the optimizer's arrays begin with; no parameter's name has a slash.</summary>
    private const string OptimizerPrefix = "optimizer/";

    /// <summary>The weights that are trained, where the parameters are their average.</summary>
    private const string TrainedWeights = "average/trained";

    private string? fingerprint;
    private long? saved;

    /// <summary>Everything that decides the run's bits, for a person to read, by name.</summary>
    public SortedDictionary<string, string> Settings()
    {
        using InvariantCulture invariant = new();
        SortedDictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["model"] = $"{model.GetType().Name} of {arena.Count} parameters",
            ["dataset"] = $"{data.Name}, {data.Train.Count} + {data.Test.Count} {data.Train.Noun} of " +
                $"{string.Join('×', data.Train.SampleShape.AsSpan().ToArray())}, SHA-256 {fingerprint ??= data.Fingerprint()}…",
            [RunSettings.Normalization] = data.Train.Normalization?.ToText() ?? "none",
            ["optimizer"] = optimizer.ToString()!,
            ["running statistics"] = $"{statistics}",
            ["schedule"] = options.Schedule.ToString(),
            ["augmentation"] = options.Augmentation?.ToString() ?? "none",
            ["batch size"] = $"{options.BatchSize}",
            ["parts of a batch"] = $"{options.Accumulate}",
            ["best by"] = $"{options.BestBy}",
            ["largest norm of the gradient"] = options.ClipNorm is { } norm ? $"{norm}" : "none",
            ["seed"] = $"{options.Seed}",
            ["average"] = options.Average?.ToString() ?? "none",
            ["loss"] = PacGen.Nn.Loss.NameOf(options.LossOf(data)),
            ["score"] = options.Score?.ToString() ?? "none",
        };
        if (options.Precision != Precision.Single)
        {
            settings["precision of products"] = $"{options.Precision}";
        }

        if (options.KeepSecondMoment)
        {
            settings["second moment"] = "kept";
        }

        return settings;
    }

    /// <summary>Writes a checkpoint, if any are wanted.</summary>
    /// <param name="recorder">Writes it.</param>
    /// <param name="results">The epochs that are done.</param>
    /// <param name="position">Where the present epoch stands.</param>
    /// <param name="best">Whether it is the best epoch's.</param>
    /// <exception cref="TrainingException">A number is infinite or NaN, or it can't be written.</exception>
    public void Save(RunRecorder recorder, IReadOnlyList<EpochResult> results, EpochPosition position, bool best)
    {
        if (options.Checkpoints is not { } checkpoints)
        {
            return;
        }

        if (saved is { } before && Stopwatch.GetElapsedTime(before) < checkpoints.Interval)
        {
            return;
        }

        using InvariantCulture invariant = new();
        RunState state = new()
        {
            Settings = Settings(),
            Steps = pipeline.Steps,
            Position = position,
            Optimizer = pipeline.Session.Counters,
            StatisticsOf = estimation?.Step ?? -1,
            Averaged = pipeline.Average?.Count ?? 0,
        };
        Dictionary<string, string> texts = new(checkpoints.Notes)
        {
            ["seed"] = $"{options.Seed}",
            ["epochs"] = $"{results.Count}",
            ["steps"] = $"{pipeline.Steps}",
            ["batchSize"] = $"{options.BatchSize}",
        };
        if (estimation is not null)
        {
            texts["statisticsOf"] = $"{estimation.Step}";
        }

        recorder.Save(state, results, texts, Arrays(checkpoints.Folder), best);
        saved = Stopwatch.GetTimestamp();
    }

    /// <summary>Reads the newest whole checkpoint of a folder into the run's arrays.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="done">The epochs that are done.</param>
    /// <param name="path">The checkpoint.</param>
    /// <param name="damaged">Newer ones that could not be used, and why.</param>
    /// <exception cref="CheckpointException">There is none, or it is of another run; nothing was changed.</exception>
    public RunState Load(string folder, out List<EpochResult> done, out string path, out IReadOnlyList<string> damaged)
    {
        using SafetensorsFile file = new CheckpointFolder(folder).OpenNewest(out damaged);
        path = file.Name;
        RunState state = RunState.Parse(
            file.Metadata.GetValueOrDefault(StateText)
                ?? throw new CheckpointException($"{path} holds weights, but not the state of a run."), path);
        RequireSameSettings(state, path);
        done = state.Results ?? EpochHistory.Read(folder, state.Epochs!, path);
        List<(Region Region, float[] Values)> loaded = [];
        foreach ((string name, Shape shape, Region region) in Kept(state.Averaged > 0))
        {
            string stored = file.Tensors.ContainsKey(name) ? name : EarlierName(name);
            if (!file.Tensors.TryGetValue(stored, out SafetensorInfo? info) || !info.Shape.SequenceEqual(Extents(shape)))
            {
                throw new CheckpointException(
                    $"{path} has no {name} of shape {shape}, which {model.GetType().Name} with {optimizer} needs: it is of " +
                    $"another model.");
            }

            float[] values = file.Read(stored);
            if (FirstNonFinite(values) is { } value)
            {
                throw new CheckpointException(
                    $"{path} can't be gone on from: {name} has a value {value}. Remove it to resume from the one before.");
            }

            loaded.Add((region, values));
        }

        int batches = options.Batches(data);
        if (done.Where((result, i) => result.Epoch != i + 1).Any())
        {
            throw new CheckpointException($"{path} has results whose epochs are not 1 to {done.Count}: they are of another run.");
        }

        if (state.Averaged > state.Steps || (state.Averaged > 0 && pipeline.Average is null))
        {
            throw new CheckpointException(
                $"{path} has an average of {state.Averaged} weights after {state.Steps} steps, which can't be: it is of " +
                $"another run.");
        }

        if (state.Position.Batch > batches)
        {
            throw new CheckpointException(
                $"{path} stands at batch {state.Position.Batch} of {batches} after {done.Count} epochs, which can't be: it is " +
                $"of another run.");
        }

        // Every batch is a step: a count that is not theirs would run over one day, and name files wrongly before.
        long steps = ((long)done.Count * batches) + state.Position.Batch;
        if (state.Steps != steps || state.Optimizer.Steps != steps)
        {
            throw new CheckpointException(
                $"{path} counts {state.Steps} steps and {state.Optimizer.Steps} of the optimizer where {done.Count} epochs and " +
                    $"{state.Position.Batch} batches"
                + $" are {steps}, which can't be: it is of another run.");
        }

        foreach ((Region region, float[] values) in loaded)
        {
            region.Write(values);
        }

        pipeline.Session.Counters = state.Optimizer;
        pipeline.Steps = state.Steps;
        pipeline.Average?.Restore(state.Averaged);
        estimation?.Step = state.StatisticsOf;
        return state;
    }

    /// <summary>The arrays to write, all finite.</summary>
    private NamedTensor[] Arrays(string folder)
    {
        NamedTensor[] arrays =
        [
            .. Kept(pipeline.Average is { Count: > 0 }).Select(
                array => new NamedTensor(array.Name, [.. Extents(array.Shape)], array.Region.ToArray())),
        ];
        foreach (NamedTensor array in arrays)
        {
            if (FirstNonFinite(array.Values.Span) is { } value)
            {
                throw new TrainingException(
                    $"The checkpoint in {folder} is not written: {array.Name} has a value {value} after step {pipeline.Steps}. " +
                        $"Earlier checkpoints are as they were.")
                {
                    Step = pipeline.Steps,
                };
            }
        }

        return arrays;
    }

    private void RequireSameSettings(RunState state, string path)
    {
        SortedDictionary<string, string> here = Settings();
        string differing = RunSettings.Differences(state.Settings, here);
        if (differing.Length > 0)
        {
            string epochs = state.Settings.GetValueOrDefault("schedule") == here["schedule"]
                || !here["schedule"].Contains("cosine", StringComparison.Ordinal) ? ""
                : " A cosine schedule ends with the run's last epoch, so a run of more epochs differs from its first step on: " +
                    "go on with as many epochs as it has, or start a new one; a constant schedule, or steps of stated length, " +
                    "can be prolonged.";
            throw new CheckpointException(
                $"{path} is of another run: it differs in {differing}. Go on with the settings of that run, " +
                $"or start a new one in another folder.{epochs}");
        }
    }

    /// <summary>
    /// The arrays that a checkpoint holds: the parameters that are evaluated and the model's state by their names, then the
    /// optimizer's, and the weights that are trained where those that are evaluated are their average.
    /// </summary>
    private IEnumerable<(string Name, Shape Shape, Region Region)> Kept(bool averaged)
    {
        AveragedWeights? average = averaged ? pipeline.Average : null;
        DeviceBuffer evaluated = average is null ? arena.Weights : average.Buffer;
        for (int i = 0; i < arena.Parameters.Count; i++)
        {
            yield return (arena.Parameters[i].Name, arena.Parameters[i].Shape, arena.Segment(evaluated, i));
        }

        if (average is not null)
        {
            yield return (TrainedWeights, new Shape(checked((int)arena.Count)), new Region(average.Trained));
        }

        foreach (StateTensor state in arena.States)
        {
            yield return (state.Name, state.Shape, state.Region!.Value);
        }

        foreach ((string name, DeviceBuffer buffer) in pipeline.Session.Arrays)
        {
            yield return (OptimizerPrefix + name, new Shape(checked((int)arena.Count)), new Region(buffer));
        }
    }

    /// <summary>What checkpoints called a state of the rule before states had names.</summary>
    private string EarlierName(string name) =>
        $"{OptimizerPrefix}state{pipeline.Session.Arrays.TakeWhile(array => OptimizerPrefix + array.Name != name).Count()}";

    private static IEnumerable<long> Extents(Shape shape) => Enumerable.Range(0, shape.Rank).Select(axis => (long)shape[axis]);

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
}
