namespace PacGen.Nn;

/// <summary>
/// Wide-ResNet of Figure 7: a 3×3 convolution to 16 channels, three groups of n = (depth − 4)/6 residual blocks with 16k, 32k and
/// 64k channels, the second and third halving the image, batch norm, ReLU, the mean over all pixels, and a linear layer. A block
/// is batch norm, ReLU, 3×3 convolution, batch norm, ReLU, 3×3 convolution, added to its input. Convolutions are
/// drawn by Xavier's uniform with gain √2, their biases are 0. (N, H, W, channels) → (N, classes), for images of any size.
/// </summary>
/// <remarks>WRN-58-3 has 7,661,722 parameters for 10 classes. 32×32 images end as 8×8 pixels; the reference code's average over
/// 8×8 windows is then the mean over all, which is taken for 64×64 images too.</remarks>
public sealed class WideResNet : Module
{
    private const int Stem = 16;
    private readonly Conv2d conv1;
    private readonly Block[] layer1, layer2, layer3;
    private readonly BatchNorm bn1;
    private readonly Linear linear;

    /// <summary>A Wide-ResNet.</summary>
    /// <param name="depth">6n + 4: 10, 16, 22, 28, 40, 58 …</param>
    /// <param name="widen">k, the widening factor.</param>
    /// <param name="classes">How many classes the images have.</param>
    /// <param name="channels">The images' channels.</param>
    /// <param name="form">Which of the published forms.</param>
    /// <param name="dropout">p of dropout between a block's two convolutions: behind the first in the paper's code, behind the
    /// second activation in the original.</param>
    /// <exception cref="ArgumentOutOfRangeException">The depth is not 6n + 4 with n at least 1, another number is below 1, or 64k
    /// is beyond an int.</exception>
    public WideResNet(
        int depth, int widen, int classes, int channels = 3, WideResNetForm form = WideResNetForm.PaperCode, double dropout = 0)
    {
        if (depth < 10 || (depth - 4) % 6 != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(depth), depth, "A Wide-ResNet's depth is 6n + 4: 10, 16, 22, 28, …");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(widen, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(widen, int.MaxValue / 64);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        int blocks = (depth - 4) / 6;
        conv1 = Convolution(channels, Stem, 3, 1, form);
        layer1 = Group(Stem, 16 * widen, blocks, 1, form, dropout);
        layer2 = Group(16 * widen, 32 * widen, blocks, 2, form, dropout);
        layer3 = Group(32 * widen, 64 * widen, blocks, 2, form, dropout);
        bn1 = new BatchNorm(64 * widen, momentum: form == WideResNetForm.PaperCode ? 0.9 : 0.1);
        linear = new Linear(64 * widen, classes);
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        Tensor y = conv1.Apply(x);
        foreach (Block block in (Block[])[.. layer1, .. layer2, .. layer3])
        {
            y = block.Apply(y);
        }

        return linear.Apply(bn1.Apply(y).Relu().Mean([1, 2]));
    }

    private static Block[] Group(int inputs, int outputs, int blocks, int stride, WideResNetForm form, double dropout) =>
        [.. Enumerable.Range(0, blocks).Select(
            i => i == 0 ? new Block(inputs, outputs, stride, form, dropout) : new Block(outputs, outputs, 1, form, dropout))];

    private static Conv2d Convolution(int inputs, int outputs, int kernel, int stride, WideResNetForm form) => new(
        inputs, outputs, kernel, stride, kernel / 2, bias: form == WideResNetForm.PaperCode,
        initializer: Initializer.XavierUniform(Math.Sqrt(2)), biasInitializer: Initializer.Zeros);

    /// <summary>
    /// A residual block; its fields are named and ordered as in the reference code, whose weights so find their places.
    /// </summary>
    private sealed class Block : Module
    {
        private readonly BatchNorm bn1;
        private readonly Conv2d conv1;
        private readonly BatchNorm bn2;
        private readonly Conv2d conv2;
        private readonly Conv2d[] shortcut;
        private readonly Dropout dropout;
        private readonly bool afterActivation;

        public Block(int inputs, int outputs, int stride, WideResNetForm form, double dropout)
        {
            this.dropout = new Dropout(dropout);
            afterActivation = form == WideResNetForm.Original;
            bn1 = new BatchNorm(inputs);
            conv1 = Convolution(inputs, outputs, 3, afterActivation ? stride : 1, form);
            bn2 = new BatchNorm(outputs);
            conv2 = Convolution(outputs, outputs, 3, afterActivation ? 1 : stride, form);
            shortcut = stride != 1 || inputs != outputs ? [Convolution(inputs, outputs, 1, stride, form)] : [];
        }

        public override Tensor Forward(Tensor x)
        {
            Tensor active = bn1.Apply(x).Relu();
            Tensor y = conv1.Apply(active);
            y = afterActivation ? dropout.Apply(bn2.Apply(y).Relu()) : bn2.Apply(dropout.Apply(y)).Relu();
            y = conv2.Apply(y);
            return y + (shortcut.Length == 0 ? x : shortcut[0].Apply(afterActivation ? active : x));
        }
    }
}
