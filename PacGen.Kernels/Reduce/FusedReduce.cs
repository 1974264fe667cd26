
using System.Runtime.CompilerServices;

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
    /// <summary>The most functions on a GPU: they stand in the kernel sixteen times.</summary>
    private const int LargestExpression = 12;

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs) => Reduction.Infer([new FusedMap(Expression, Source).Infer(inputs)]);

    /// <inheritdoc/>
    public override FusedReduce? AsReduction(ReadOnlySpan<Shape> inputs) => this;

    /// <summary>
    /// Whether a device reduces the values as it computes them; else it has them in memory between. A GPU reads inputs of the
    /// whole shape, of its last axis, as far as that alone stays, and single numbers.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="inputs">The inputs' shapes.</param>
    public bool IsOnePass(Device device, ReadOnlySpan<Shape> inputs)
    {
        if (device is CpuDevice)
        {
            return true;
        }

        bool reads = device is GpuDevice { FusesMaps: true } && RuntimeFeature.IsDynamicCodeSupported
            && inputs.Length <= OtherArguments.Most + 1 && Expression.Size is > 0 and <= LargestExpression;
        long inner = Reduction.Steps(Source)[0].Inner;
        foreach (Shape input in inputs)
        {
            reads &= ExpressionArgument.Reads(Source, input)
                && (!ExpressionArgument.IsOfColumns(Source, input) || inner == Source[-1]);
        }

        return reads;
    }

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        if (IsOnePass(device, shapes))
        {
            return Reduction.Bind(device, this, shapes, inputs, output);
        }

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
