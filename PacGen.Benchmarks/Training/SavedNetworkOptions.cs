using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Core.Text;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>The options that name a network on disk, the images that it was trained on, and where to run it.</summary>
/// <param name="purpose">What is done on the images, such as <c>score on</c>.</param>
/// <param name="shared">Whether processes of <c>mpirun</c> may share that.</param>
internal sealed class SavedNetworkOptions(string purpose, bool shared = true) : OptionGroup
{
    private readonly ModelOptions model = new(null);
    private readonly DeviceOptions device = new();
    private readonly PartsOption parts = new();
    private readonly DataSource data = new(
        Options.Dataset($"The training samples to {purpose}; without it those that the file names", null));

    private readonly Option<string?> weights = Options.Path(
        "--weights",
        Prose.Line("""
            The file that pacgen train --save wrote, a checkpoint of train --checkpoint, or a safetensors, .pt or .pth file of
            PyTorch's, or FILE.onnx; without it the weights of --model FILE.onnx
            """));

    private readonly Option<string?> reference = Options.Path(
        "--reference",
        Prose.Line("""
            A file with arrays inputs and outputs that another program computed by these weights: the network's own must be the
            same within 1e-4
            """));

    private readonly Option<string> layout = Options.Choice(
        "--layout", "The order of weights in a file of another program; without it recognised by the arrays' shapes", null,
        WeightsFile.Layouts);

    public override string Title => "Network";

    public override string TitleOf(Option option) => option == data.Set ? data.Title : Title;

    /// <summary>What the network is; <see cref="Places"/> come last.</summary>
    public override IReadOnlyList<Option> All => [weights, data.Set, .. model.All, layout, reference];

    /// <summary>Whether a file with weights is named.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.IsGiven(weights) || model.IsFile(parsed);

    /// <summary>Where to run, on how many processes, and where images are.</summary>
    public IEnumerable<OptionGroup> Places => [.. shared ? (OptionGroup[])[parts] : [], device, data];

    /// <summary>Reads the network and its images.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="terminal">Where a person reads.</param>
    /// <param name="host">Where to tell what is wrong, and when to stop.</param>
    /// <exception cref="UsageException">It is not said which network or which images, or they don't fit.</exception>
    /// <exception cref="CheckpointException">The file is not there, is no weights file, or is damaged.</exception>
    public SavedNetwork Open(ParseResult parsed, Terminal terminal, Host host)
    {
        DataParallel parallel = shared ? parts.Join(parsed) : DataParallel.Alone;
        SavedNetwork read = parsed.GetValue(weights) is not { } path || OnnxSource.IsOne(path)
            ? OfOnnx(parsed, terminal, host) : OfWeights(parsed, terminal, host, path);
        read.Arena.Parallel = parallel;
        return read;
    }

    /// <summary>The network of a file of weights.</summary>
    private SavedNetwork OfWeights(ParseResult parsed, Terminal terminal, Host host, string path)
    {

        using WeightsFile file = WeightsFile.Open(path);
        if (file.Model is null && !model.IsGiven(parsed))
        {
            throw new UsageException(Prose.Line($"""
                {path} was not written by pacgen train and does not say which network it holds: say it with --model (a name or
                FILE.onnx), and the samples with --dataset.
                """));
        }

        ModelChoice choice = model.Create(parsed, file.Model);
        string set = parsed.GetValue(data.Set) ?? ImagesOf(file, path, choice);
        OpenedDevice opened = device.Open(parsed);
        try
        {
            Dataset images = data.Load(parsed, terminal, host.Stop.Token, set, file.Samples);
            (Module network, ParameterArena arena) = file.Load(choice, images, parsed.GetValue(layout), opened.Device);
            if (file.StatisticsOf is { } step)
            {
                host.Problem(Prose.Line($"""
                    {path} was written within an epoch: its weights are those after step {file.Steps}, but its running statistics
                    {(step < 0 ? "were not estimated yet" : $"are of step {step}")}. Take best.safetensors or the checkpoint of a
                    whole epoch instead.
                    """));
            }

            Compare(parsed, terminal, network, arena);
            return new SavedNetwork(path, choice, images, network, arena, opened)
            {
                Seed = file.Model is null ? null : file.Seed,
                Steps = file.Model is null ? null : file.Steps,
                SecondMoment = file.ReadSecondMoment(),
                PosteriorDeviations = file.ReadPosteriorDeviations(),
                Origin = file.Model is null ? "of another program"
                    : $"after {Prose.Count(file.Epochs, "epoch")} ({file.Steps:N0} steps) on {Printable.Name(file.Dataset)}",
            };
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>The network of an ONNX file, with the weights that are in it.</summary>
    private SavedNetwork OfOnnx(ParseResult parsed, Terminal terminal, Host host)
    {
        ModelChoice choice = parsed.GetValue(weights) is { } named ? model.OfFile(parsed, named) : model.Create(parsed);
        string path = choice.Onnx?.Path ?? throw new UsageException(
            "--weights is missing: name the file that holds the network, or one with its weights by --model FILE.onnx.");
        parsed.Needs(false, "--weights FILE", layout);
        string set = parsed.GetValue(data.Set) ?? throw new UsageException(
            $"{path} does not say which samples its network is for: say it with --dataset.");
        OpenedDevice opened = device.Open(parsed);
        ParameterArena? arena = null;
        try
        {
            Dataset samples = data.Load(parsed, terminal, host.Stop.Token, set, choice.Onnx.Samples);
            (Module network, arena) = choice.WithWeights(samples, opened.Device);
            Compare(parsed, terminal, network, arena);
            return new SavedNetwork(path, choice, samples, network, arena, opened)
            {
                Seed = null, Steps = null, SecondMoment = null, Origin = "of another program",
            };
        }
        catch
        {
            arena?.Dispose();
            opened.Dispose();
            throw;
        }
    }

    private void Compare(ParseResult parsed, Terminal terminal, Module network, ParameterArena arena)
    {
        if (parsed.GetValue(reference) is not { } path)
        {
            return;
        }

        using TensorFile file = TensorFile.OpenAny(path);
        double worst = ReferenceOutputs.Check(network, arena, file);
        terminal.Line($"outputs as in {path} within {worst:G2} of 1 + their size");
    }

    /// <summary>Reads the weights of another file of the same network, in the arena's layout.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="network">The network.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="UsageException">The file holds another network.</exception>
    /// <exception cref="CheckpointException">The file is not there, is no weights file, or is damaged.</exception>
    public float[] Read(ParseResult parsed, SavedNetwork network, string path)
    {
        using WeightsFile file = WeightsFile.Open(path);
        if (file.Model is not null && file.Model != network.Choice && file.Model.Describe(network.Images)
            != network.Choice.Describe(network.Images))
        {
            throw new UsageException(
                $"{path} holds {file.Model.Describe(network.Images)}, but {network.Path} " +
                    $"{network.Choice.Describe(network.Images)}.");
        }

        (_, ParameterArena arena) = file.Load(
            network.Choice, network.Images, file.Model is null ? parsed.GetValue(layout) : null, Device.Cpu);
        using (arena)
        {
            return arena.Save();
        }
    }

    /// <summary>The images that a file names. A place on a disk is the caller's to name: a file may be a stranger's.</summary>
    internal static string ImagesOf(WeightsFile file, string path, ModelChoice choice) => file.Dataset switch
    {
        null when choice.Name == "mnist-cnn" => "mnist",
        null => throw new UsageException($"{path} does not say which samples its network is for: say it with --dataset."),
        { } name when Datasets.Names.Contains(name) => name,
        { } name => throw new UsageException(Prose.Line($"""
            {path} was trained on '{Printable.Name(name)}'. Files that another file names are not opened by themselves: say
            where they are, by --dataset {Datasets.PrefixOf(name) ?? Datasets.FolderPrefix}PATH.
            """)),
    };
}
