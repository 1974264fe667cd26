
namespace PacGen.Kernels;

/// <summary>
/// The same elements in another shape. A graph compiles it to a view of its input's memory; bound alone it copies.
/// </summary>
/// <param name="Target">The new shape.</param>
public sealed record Reshape(Shape Target) : Operation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        if (inputs is not [var shape] || shape.Count != Target.Count)
        {
            throw new ShapeException(
                $"Reshape: {(inputs.Length == 1 ? inputs[0].ToString() : $"{inputs.Length} inputs")} can't become {Target}: " +
                $"the number of elements differs.");
        }

        return Target;
    }

    /// <inheritdoc/>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        FusedMap.BroadcastTo(shapes[0]).Bind(device, shapes, inputs, output);

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        FusedMap.BroadcastTo(shapes[0]).Bind(device, shapes, inputs, output);
}
