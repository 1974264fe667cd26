using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>The shape of one sample and the form of its target: what graphs are built for.</summary>
/// <param name="Shape">The extents of one sample.</param>
/// <param name="Target">What its target is.</param>
internal sealed record SampleForm(Shape Shape, TargetForm Target)
{
    /// <summary>Samples of the given extents in any number of classes.</summary>
    public static SampleForm OfImages(params ReadOnlySpan<int> extents) =>
        new(new Shape(extents), TargetForm.OneOf(int.MaxValue));

    /// <summary>The extents of so many samples.</summary>
    public Shape Batch(int count) => new([count, .. Shape.AsSpan()]);

    /// <summary>How many samples some targets belong to.</summary>
    public int CountOf(ReadOnlySpan<float> targets) => targets.Length / Target.Width;
}
