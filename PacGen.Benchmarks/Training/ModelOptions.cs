using System.CommandLine;
using System.CommandLine.Parsing;
using PacGen.Benchmarks.CommandLine;

namespace PacGen.Benchmarks.Training;

/// <summary>The options that choose a network.</summary>
/// <param name="fallback">The network without <c>--model</c>, or null for the one that a file of weights names.</param>
/// <param name="drops">Whether it may be trained with dropout.</param>
/// <param name="usualDepth">The Wide-ResNet's depth without the option.</param>
internal sealed class ModelOptions(string? fallback, bool drops = false, int usualDepth = 16) : OptionGroup
{
    private const int UsualWidth = 128;
    private static readonly string[] Weights = [".pt", ".pth", ".safetensors"];

    private readonly Option<string> model = Networks(fallback);

    private readonly Option<int[]> hidden = Options.Counts(
        "--hidden", $"The widths of the MLP's hidden layers; without it {UsualWidth}");
    private readonly Option<int?> depth = Options.Count(
        "--depth", $"The Wide-ResNet's depth, 6n + 4: 10, 16, 22, 28, … 58; without it {usualDepth}", 10);
    private readonly Option<int?> widen = Options.Count("--widen", "The Wide-ResNet's widening factor; without it 1", 1);
    private readonly Option<string> form = Options.Choice(
        "--form",
        Prose.Line("""
        The Wide-ResNet's form: that of the paper's code, or the original's, with no biases in convolutions, the stride in a
        block's first one, and shortcuts after the activation; without it paper
        """),
        null,
        [.. ModelChoice.Forms.Select(one => one.Name)]);

    private readonly Option<int?> scale = Options.Count(
        "--width", "How many times wider than the example mnist-cnn's layers are, or than 64 numbers vit's; without it 1", 1);

    private readonly Option<double?> dropout = Options.Number(
        "--dropout",
        Prose.Line("""
        p with which dropout zeroes each output of a hidden layer of the MLP, of mnist-cnn's last hidden layer, between the two
        convolutions of the Wide-ResNet's blocks, or of vit's parts, in training; without it 0
        """),
        Interval.Fraction);

    public override string Title => "Network";

    public override IReadOnlyList<Option> All =>
        [model, hidden, depth, widen, form, scale, .. drops ? (Option[])[dropout] : []];

    /// <summary>What an option is where it is not given, whose default depends on the network.</summary>
    public IEnumerable<string> UsualValues(Option option) => option == dropout ? ["0"]
        : option == scale || option == widen ? ["1"]
        : option == depth ? [$"{usualDepth}"]
        : option == hidden ? [$"{UsualWidth}"]
        : option == form ? [ModelChoice.Forms[0].Name] : [];

    /// <summary>Whether the command line names a network.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.IsGiven(model);

    /// <summary>Whether the command line names the file of a network.</summary>
    public bool IsFile(ParseResult parsed) => parsed.Words(model).Any(OnnxSource.IsOne);

    /// <summary>The network of an ONNX file that another option than <c>--model</c> names.</summary>
    /// <exception cref="UsageException">The command line names a network besides.</exception>
    public ModelChoice OfFile(ParseResult parsed, string path)
    {
        if (IsGiven(parsed))
        {
            throw new UsageException($"{path} is a network with its weights: leave --model out.");
        }

        return Create(parsed, new ModelChoice(ModelChoice.OnnxName, []) { Onnx = new OnnxSource(path) });
    }

    /// <summary>The network that the command line names.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="saved">The network of a file of weights, from which comes what the command line doesn't say.</param>
    /// <exception cref="UsageException">An option does not go with the network, or the depth is not 6n + 4.</exception>
    public ModelChoice Create(ParseResult parsed, ModelChoice? saved = null)
    {
        string name = (saved is null || IsGiven(parsed) ? parsed.GetValue(model) : null) ?? saved?.Name ?? ModelChoice.Names[0];
        OnnxSource? file = OnnxSource.IsOne(name) ? new OnnxSource(name) : null;
        name = file is null ? name : ModelChoice.OnnxName;
        bool mlp = name == "mlp", wide = name == "wide-resnet";
        parsed.Needs(mlp, "--model mlp", hidden);
        parsed.Needs(wide, "--model wide-resnet", depth, widen, form);
        parsed.Needs(name is "mnist-cnn" or "vit", "--model mnist-cnn or vit", scale);
        parsed.Needs(
            !drops || (name != ModelChoice.OnnxName && name != "resnet18"), "another model of the program's own than resnet18",
            dropout);
        ModelChoice fresh = new(name, mlp ? [UsualWidth] : [], wide ? usualDepth : 0, wide ? 1 : 0);
        ModelChoice same = saved?.Name == name ? saved : fresh;
        int deep = parsed.GetValue(depth) ?? same.Depth;
        return same with
        {
            Onnx = file ?? same.Onnx,
            Hidden = parsed.GetValue(hidden) is { Length: > 0 } widths ? widths : same.Hidden,
            Depth = wide ? CheckedDepth(deep) : deep,
            Widen = parsed.GetValue(widen) ?? same.Widen,
            Scale = parsed.GetValue(scale) ?? same.Scale,
            Dropout = (drops && name != ModelChoice.OnnxName ? parsed.GetValue(dropout) : null) ?? same.Dropout,
            Form = parsed.GetValue(form) is { } chosen ? ModelChoice.Forms.First(one => one.Name == chosen).Form : same.Form,
        };
    }

    /// <summary>A model by name, or the file of one.</summary>
    private static Option<string> Networks(string? fallback)
    {
        Option<string> option = Options.Choice(
            "--model",
            Prose.Line($"""
                The network: a perceptron, a small convolutional network for images of 16×16 or more, a Wide-ResNet, ResNet-18 (for
                images below 64×64 with the stem for small ones), or a small vision transformer of 4 layers{(fallback is null ? "; without it the one that the file names" : "")}
                """),
            ", or FILE.onnx for a network of your own with its weights", fallback, ModelChoice.Names);
        Func<ArgumentResult, string?> known = option.CustomParser!;
        option.CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (Weights.Any(end => word.EndsWith(end, StringComparison.OrdinalIgnoreCase)))
            {
                result.AddError(Prose.Line($"""
                    --model {word} holds weights without their network: write it by torch.onnx.export and give --model FILE.onnx;
                    or give the weights by --weights {word} and their network by --model, to score, measure, certify or export them.
                    """));
                return word;
            }

            return OnnxSource.IsOne(word) ? word : known(result);
        };
        return option;
    }

    /// <summary>A Wide-ResNet's depth.</summary>
    /// <exception cref="UsageException">It is not 6n + 4.</exception>
    public static int CheckedDepth(int depth)
    {
        int below = depth - ((depth - 4) % 6);
        return below == depth ? depth : throw new UsageException(
            $"--depth is {depth}, but a Wide-ResNet's depth is 6n + 4: use {below} or {below + 6}.");
    }
}
