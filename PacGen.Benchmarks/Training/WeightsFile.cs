using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Core.Text;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>
/// Weights on disk: a safetensors file with each parameter under its name and, in its metadata, the texts model, hidden, depth,
/// widen, form, scale, seed, epochs, steps and batchSize, and what <see cref="TrainedSamples"/> says of the samples; of a
/// network from an ONNX file also that file without weights,
/// so that the network can be built again. A checkpoint has these too, and is read the same way. A file
/// of another program, such as PyTorch's
/// <c>save_file(model.state_dict(), …)</c> or <c>torch.save</c>, has none of these texts.
/// </summary>
/// <remarks>A file may be a stranger's: what its texts say is held against its arrays before anything is built.</remarks>
internal sealed class WeightsFile : IDisposable
{
    private const string ModelText = "model", PyTorch = "pytorch", PacGen = "pacgen";
    private const string OnnxText = "onnx", OnnxFileText = "onnxFile";

    /// <summary>h of training, where the run kept it, and its β; no parameter's name has a slash.</summary>
    private const string SecondMomentName = "training/secondMoment", SecondMomentBeta = "secondMomentBeta";

    /// <summary>The deviation of each weight under the posterior that the optimizer learnt, where it learnt one.</summary>
    private const string DeviationsName = "posterior/deviation";

    private const string Again = "Save it again with pacgen train --save FILE.";

    /// <summary>Scoring needs at least so many arrays of the parameters' number at once.</summary>
    private const int ScoringArrays = 5;

    private readonly TensorFile file;
    private readonly IReadOnlyDictionary<string, string> texts = new Dictionary<string, string>();

    private WeightsFile(TensorFile file)
    {
        this.file = file;
        if (file is not SafetensorsFile { HasChecksum: true } own)
        {
            return;
        }

        own.VerifyChecksum();
        if (!own.Metadata.ContainsKey(ModelText))
        {
            return;
        }

        texts = own.Metadata;
        string form = texts.GetValueOrDefault("form", ModelChoice.Forms[0].Name);
        Model = new ModelChoice(
            ModelChoice.Names.Contains(Text(ModelText)) || Text(ModelText) == ModelChoice.OnnxName
                ? Text(ModelText)
                : throw Unusable(
                    $"it holds a model {Shown(ModelText)}, and this version knows {string.Join(", ", ModelChoice.Names)}"),
            [.. Text("hidden").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(
                width => (int)Number(width, int.MaxValue, 1))],
            (int)Number(Text("depth"), int.MaxValue),
            (int)Number(Text("widen"), int.MaxValue),
            Array.Find([.. ModelChoice.Forms], one => one.Name == form) is { Name: not null } known
                ? known.Form
                : throw Unusable($"its metadata states a Wide-ResNet of the form '{Printable.Name(form)}'"),
            (int)Number(texts.GetValueOrDefault("scale", "1"), 1000, 1))
        {
            Onnx = Text(ModelText) == ModelChoice.OnnxName ? Structure() : null,
        };
        if (Model.Name == "wide-resnet"
            && (Model.Depth < 10 || (Model.Depth - 4) % 6 != 0 || Model.Widen is < 1 or > int.MaxValue / 64))
        {
            throw Unusable($"its metadata states a Wide-ResNet of depth {Model.Depth} and widening factor {Model.Widen}");
        }

        Dataset = Text("dataset");
        Seed = Number(Text("seed"), ulong.MaxValue);
        Epochs = (int)Number(Text("epochs"), int.MaxValue);
        Steps = (long)Number(Text("steps"), long.MaxValue);
        BatchSize = (int)Number(Text("batchSize"), int.MaxValue, 1);
        if (texts.TryGetValue("statisticsOf", out string? step) && step != Text("steps"))
        {
            StatisticsOf = long.TryParse(step, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long of)
                ? of
                : throw Unusable($"its metadata states statistics of step '{Shown("statisticsOf")}'");
        }
    }

    /// <summary>
    /// The model that the weights belong to, or null where the file doesn't say: then it is of another program.
    /// </summary>
    public ModelChoice? Model { get; }

    /// <summary>What they were trained on, as far as the file says.</summary>
    public string? Dataset { get; }

    /// <summary>The run's seed.</summary>
    public ulong Seed { get; }

    /// <summary>The epochs that were completed.</summary>
    public int Epochs { get; }

    /// <summary>The steps that were taken.</summary>
    public long Steps { get; }

    /// <summary>Images a step; 0 where the file doesn't say.</summary>
    public int BatchSize { get; }

    /// <summary>
    /// The step at whose weights running statistics were estimated, where that is not <see cref="Steps"/>: a checkpoint within an
    /// epoch of a run that re-estimates them before evaluation. Null where they belong to the weights.
    /// </summary>
    public long? StatisticsOf { get; }

    /// <summary>What the file says of the samples that the weights were trained on.</summary>
    public TrainedSamples Samples => TrainedSamples.Of(file.Name, texts);

    /// <summary>The words that <c>--layout</c> takes.</summary>
    public static string[] Layouts { get; } = [PacGen, PyTorch];

    /// <summary>The texts that say which model and samples weights are of, and how they were trained.</summary>
    public static Dictionary<string, string> Notes(
        ModelChoice model, Dataset data, ulong seed, int epochs, long steps, int batchSize) => new(Notes(model, data))
    {
        ["seed"] = seed.ToString(CultureInfo.InvariantCulture),
        ["epochs"] = Digits(epochs),
        ["steps"] = steps.ToString(CultureInfo.InvariantCulture),
        ["batchSize"] = Digits(batchSize),
    };

    /// <summary>The texts that say which model and samples weights are of.</summary>
    public static Dictionary<string, string> Notes(ModelChoice model, Dataset data) => new(
        OfOnnx(model.Onnx).Concat(TrainedSamples.Notes(data)))
    {
        [ModelText] = model.Name,
        ["hidden"] = string.Join(',', model.Hidden.Select(Digits)),
        ["depth"] = Digits(model.Depth),
        ["widen"] = Digits(model.Widen),
        ["form"] = model.FormName,
        ["scale"] = Digits(model.Scale),
    };

    /// <summary>
    /// The texts that say how to build a network of an ONNX file: its name, and all of it but the weights' values.
    /// </summary>
    private static Dictionary<string, string> OfOnnx(OnnxSource? source) => source is null ? [] : new()
    {
        [OnnxFileText] = source.Name,
        [OnnxText] = Convert.ToBase64String(source.Structure),
    };

    private OnnxSource Structure()
    {
        byte[] structure;
        try
        {
            structure = Convert.FromBase64String(Text(OnnxText));
        }
        catch (FormatException)
        {
            throw Unusable("its metadata holds no network");
        }

        return new OnnxSource(Text(OnnxFileText), structure, file.Tensors.Values.Sum(one => one.Count));
    }

    /// <summary>Writes the weights of a run, as a whole or not at all.</summary>
    /// <exception cref="IOException">They can't be written.</exception>
    /// <exception cref="CheckpointException">A weight is infinite or NaN.</exception>
    public static void Save(
        string path, ModelChoice model, Dataset images, Trainer trainer, TrainingOptions options, string option = "--save")
    {
        Dictionary<string, string> texts =
            Notes(model, images, options.Seed, trainer.Results.Count, trainer.Steps, options.BatchSize);
        if (trainer.StatisticsStep is { } step && step != trainer.Steps)
        {
            texts["statisticsOf"] = step.ToString(CultureInfo.InvariantCulture);
        }

        List<NamedTensor> arrays = [.. Kept(trainer.Arena).Select(
            kept => new NamedTensor(kept.Name, kept.Shape, kept.Region.ToArray()).RequireFinite())];
        if ((options.KeepSecondMoment || options.Score?.Curvature == CurvatureSource.Training) && trainer.SecondMoment is { } h)
        {
            arrays.Add(new NamedTensor(SecondMomentName, [h.Values.Length], h.Values).RequireFinite());
            texts[SecondMomentBeta] = h.Beta.ToString("R", CultureInfo.InvariantCulture);
        }

        if (trainer.PosteriorDeviations() is { } deviations)
        {
            arrays.Add(new NamedTensor(DeviationsName, [deviations.Length], deviations).RequireFinite());
        }

        OutputFile.Write(path, option, stream => SafetensorsFile.Write(stream, arrays, texts));
    }

    /// <summary>Writes weights that no trainer holds, as a whole or not at all.</summary>
    /// <exception cref="IOException">They can't be written.</exception>
    /// <exception cref="CheckpointException">A weight is infinite or NaN.</exception>
    public static void Save(string path, ParameterArena arena, Dictionary<string, string> texts, string option = "--save")
    {
        List<NamedTensor> arrays = [.. Kept(arena).Select(
            kept => new NamedTensor(kept.Name, kept.Shape, kept.Region.ToArray()).RequireFinite())];
        OutputFile.Write(path, option, stream => SafetensorsFile.Write(stream, arrays, texts));
    }

    /// <summary>Opens a file and checks what it says of itself; its arrays are not read.</summary>
    /// <exception cref="CheckpointException">It is not there, is no weights file, or is damaged.</exception>
    public static WeightsFile Open(string path)
    {
        TensorFile file = TensorFile.OpenAny(path);
        try
        {
            return new WeightsFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The model of a choice, once it is known that a file has arrays for its layers and, where they are in PacGen's layout,
    /// these very arrays. A text of a file or of a stored command line can say any number of layers and any width; nothing of
    /// that size is built.
    /// </summary>
    /// <exception cref="CheckpointException">The file has other arrays.</exception>
    /// <exception cref="UsageException">The model takes images of another size, or there is no room for it.</exception>
    public static Module Build(
        TensorFile file, ModelChoice choice, Dataset images, Device device, int buffers, bool pytorch = false)
    {
        string described = $"{choice.Describe(images)} on {Printable.Name(images.Name)}";
        if (choice.Layers > file.Tensors.Count)
        {
            throw new CheckpointException(
                Prose.Line($"""
                    {file.Name} has {file.Tensors.Count} arrays, but {Printable.Name(described)} has {choice.Layers} layers: it
                    holds another network.
                    """));
        }

        Module network = choice.Make(images);
        if (pytorch && network is OnnxNetwork onnx)
        {
            onnx.RequireArrays(file);
        }
        else if (pytorch)
        {
            PyTorchLayout layout = Layout(network, images);
            file.RequireArrays(layout.Arrays, PyTorchLayout.IsCounter, described, "");
        }
        else
        {
            file.RequireArrays(Arrays(network), name => name.Contains('/', StringComparison.Ordinal), described, "");
        }

        choice.RequireRoom(images, device, buffers);
        return network;
    }

    /// <summary>Builds the network of the file's arrays and loads it.</summary>
    /// <param name="choice">Which network.</param>
    /// <param name="images">What it is to be used with.</param>
    /// <param name="layout">One of <see cref="Layouts"/>, or null to recognise it.</param>
    /// <param name="device">Where the weights are to live.</param>
    /// <exception cref="CheckpointException">The file has other arrays, or weights that are no finite numbers.</exception>
    /// <exception cref="UsageException">
    /// The command line asks for another network than the file holds, or the layout can't be determined.
    /// </exception>
    public (Module Network, ParameterArena Arena) Load(ModelChoice choice, Dataset images, string? layout, Device device)
    {
        if (Model is not null && layout == PyTorch)
        {
            throw new UsageException($"{file.Name} is in PacGen's layout: leave --layout out.");
        }

        Module network;
        bool pytorch = layout == PyTorch;
        try
        {
            if (Model is null && layout is null)
            {
                pytorch = IsPyTorch(choice, images);
            }

            network = Build(file, choice, images, device, ScoringArrays, pytorch);
        }
        catch (CheckpointException error) when (Model is not null && (choice != Model || images.Name != Dataset))
        {
            throw new UsageException(
                $"{error.Message} Leave --model, --hidden, --depth, --widen and --dataset out to take the file's.");
        }

        ParameterArena arena = new(network, device, Seed);
        try
        {
            if (pytorch && network is OnnxNetwork onnx)
            {
                onnx.Load(file, arena);
            }
            else if (pytorch)
            {
                Layout(network, images).Load(file, arena);
            }
            else
            {
                foreach ((string name, _, Region region) in Kept(arena))
                {
                    region.Write(file.ReadFinite(name));
                }
            }

            return (network, arena);
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }

    /// <summary>h, the squared gradients that training smoothed; null where the file has none.</summary>
    /// <exception cref="CheckpointException">It has numbers that no h has.</exception>
    public SmoothedSecondMoment? ReadSecondMoment()
    {
        if (!file.Tensors.ContainsKey(SecondMomentName) || Model is null || Steps < 1)
        {
            return null;
        }

        float[] values = file.ReadFinite(SecondMomentName);
        return values.All(h => h >= 0) && double.TryParse(
            Text(SecondMomentBeta), NumberStyles.Float, CultureInfo.InvariantCulture, out double beta) && beta is >= 0 and < 1
            ? new SmoothedSecondMoment(values, Steps, beta, BatchSize)
            : throw Unusable($"{SecondMomentName} holds no smoothed squared gradients");
    }

    /// <summary>The deviations of the posterior that the optimizer learnt; null where the file has none.</summary>
    /// <exception cref="CheckpointException">It has numbers that are no deviations.</exception>
    public float[]? ReadPosteriorDeviations()
    {
        if (!file.Tensors.ContainsKey(DeviationsName) || Model is null)
        {
            return null;
        }

        float[] values = file.ReadFinite(DeviationsName);
        return values.All(deviation => deviation > 0) ? values : throw Unusable($"{DeviationsName} holds no deviations");
    }

    public void Dispose() => file.Dispose();

    /// <summary>
    /// Which layout fits the arrays' names and shapes, where exactly one does; PyTorch's where none does, whose reader then says
    /// what is wrong.
    /// </summary>
    private bool IsPyTorch(ModelChoice choice, Dataset images)
    {
        if (choice.Layers > file.Tensors.Count || choice.Onnx is not null)
        {
            return true;
        }

        Module network = choice.Make(images);
        bool theirs = Has(Layout(network, images).Arrays), ours = Has(Arrays(network));
        return !theirs || !ours ? theirs || !ours : throw new UsageException(
            Prose.Line($"""
                {file.Name} fits PyTorch's layout and PacGen's, and nothing in it says which it has: give --layout pytorch or
                --layout pacgen.
                """));
    }

    private bool Has(IEnumerable<(string Name, IReadOnlyList<long> Extents)> wanted) =>
        wanted.All(one => file.Tensors.TryGetValue(one.Name, out SafetensorInfo? info) && info.Shape.SequenceEqual(one.Extents));

    private static PyTorchLayout Layout(Module network, Dataset images) =>
        PyTorchLayout.Of(
            network, images.Train.SampleShape is { Rank: 3 } image ? image : new Kernels.Shape(1, 1, images.Train.SampleSize));

    private static IEnumerable<(string Name, IReadOnlyList<long> Extents)> Arrays(Module network) =>
        network.Parameters.Select(parameter => (parameter.Name, parameter.Shape))
            .Concat(network.State.Select(state => (state.Name, state.Shape)))
            .Select(array => (array.Name, (IReadOnlyList<long>)Extents(array.Shape)));

    private static IEnumerable<(string Name, long[] Shape, Region Region)> Kept(ParameterArena arena) =>
        arena.Parameters.Select(parameter => (parameter.Name, parameter.Shape, parameter.Region))
            .Concat(arena.States.Select(state => (state.Name, state.Shape, state.Region)))
            .Select(part => (part.Name, Extents(part.Shape), part.Region!.Value));

    private static long[] Extents(Kernels.Shape shape) => [.. shape.AsSpan().ToArray().Select(extent => (long)extent)];

    private static string Digits(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string Text(string name) => texts.GetValueOrDefault(name) ?? throw Unusable($"its metadata lacks {name}");

    private string Shown(string name) => Printable.Name(Text(name));

    private ulong Number(string text, ulong most, ulong least = 0) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            && number >= least && number <= most
            ? number
            : throw Unusable($"its metadata states '{Printable.Name(text)}' where a number should be");

    private CheckpointException Unusable(string what) => new($"{file.Name} can't be used: {what}. {Again}");
}
