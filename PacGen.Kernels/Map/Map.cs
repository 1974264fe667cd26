using PacGen.Kernels.Devices;

namespace PacGen.Kernels.Map;

/// <summary>
/// out[i] = e(x₀[i], x₁[i], …): a fused elementwise expression with broadcasting (shapes aligned at the last axis, an extent
/// of 1 stretches). The output may be the memory of an input that has the output's shape.
/// </summary>
/// <param name="Expression">What is computed.</param>
public sealed record Map(Expression Expression) : Operation
{
    /// <inheritdoc/>
    public override string Name => Expression.Function?.Name ?? Expression.ToString();

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        if (inputs.Length != Expression.Arity)
        {
            throw new ShapeException($"{Name} takes {Expression.Arity} inputs, not {inputs.Length}.");
        }

        Shape shape = inputs[0];
        for (int i = 1; i < inputs.Length; i++)
        {
            shape = Shape.Broadcast(shape, inputs[i], Name);
        }

        return shape;
    }

    /// <inheritdoc/>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        MapCpu.Create(device, CpuDevice.LaneType(device.Lanes), Expression, BroadcastPlan.Create(Infer(shapes), shapes), inputs.ToArray(), output);
}
