namespace PacGen.Nn;

/// <summary>The maximum of each window of images (N, H, W, C).</summary>
/// <param name="kernelSize">The window's height and width.</param>
/// <param name="stride">The step between windows; the kernel's size without it.</param>
/// <param name="padding">Padding on each side, at most half the kernel.</param>
public sealed class MaxPool2d(int kernelSize, int? stride = null, int padding = 0) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.MaxPool2d(kernelSize, stride, padding);
}
