using System.CommandLine;
using PacGen.Nn;
using PacGen.Nn.Data;

namespace PacGen.Benchmarks.Training;

/// <summary>A model that the program knows by name.</summary>
/// <param name="Name">One of <see cref="Names"/>.</param>
/// <param name="Hidden">The widths of an MLP's hidden layers; empty for the others.</param>
/// <param name="Depth">A Wide-ResNet's depth; 0 for the others.</param>
/// <param name="Widen">A Wide-ResNet's widening factor; 0 for the others.</param>
/// <param name="Form">Which of the published forms of a Wide-ResNet.</param>
internal sealed record ModelChoice(
    string Name, IReadOnlyList<int> Hidden, int Depth = 0, int Widen = 0, WideResNetForm Form = WideResNetForm.PaperCode)
{
    /// <summary>The names of models.</summary>
    public static string[] Names { get; } = ["mlp", "mnist-cnn", "wide-resnet"];

    /// <summary>The forms of a Wide-ResNet by their names; that of the paper's code first.</summary>
    public static IReadOnlyList<(string Name, WideResNetForm Form)> Forms { get; } = [("paper", WideResNetForm.PaperCode), ("original", WideResNetForm.Original)];

    /// <summary>The name of <see cref="Form"/>.</summary>
    public string FormName => Forms.First(one => one.Form == Form).Name;

    /// <summary>Makes the model for the images of a data set.</summary>
    /// <exception cref="UsageException">The model takes images of another size.</exception>
    public Module Create(Dataset data)
    {
        ImageSet images = data.Train;
        if (Name == "mlp")
        {
            return new Mlp([images.ImageSize, .. Hidden, images.Classes]);
        }

        if (Name == "wide-resnet")
        {
            return new WideResNet(Depth, Widen, images.Classes, images.Channels, Form);
        }

        return (images.Height, images.Width, images.Channels, images.Classes) == (28, 28, 1, 10)
            ? new MnistCnn()
            : throw new UsageException(
                $"--model {Name} takes images of 28×28×1 in 10 classes, but {data.Name} has {images.Height}×{images.Width}×{images.Channels} in {images.Classes}: use --model mlp, or --dataset mnist.");
    }

    /// <summary>The model in a few words, such as <c>mlp 64-128-10</c> or <c>wrn-16-1</c>.</summary>
    public string Describe(Dataset data) => Name switch
    {
        "mlp" => $"mlp {string.Join('-', [data.Train.ImageSize, .. Hidden, data.Train.Classes])}",
        "wide-resnet" => $"wrn-{Depth}-{Widen}{(Form == WideResNetForm.PaperCode ? "" : $"-{FormName}")}",
        _ => Name,
    };
}
