namespace PacGen.Nn;

/// <summary>
/// The network of PyTorch's MNIST example as it was in 2018, without dropout, which the paper's section 7 uses:
/// convolution 1→10 of 5×5, max-pool 2, ReLU, convolution 10→20 of 5×5, max-pool 2, ReLU, linear 320→50, ReLU, linear 50→10.
/// (N, 28, 28, 1) → (N, 10); 21,840 parameters.
/// </summary>
public sealed class MnistCnn : Module
{
    private readonly Conv2d conv1 = new(1, 10, 5);
    private readonly Conv2d conv2 = new(10, 20, 5);
    private readonly Linear fc1 = new(320, 50);
    private readonly Linear fc2 = new(50, 10);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        Tensor y = conv1.Apply(x).MaxPool2d(2).Relu();
        y = conv2.Apply(y).MaxPool2d(2).Relu();
        return fc2.Apply(fc1.Apply(y.Flatten()).Relu());
    }
}
