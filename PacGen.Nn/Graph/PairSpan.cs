using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>A part of what a <see cref="PairMap"/> stored, which a graph compiles to a view of its memory.</summary>
/// <param name="Start">Its first place of a float.</param>
/// <param name="Target">The shape of its places.</param>
internal sealed record PairSpan(long Start, Shape Target) : Operation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs) => inputs is [var whole] && Start + Target.Count <= whole.Count
        ? Target
        : throw new ShapeException($"{Name}: no {Target} begins at {Start} of what it is a part of.");

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: it is a view.</exception>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        throw new NotSupportedException($"{Name} is a view of memory.");
}
