
namespace PacGen.Kernels;

/// <summary>
/// y[kept] = Σ e(x₀, x₁, …)[kept, reduced], or max: the reduction of a map whose values are never in memory. The bits are those
/// of the map and the reduction one after the other, but for many short rows.
/// </summary>
/// <param name="Expression">What is computed of the inputs.</param>
/// <param name="Source">The shape that the inputs are stretched to.</param>
/// <param name="Reduction">How that is reduced.</param>
public sealed record FusedReduce(Expression Expression, Shape Source, Reduce Reduction) : VectorOperation
{
    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs) => Reduction.Infer([new FusedMap(Expression, Source).Infer(inputs)]);

    /// <inheritdoc/>
    public override FusedReduce? AsReduction(ReadOnlySpan<Shape> inputs) => this;

    /// <inheritdoc/>
    /// <remarks>A GPU computes the map into memory first.</remarks>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        using LaunchParts parts = new(device);
        Region values = parts.Memory(Source.Count);
        parts.Add(new FusedMap(Expression, Source).Bind(device, shapes, inputs, values));
        parts.Add(Reduction.Bind(device, [Source], [values], output));
        return parts.ToLaunch();
    }

    private protected override Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Reduction.Bind<T>(
            device, Source, default,
            MapCpu.Create(device, T.Count, Expression, BroadcastPlan.Create(Source, shapes), inputs.ToArray(), null), output);
}
