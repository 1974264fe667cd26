namespace PacGen.Kernels;

/// <summary>Plain writes, on devices where a copy has nothing to overlap with, or no way to.</summary>
internal sealed class DirectUpload(Region target) : Upload
{
    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> source) => target.Write(source);
}
