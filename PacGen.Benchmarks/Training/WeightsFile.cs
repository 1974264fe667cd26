using System.Globalization;
using PacGen.Benchmarks.Reporting;
using PacGen.Nn;
using PacGen.Nn.Checkpoints;

namespace PacGen.Benchmarks.Training;

/// <summary>
/// Weights on disk: a safetensors file with each parameter under its name and, in its metadata, the texts model, hidden, dataset,
/// seed, epochs, steps and batchSize. A checkpoint has these too, and is read the same way.
/// </summary>
/// <param name="Model">The model that they belong to.</param>
/// <param name="Dataset">What they were trained on.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Epochs">The epochs that were completed.</param>
/// <param name="Steps">The steps that were taken.</param>
/// <param name="BatchSize">Images a step.</param>
/// <param name="Weights">The parameters.</param>
internal sealed record WeightsFile(ModelChoice Model, string Dataset, ulong Seed, int Epochs, long Steps, int BatchSize, IReadOnlyList<NamedTensor> Weights)
{
    /// <summary>The texts that say which model and images weights are of.</summary>
    public static Dictionary<string, string> Notes(ModelChoice model, string dataset) => new()
    {
        ["model"] = model.Name,
        ["hidden"] = string.Join(',', model.Hidden),
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

        return new WeightsFile(
            new ModelChoice(model, [.. Text("hidden").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(width => (int)Number(width, int.MaxValue, 1))]),
            Text("dataset"),
            Number(Text("seed"), ulong.MaxValue),
            (int)Number(Text("epochs"), int.MaxValue),
            (long)Number(Text("steps"), long.MaxValue),
            (int)Number(Text("batchSize"), int.MaxValue, 1),
            weights);

        string Text(string name) => file.Metadata.GetValueOrDefault(name) ?? throw Unusable($"its metadata lacks {name}");

        ulong Number(string text, ulong most, ulong least = 0) =>
            ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number >= least && number <= most ? number : throw Unusable($"its metadata states '{text}' where a number should be");

        CheckpointException Unusable(string what) => new($"{path} can't be used: {what}. Save it again with pacgen train --save FILE.");
    }

    /// <summary>Loads the weights into an arena where it has the parameters that the file has.</summary>
    public bool TryLoad(ParameterArena arena)
    {
        Dictionary<string, NamedTensor> known = Weights.ToDictionary(tensor => tensor.Name);
        if (arena.Parameters.Any(parameter => !known.TryGetValue(parameter.Name, out NamedTensor? tensor)
            || !tensor.Shape.SequenceEqual(Enumerable.Range(0, parameter.Shape.Rank).Select(axis => (long)parameter.Shape[axis]))))
        {
            return false;
        }

        foreach (Parameter parameter in arena.Parameters)
        {
            parameter.Region!.Value.Write(known[parameter.Name].Values.Span);
        }

        return true;
    }

    /// <summary>The parameters of an arena, to be written.</summary>
    public static IReadOnlyList<NamedTensor> Of(ParameterArena arena) =>
    [
        .. arena.Parameters.Select(parameter => new NamedTensor(
            parameter.Name, [.. Enumerable.Range(0, parameter.Shape.Rank).Select(axis => (long)parameter.Shape[axis])], parameter.Region!.Value.ToArray())),
    ];
}
