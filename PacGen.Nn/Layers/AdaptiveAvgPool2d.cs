namespace PacGen.Nn;

/// <summary>
/// Images (N, H, W, C) averaged down, or up, to a height and width: pixel i of OH is the mean of the rows from ⌊i·H/OH⌋ to below
/// ⌈(i + 1)·H/OH⌉, as in PyTorch.
/// </summary>
/// <param name="height">OH.</param>
/// <param name="width">OW; OH without it.</param>
public sealed class AdaptiveAvgPool2d(int height, int? width = null) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.AdaptiveAvgPool2d(height, width ?? height);
    }
}
