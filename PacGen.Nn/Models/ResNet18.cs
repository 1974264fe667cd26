namespace PacGen.Nn;

/// <summary>
/// ResNet-18 (He, Zhang, Ren and Sun 2016): a stem, four groups of two residual blocks with 64, 128, 256 and 512 channels, of
/// which all but the first halve the image, the mean over all pixels and a linear layer. A block is 3×3 convolution, batch norm,
/// ReLU, 3×3 convolution, batch norm, added to its input (by a 1×1 convolution and batch norm where the shape changes), ReLU.
/// (N, H, W, channels) → (N, classes). The stem for photographs is a 7×7 convolution of stride 2 and a 3×3 maximum of stride 2;
/// for small images, such as CIFAR's of 32×32, a 3×3 convolution of stride 1. Parameters are named as torchvision's.
/// </summary>
/// <remarks>11,689,512 parameters with the stem for photographs and 1,000 classes.</remarks>
public sealed class ResNet18 : Module
{
    private readonly Conv2d conv1;
    private readonly BatchNorm bn1;
    private readonly Block[] layer1, layer2, layer3, layer4;
    private readonly Linear fc;
    private readonly bool small;

    /// <summary>A ResNet-18.</summary>
    /// <param name="classes">How many classes the images have.</param>
    /// <param name="channels">The images' channels.</param>
    /// <param name="small">Whether the stem is that for small images.</param>
    /// <param name="width">The channels of the first group; the others have 2, 4 and 8 times as many.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public ResNet18(int classes, int channels = 3, bool small = false, int width = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        this.small = small;
        conv1 = Convolution(channels, width, small ? 3 : 7, small ? 1 : 2);
        bn1 = new BatchNorm(width);
        layer1 = Group(width, width, 1);
        layer2 = Group(width, 2 * width, 2);
        layer3 = Group(2 * width, 4 * width, 2);
        layer4 = Group(4 * width, 8 * width, 2);
        fc = new Linear(8 * width, classes);
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        Tensor y = bn1.Apply(conv1.Apply(x)).Relu();
        y = small ? y : y.MaxPool2d(3, 2, 1);
        foreach (Block block in (Block[])[.. layer1, .. layer2, .. layer3, .. layer4])
        {
            y = block.Apply(y);
        }

        return fc.Apply(y.Mean([1, 2]));
    }

    private static Block[] Group(int inputs, int outputs, int stride) =>
        [new Block(inputs, outputs, stride), new Block(outputs, outputs, 1)];

    // Kaiming normal by the fan-out, as torchvision draws them: N(0, 2/(outputs·KH·KW)).
    private static Conv2d Convolution(int inputs, int outputs, int kernel, int stride) => new(
        inputs, outputs, kernel, stride, kernel / 2, bias: false,
        initializer: Initializer.Normal(Math.Sqrt(2.0 / ((double)outputs * kernel * kernel))));

    private sealed class Block : Module
    {
        private readonly Conv2d conv1;
        private readonly BatchNorm bn1;
        private readonly Conv2d conv2;
        private readonly BatchNorm bn2;
        private readonly Module[] downsample;

        public Block(int inputs, int outputs, int stride)
        {
            conv1 = Convolution(inputs, outputs, 3, stride);
            bn1 = new BatchNorm(outputs);
            conv2 = Convolution(outputs, outputs, 3, 1);
            bn2 = new BatchNorm(outputs);
            downsample = stride != 1 || inputs != outputs
                ? [Convolution(inputs, outputs, 1, stride), new BatchNorm(outputs)] : [];
        }

        public override Tensor Forward(Tensor x)
        {
            Tensor y = bn2.Apply(conv2.Apply(bn1.Apply(conv1.Apply(x)).Relu()));
            return (y + downsample.Aggregate(x, (z, part) => part.Apply(z))).Relu();
        }
    }
}
