using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using PacGen.Core.Files;
using PacGen.Core.Text;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// What a certification's trainings have come to, in a folder with a file for each: one that was interrupted goes on from there,
/// to the same bits. No other process works in the folder meanwhile.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="interval">The least time between two writes of an unfinished training.</param>
/// <param name="settings">What decides the bits of all trainings, by name.</param>
internal sealed class KeptTrainings(string folder, TimeSpan interval, IReadOnlyDictionary<string, string> settings)
{
    private const string StateText = "pacgen.training", OptimizerPrefix = "optimizer/";
    private const string Advice = "Remove it to have that part trained again.";

    private long written = Stopwatch.GetTimestamp();

    /// <summary>Where a training stands.</summary>
    /// <param name="number">Which of the certification's trainings, from 1.</param>
    /// <param name="plan">How it trains.</param>
    /// <returns>Null where nothing was kept of it.</returns>
    /// <exception cref="CheckpointException">The file is damaged, or of another certification.</exception>
    public KeptTraining? Find(int number, TrainingPlan plan)
    {
        string path = PathOf(number);
        if (!File.Exists(path))
        {
            return null;
        }

        using SafetensorsFile file = Open(path);
        KeptTraining kept = Parse(file.Metadata.GetValueOrDefault(StateText), path);
        string differences = RunSettings.Differences(kept.Settings, Settings(plan));
        if (differences.Length > 0)
        {
            throw new CheckpointException(
                $"{path} is of another certification: it differs in {differences}. Go on with the settings of that one, or " +
                $"begin a new one in another folder.");
        }

        return kept.Epochs <= plan.Epochs ? kept : throw new CheckpointException(
            $"{path} has {kept.Epochs} epochs of {plan.Epochs}, which can't be: it was changed. {Advice}");
    }

    /// <summary>Reads the arrays of a training.</summary>
    /// <param name="number">Which.</param>
    /// <param name="arena">The network.</param>
    /// <param name="session">The optimizer; null for a training that is done.</param>
    /// <exception cref="CheckpointException">The file has other arrays, or is damaged.</exception>
    public void Load(int number, ParameterArena arena, OptimizerSession? session)
    {
        using SafetensorsFile file = Open(PathOf(number));
        (string Name, long[] Extents, Region Region)[] arrays = [.. Arrays(arena, session)];
        file.RequireArrays(
            arrays.Select(array => (array.Name, (IReadOnlyList<long>)array.Extents)), _ => false, "the network", Advice);
        foreach ((Region region, float[] values) in arrays.Select(array => (array.Region, file.ReadFinite(array.Name))).ToArray())
        {
            region.Write(values);
        }
    }

    /// <summary>Writes where a training stands; an unfinished one not too often.</summary>
    /// <param name="number">Which.</param>
    /// <param name="plan">How it trains.</param>
    /// <param name="kept">Where it stands.</param>
    /// <param name="arena">The network.</param>
    /// <param name="session">The optimizer; null for a training that is done.</param>
    /// <exception cref="TrainingException">It can't be written.</exception>
    public void Save(int number, TrainingPlan plan, KeptTraining kept, ParameterArena arena, OptimizerSession? session)
    {
        if (session is not null && Stopwatch.GetElapsedTime(written) < interval)
        {
            return;
        }

        string path = PathOf(number);
        NamedTensor[] arrays =
            [.. Arrays(arena, session).Select(array => new NamedTensor(array.Name, array.Extents, array.Region.ToArray()))];
        Dictionary<string, string> texts = new()
        {
            [StateText] = JsonSerializer.Serialize(kept with { Settings = Settings(plan) }, RunJson.Default.KeptTraining),
        };
        try
        {
            AtomicFile.Write(path, stream => SafetensorsFile.Write(stream, arrays, texts), throughLink: false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException(
                $"{path} can't be written: {error.Message.TrimEnd('.')}. Make room or choose another folder; what was kept " +
                $"before is as it was.");
        }

        written = Stopwatch.GetTimestamp();
    }

    private static SafetensorsFile Open(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            file.VerifyChecksum();
            return file;
        }
        catch (CheckpointException error)
        {
            file.Dispose();
            throw new CheckpointException($"{error.Message} {Advice}", error);
        }
    }

    private static KeptTraining Parse(string? text, string path)
    {
        try
        {
            return JsonSerializer.Deserialize(text ?? "null", RunJson.Default.KeptTraining) switch
            {
                null => throw new JsonException("it has no state of a training"),
                { Epochs: < 1 } or { Steps: < 0 } or { Optimizer.Steps: < 0 } => throw new JsonException("a count is too small"),
                { Optimizer.SquaredChange: not (>= 0 and < double.PositiveInfinity) }
                    or { Optimizer.GradientScale: not (> 0 and <= 1) } =>
                    throw new JsonException("the optimizer's last change or the scale of its gradient can't be"),
                { } kept => kept,
            };
        }
        catch (Exception error) when (error is JsonException or NotSupportedException or ArgumentException)
        {
            string why = error.Message.ReplaceLineEndings(" ").TrimEnd('.');
            throw new CheckpointException(
                $"{path} keeps no training of a certification of this version: {why}. {Advice}", error);
        }
    }

    private SortedDictionary<string, string> Settings(TrainingPlan plan)
    {
        using InvariantCulture invariant = new();
        return new SortedDictionary<string, string>(settings.ToDictionary(), StringComparer.Ordinal)
        {
            ["images trained on"] = $"{plan.Images.Count}",
            ["epochs"] = $"{plan.Epochs}",
            ["batch size"] = $"{plan.BatchSize}",
            ["optimizer"] = plan.Optimizer.ToString()!,
            ["seed"] = $"{plan.Seed}",
            ["augmentation"] = plan.Augmentation?.ToString() ?? "none",
        };
    }

    private static IEnumerable<(string Name, long[] Extents, Region Region)> Arrays(
        ParameterArena arena, OptimizerSession? session) =>
        arena.Parameters.Select(parameter => (parameter.Name, Extents(parameter.Shape), parameter.Region!.Value))
            .Concat(arena.States.Select(state => (state.Name, Extents(state.Shape), state.Region!.Value)))
            .Concat((session?.Arrays ?? []).Select(
                array => (OptimizerPrefix + array.Name, new[] { arena.Count }, new Region(array.Buffer))));

    private static long[] Extents(Shape shape) => [.. shape.AsSpan().ToArray().Select(extent => (long)extent)];

    private string PathOf(int number) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"training-{number}.safetensors"));
}
