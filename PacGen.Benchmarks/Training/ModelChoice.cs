using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Core.Text;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>A model that the program knows by name.</summary>
/// <param name="Name">One of <see cref="Names"/>.</param>
/// <param name="Hidden">The widths of an MLP's hidden layers; empty for the others.</param>
/// <param name="Depth">A Wide-ResNet's depth; 0 for the others.</param>
/// <param name="Widen">A Wide-ResNet's widening factor; 0 for the others.</param>
/// <param name="Form">Which of the published forms of a Wide-ResNet.</param>
/// <param name="Scale">How many times wider than the example <c>mnist-cnn</c> is, or than 64 numbers <c>vit</c>; 1 for the
/// others.</param>
internal sealed record ModelChoice(
    string Name, IReadOnlyList<int> Hidden, int Depth = 0, int Widen = 0, WideResNetForm Form = WideResNetForm.PaperCode,
    int Scale = 1)
{
    private static readonly (string Name, string Title)[] Kinds =
        [("mlp", "MLP"), ("mnist-cnn", "small CNN"), ("wrn", "WRN"), ("resnet18", "ResNet-18"), ("vit", "vision transformer")];

    private static readonly Dictionary<string, string> SetTitles = new()
    {
        ["mnist"] = "MNIST", ["fashion-mnist"] = "Fashion-MNIST", ["cifar-10"] = "CIFAR-10", ["cifar-100"] = "CIFAR-100",
        ["cifar-100-coarse"] = "CIFAR-100's coarse labels", ["tiny-imagenet"] = "Tiny ImageNet",
    };

    /// <summary>The name of a network that an ONNX file describes.</summary>
    public const string OnnxName = "onnx";

    /// <summary>The ONNX file of the network, where it is one of such a file.</summary>
    public OnnxSource? Onnx { get; init; }

    /// <summary>p of dropout in training; 0 for none. Weights don't depend on it, so no file of them names it.</summary>
    public double Dropout { get; init; }

    /// <summary>Whether another choice makes the same network, whatever the files are called that it comes from.</summary>
    public bool IsSameAs(ModelChoice other) =>
        Hidden.SequenceEqual(other.Hidden) && this with { Hidden = other.Hidden, Onnx = other.Onnx } == other;

    /// <summary>The names of models.</summary>
    public static string[] Names { get; } = ["mlp", "mnist-cnn", "wide-resnet", "resnet18", "vit"];

    /// <summary>Whether the model has running statistics, those of batch norm.</summary>
    public bool HasStatistics => Name is "wide-resnet" or "resnet18";

    /// <summary>The forms of a Wide-ResNet by their names; that of the paper's code first.</summary>
    public static IReadOnlyList<(string Name, WideResNetForm Form)> Forms { get; } =
        [("paper", WideResNetForm.PaperCode), ("original", WideResNetForm.Original)];

    /// <summary>The name of <see cref="Form"/>.</summary>
    public string FormName => Forms.First(one => one.Form == Form).Name;

    private const int VitEmbedding = 64, VitLayers = 4;

    /// <summary>
    /// At least so much memory the graphs of a layer take on the host: 0.72 MiB were measured of deep Wide-ResNets.
    /// </summary>
    private const long GraphBytesOfALayer = 1 << 19;

    /// <summary>
    /// The least number of parameters that the model has, counted from its options before anything is built: all of an MLP's,
    /// those of some convolutions of the others.
    /// </summary>
    public Int128 LeastParameters(SampleSet images)
    {
        if (Name == "mlp")
        {
            int[] widths = [images.SampleSize, .. Hidden, images.Target.Size];
            return widths.Zip(widths.Skip(1)).Aggregate((Int128)0, (sum, pair) => sum + ((pair.First + (Int128)1) * pair.Second));
        }

        if (Name == "mnist-cnn")
        {
            // The second convolution's.
            return (Int128)5 * 5 * 10 * 20 * Scale * Scale;
        }

        if (Name == "resnet18")
        {
            // Without what depends on the images: the stem and the last layer.
            return 11_167_000;
        }

        if (Name == "vit")
        {
            // Attention and perceptron of each layer.
            return (Int128)VitLayers * 12 * VitEmbedding * VitEmbedding * Scale * Scale;
        }

        // Three groups of n blocks of two 3×3 convolutions, 16, 32 and 64 times the widening factor wide; a group's first one has
        // fewer inputs. An ONNX file's parameters are in memory before they are counted.
        Int128 blocks = (Depth - 4) / 6;
        return Name == "wide-resnet" ? (Int128)9 * Widen * Widen * ((16 * 16) + (32 * 32) + (64 * 64)) * ((2 * blocks) - 1) : 0;
    }

    /// <summary>The layers with weights, each of which has an array at least.</summary>
    public long Layers => Name switch
    {
        "mlp" => Hidden.Count + 1L,
        "wide-resnet" => Depth - 2L,
        OnnxName => 1,
        "resnet18" => 21,
        "vit" => (VitLayers * 4L) + 2,
        _ => 4,
    };

    /// <summary>Makes the model for the images of a data set.</summary>
    /// <param name="data">The data set.</param>
    /// <param name="device">Where it will live: a model whose arrays of parameters can't be there is not begun.</param>
    /// <param name="arrays">At least how many arrays of the parameters' number are needed at once.</param>
    /// <exception cref="UsageException">
    /// The model takes images of another size, or is too large for the device or for the memory beside it.
    /// </exception>
    public Module Create(Dataset data, Device device, int arrays)
    {
        RequireRoom(data, device, arrays);
        return Make(data);
    }

    /// <summary>Refuses a model for which there is no room; parameters are as for <see cref="Create"/>.</summary>
    /// <exception cref="UsageException">The model is too large for the device or for the memory beside it.</exception>
    public void RequireRoom(Dataset data, Device device, int arrays)
    {
        Int128 parameters = LeastParameters(data.Train);
        RequireRoom($"{parameters:N0} parameters or more, which", parameters * sizeof(float) * arrays, device);
        int layers = Math.Max(Depth, Hidden.Count + 1);
        RequireRoom($"{layers:N0} layers, whose graphs", (Int128)GraphBytesOfALayer * layers, Device.Cpu);
    }

    /// <summary>Makes the model, whose parameters take no memory yet, where its number of layers is known to be modest.</summary>
    /// <exception cref="UsageException">The model takes images of another size.</exception>
    public Module Make(Dataset data)
    {
        SampleSet images = data.Train;
        if (Onnx is { } file)
        {
            return file.Make(data);
        }

        if (Name == "mlp")
        {
            return new Mlp([images.SampleSize, .. Hidden, images.Target.Size]) { Dropout = Dropout };
        }

        if (images.SampleShape.Rank != 3)
        {
            throw new UsageException(Prose.Line($"""
                --model {Name} takes images of three axes, but a sample of {data.Name} is {images.SampleShape}: use --model mlp.
                """));
        }

        (int height, int width, int channels) = (images.SampleShape[0], images.SampleShape[1], images.SampleShape[2]);
        if (Name == "wide-resnet")
        {
            return new WideResNet(Depth, Widen, images.Target.Size, channels, Form, Dropout);
        }

        if (Name == "resnet18")
        {
            // CIFAR's and smaller images would be a pixel or two behind the stem for photographs.
            const int LeastPhotograph = 64;
            return new ResNet18(images.Target.Size, channels, small: Math.Min(height, width) < LeastPhotograph);
        }

        if (Name == "vit")
        {
            return new VisionTransformer(
                height, width, channels, images.Target.Size, Patch(height, width), VitEmbedding * Scale, VitLayers,
                dropout: Dropout);
        }

        return Math.Min(height, width) >= MnistCnn.LeastSide
            ? new MnistCnn(height, width, channels, images.Target.Size, Scale, Dropout)
            : throw new UsageException(
                Prose.Line($"""
                    --model {Name} takes images of {MnistCnn.LeastSide}×{MnistCnn.LeastSide} or more, but {data.Name} has
                    {height}×{width}: use --model mlp, or --dataset mnist.
                    """));
    }

    /// <summary>The side of a patch: about a seventh of the image's and at most 16, as far as it cuts the image evenly.</summary>
    private static int Patch(int height, int width)
    {
        int patch = Math.Min(16, (Math.Min(height, width) + 6) / 7);
        while (height % patch != 0 || width % patch != 0)
        {
            patch--;
        }

        return patch;
    }

    /// <summary>Makes the network of an ONNX file, with the weights that are in it.</summary>
    /// <exception cref="UsageException">It has another number of outputs than the samples have targets.</exception>
    public (Module Network, ParameterArena Arena) WithWeights(Dataset data, Device device)
    {
        Module network = Make(data);
        return (network, new ParameterArena(network, device, seed: 1));
    }

    private void RequireRoom(string what, Int128 bytes, Device device)
    {
        const double MostOfFree = 1.25, Gibibyte = 1 << 30;
        if (device.FreeBytes is { } free && (double)bytes > MostOfFree * free)
        {
            throw new UsageException(Prose.Line($"""
                --model {Name} has {what} take {(double)bytes / Gibibyte:N1} GiB at least, and {free / Gibibyte:N1} GiB are free
                on {device.Name}: take a smaller model.
                """));
        }
    }

    /// <summary>The model in a few words, such as <c>mlp 64-128-10</c> or <c>wrn-16-1</c>.</summary>
    public string Describe(Dataset data) => Name switch
    {
        "mlp" => $"mlp {string.Join('-', [data.Train.SampleSize, .. Hidden, data.Train.Target.Size])}{Dropped}",
        OnnxName => Printable.Name(Onnx!.Name),
        "wide-resnet" => $"wrn-{Depth}-{Widen}{(Form == WideResNetForm.PaperCode ? "" : $"-{FormName}")}{Dropped}",
        _ => $"{(Scale == 1 ? Name : $"{Name}-{Scale}")}{Dropped}",
    };

    /// <summary>The same with the network's kind as it is written in texts.</summary>
    public string Title(Dataset data) => Kinds.Aggregate(
        Describe(data), (text, kind) => text.StartsWith(kind.Name, StringComparison.Ordinal)
            ? $"{kind.Title}{text[kind.Name.Length..]}" : text);

    /// <summary>Network and data set as they are written in titles, such as <c>WRN-16-1 on CIFAR-10</c>.</summary>
    public string TitleOn(Dataset data) => $"{Title(data)} on {SetTitles.GetValueOrDefault(data.Name, data.Name)}";

    private string Dropped => Dropout > 0 ? $" with dropout {Dropout}" : "";
}
