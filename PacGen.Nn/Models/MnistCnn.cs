using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// The network of PyTorch's MNIST example as it was in 2018, without dropout, which the paper's section 7 uses:
/// convolution 1→10 of 5×5, max-pool 2, ReLU, convolution 10→20 of 5×5, max-pool 2, ReLU, linear 320→50, ReLU, linear 50→10.
/// (N, 28, 28, 1) → (N, 10); 21,840 parameters. The same for images of other sizes and channels: (N, 32, 32, 3) has 31,340.
/// </summary>
public sealed class MnistCnn : Module
{
    /// <summary>The least height and width of the images.</summary>
    public const int LeastSide = 16;

    private readonly Conv2d conv1;
    private readonly Conv2d conv2;
    private readonly Linear fc1;
    private readonly Linear fc2;
    private readonly Dropout? dropout;

    /// <summary>The network for images of one kind.</summary>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="channels">Channels of a pixel.</param>
    /// <param name="classes">How many classes the images have.</param>
    /// <param name="scale">How many times wider than the example each layer between input and output is.</param>
    /// <param name="dropout">p of dropout in front of the last layer; 0 for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is below <see cref="LeastSide"/>, another number below 1, or p not in
    /// [0, 1).</exception>
    public MnistCnn(int height = 28, int width = 28, int channels = 1, int classes = 10, int scale = 1, double dropout = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, LeastSide);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, LeastSide);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (scale is < 1 or > 1000)
        {
            throw new ArgumentOutOfRangeException(
                nameof(scale), string.Create(CultureInfo.InvariantCulture, $"The scale is {scale}, but must be 1 to 1000."));
        }

        conv1 = new(channels, 10 * scale, 5);
        conv2 = new(10 * scale, 20 * scale, 5);
        fc1 = new(20 * scale * After(height) * After(width), 50 * scale);
        fc2 = new(50 * scale, classes);
        this.dropout = dropout == 0 ? null : new Dropout(dropout);
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        Tensor y = conv1.Apply(x).MaxPool2d(2).Relu();
        y = conv2.Apply(y).MaxPool2d(2).Relu();
        y = fc1.Apply(y.Flatten()).Relu();
        return fc2.Apply(dropout?.Apply(y) ?? y);
    }

    /// <summary>What two convolutions, each with its pooling, leave of a side.</summary>
    private static int After(int side) => (((side - 4) / 2) - 4) / 2;
}
