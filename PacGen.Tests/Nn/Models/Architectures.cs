using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Small networks for the digits, 8×8 pixels, of the layers that the other models don't have.</summary>
internal static class Architectures
{
    public static IReadOnlyList<string> Names { get; } = ["attention", "depthwise", "residual", "recurrent"];

    public static Module Of(string name) => name switch
    {
        "attention" => new VisionTransformer(8, 8, 1, 10, 4, 8, 1, 2),
        "depthwise" => new Sequential(
            new Conv2d(1, 6, 3, 2, 1), new GroupNorm(2, 6), new Silu(), new Conv2d(6, 6, 3, padding: 1, groups: 6), new Gelu(),
            new Conv2d(6, 4, 1, groups: 2), new Softplus(), new AdaptiveAvgPool2d(2), new Flatten(), new Linear(16, 10)),
        "residual" => new ResNet18(10, 1, small: true, width: 2),
        _ => new Rows(),
    };

    /// <summary>The rows of an image as a sequence, through both recurrent layers.</summary>
    private sealed class Rows : Module
    {
        private readonly Lstm lstm = new(8, 5);
        private readonly Gru gru = new(5, 6);
        private readonly RmsNorm norm = new(6);
        private readonly Linear linear = new(6, 10);

        public override Tensor Forward(Tensor x) => linear.Apply(norm.Apply(
            gru.Apply(lstm.Apply(x.Reshape(-1, 8, 8))).Slice(1, -1)).Reshape(-1, 6));
    }
}
