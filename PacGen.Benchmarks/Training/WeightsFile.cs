using System.Globalization;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels.Devices;
using PacGen.Nn;
using PacGen.Nn.Checkpoints;

namespace PacGen.Benchmarks.Training;

/// <summary>
/// Weights on disk: a safetensors file with each parameter under its name and, in its metadata, the texts model, hidden, depth, widen, form, dataset,
/// seed, epochs, steps and batchSize. A checkpoint has these too, and is read the same way.
/// </summary>
/// <param name="Model">The model that they belong to.</param>
/// <param name="Dataset">What they were trained on.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Epochs">The epochs that were completed.</param>
/// <param name="Steps">The steps that were taken.</param>
/// <param name="BatchSize">Images a step.</param>
/// <param name="Weights">The parameters, and the state beside them.</param>
internal sealed record WeightsFile(ModelChoice Model, string Dataset, ulong Seed, int Epochs, long Steps, int BatchSize, IReadOnlyList<NamedTensor> Weights)
{
    /// <summary>
    /// The step at whose weights running statistics were estimated, where that is not <see cref="Steps"/>: a checkpoint within an epoch of a
    /// run that re-estimates them before evaluation. Null where they belong to the weights.
    /// </summary>
    public long? StatisticsOf { get; private init; }

    /// <summary>The texts that say which model and images weights are of.</summary>
    public static Dictionary<string, string> Notes(ModelChoice model, string dataset) => new()
    {
        ["model"] = model.Name,
        ["hidden"] = string.Join(',', model.Hidden),
        ["depth"] = $"{model.Depth}",
        ["widen"] = $"{model.Widen}",
        ["form"] = model.FormName,
        ["dataset"] = dataset,
    };

    /// <summary>Writes the file as a whole or not at all.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Save(string path)
    {
        Dictionary<string, string> texts = new(Notes(Model, Dataset))
        {
            ["seed"] = $"{Seed}",
            ["epochs"] = $"{Epochs}",
            ["steps"] = $"{Steps}",
            ["batchSize"] = $"{BatchSize}",
        };
        OutputFile.Write(path, "--save", stream => SafetensorsFile.Write(stream, Weights, texts));
    }

    /// <summary>Reads the file and checks it.</summary>
    /// <exception cref="CheckpointException">It is not there, is no weights file, or is damaged.</exception>
    public static WeightsFile Load(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (!file.HasChecksum || !file.Metadata.ContainsKey("model"))
        {
            throw new CheckpointException($"{path} is no weights file of PacGen: make one with pacgen train --save FILE.");
        }

        file.VerifyChecksum();
        string model = Text("model");
        if (!ModelChoice.Names.Contains(model))
        {
            throw Unusable($"it holds a model {model}, and this version knows {string.Join(", ", ModelChoice.Names)}");
        }

        List<NamedTensor> weights = [];
        foreach (SafetensorInfo info in file.Tensors.Values.Where(info => !info.Name.Contains('/', StringComparison.Ordinal)).OrderBy(info => info.Begin))
        {
            float[] values = file.Read(info.Name);
            if (Array.FindIndex(values, value => !float.IsFinite(value)) is >= 0 and int lost)
            {
                throw Unusable($"weight {lost} of {info.Name} is {values[lost]}");
            }

            weights.Add(new NamedTensor(info.Name, info.Shape, values));
        }

        string form = file.Metadata.GetValueOrDefault("form", ModelChoice.Forms[0].Name);
        ModelChoice choice = new(
            model,
            [.. Text("hidden").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(width => (int)Number(width, int.MaxValue, 1))],
            (int)Number(Text("depth"), int.MaxValue),
            (int)Number(Text("widen"), int.MaxValue),
            Array.Find([.. ModelChoice.Forms], one => one.Name == form) is { Name: not null } known ? known.Form : throw Unusable($"its metadata states a Wide-ResNet of the form '{form}'"));
        if (model == "wide-resnet" && (choice.Depth < 10 || (choice.Depth - 4) % 6 != 0 || choice.Widen < 1))
        {
            throw Unusable($"its metadata states a Wide-ResNet of depth {choice.Depth} and widening factor {choice.Widen}");
        }

        return new WeightsFile(
            choice,
            Text("dataset"),
            Number(Text("seed"), ulong.MaxValue),
            (int)Number(Text("epochs"), int.MaxValue),
            (long)Number(Text("steps"), long.MaxValue),
            (int)Number(Text("batchSize"), int.MaxValue, 1),
            weights)
        {
            StatisticsOf = file.Metadata.TryGetValue("statisticsOf", out string? step) && step != Text("steps") ? long.TryParse(step, CultureInfo.InvariantCulture, out long of) ? of : throw Unusable($"its metadata states statistics of step '{step}'") : null,
        };

        string Text(string name) => file.Metadata.GetValueOrDefault(name) ?? throw Unusable($"its metadata lacks {name}");

        ulong Number(string text, ulong most, ulong least = 0) =>
            ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number >= least && number <= most ? number : throw Unusable($"its metadata states '{text}' where a number should be");

        CheckpointException Unusable(string what) => new($"{path} can't be used: {what}. Save it again with pacgen train --save FILE.");
    }

    /// <summary>Loads the weights into an arena where it has the parameters that the file has.</summary>
    public bool TryLoad(ParameterArena arena)
    {
        Dictionary<string, NamedTensor> known = Weights.ToDictionary(tensor => tensor.Name);
        if (Kept(arena).Any(kept => !known.TryGetValue(kept.Name, out NamedTensor? tensor) || !tensor.Shape.SequenceEqual(kept.Shape)))
        {
            return false;
        }

        foreach ((string name, _, Region region) in Kept(arena))
        {
            region.Write(known[name].Values.Span);
        }

        return true;
    }

    /// <summary>The parameters and the state of an arena, to be written.</summary>
    public static IReadOnlyList<NamedTensor> Of(ParameterArena arena) =>
        [.. Kept(arena).Select(kept => new NamedTensor(kept.Name, kept.Shape, kept.Region.ToArray()))];

    private static IEnumerable<(string Name, long[] Shape, Region Region)> Kept(ParameterArena arena) =>
        arena.Parameters.Select(parameter => (parameter.Name, parameter.Shape, parameter.Region))
            .Concat(arena.States.Select(state => (state.Name, state.Shape, state.Region)))
            .Select(part => (part.Name, Enumerable.Range(0, part.Shape.Rank).Select(axis => (long)part.Shape[axis]).ToArray(), part.Region!.Value));
}
