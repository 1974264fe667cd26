
namespace PacGen.Kernels;

/// <summary>
/// out[i] = e(x₀[i], x₁[i], …): a fused elementwise expression with broadcasting (shapes aligned at the last axis, an extent
/// of 1 stretches). The output may be the memory of an input that has the output's shape.
/// </summary>
/// <param name="Expression">What is computed.</param>
/// <param name="Target">A shape to stretch the output to, or null for the one that the inputs broadcast to.</param>
public sealed record FusedMap(Expression Expression, Shape? Target = null) : Operation
{
    /// <summary>x₀ stretched to a shape; also the copy of a tensor.</summary>
    /// <param name="target">The shape.</param>
    public static FusedMap BroadcastTo(Shape target) => new(Expression.Argument(0), target);

    /// <summary>A unary function.</summary>
    public static FusedMap Unary<TFunction>()
        where TFunction : struct, IUnaryFunction => new(Expression.Unary<TFunction>());

    /// <summary>A binary function.</summary>
    public static FusedMap Binary<TFunction>()
        where TFunction : struct, IBinaryFunction => new(Expression.Binary<TFunction>());

    /// <inheritdoc/>
    public override string Name => Expression.FunctionName ?? Expression.ToString();

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

        if (Target is not { } target)
        {
            return shape;
        }

        return Shape.Broadcast(shape, target, Name) == target
            ? target
            : throw new ShapeException($"{Name}: shape {shape} does not broadcast to {target}.");
    }

    /// <inheritdoc/>
    public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        MapCpu.Create(
            device, device.Lanes, Expression, BroadcastPlan.Create(Infer(shapes), shapes), inputs.ToArray(),
            output);

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        MapGpu.Create(device, Expression.ToType(), Name, BroadcastPlan.Create(Infer(shapes), shapes), inputs.ToArray(), output);
}
