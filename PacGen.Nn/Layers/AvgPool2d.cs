namespace PacGen.Nn;

/// <summary>The mean of each window of images (N, H, W, C); padding counts as zeros.</summary>
/// <param name="kernelSize">The window's height and width.</param>
/// <param name="stride">The step between windows; the kernel's size without it.</param>
/// <param name="padding">Padding on each side, at most half the kernel.</param>
public sealed class AvgPool2d(int kernelSize, int? stride = null, int padding = 0) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.AvgPool2d(kernelSize, stride, padding);
}
