
namespace PacGen.Kernels;

/// <summary>
/// y[kept] = Σ (x[kept, reduced] − m[kept])² of a tensor x and its mean m along some axes, which stay with extent 1 or stand to
/// the left of all others: variance times count, about the mean, so that nothing cancels.
/// </summary>
/// <remarks>
/// An operation of its own because of its gradient: as ∂y/∂m = −2 Σ (x − m) is zero at the mean, only 2 (x − m) is left of it,
/// which spares each batch norm a pass over the gradient. That holds for derivatives of any order, but only where m is the mean.
/// </remarks>
/// <param name="Axes">The axes to sum along.</param>
public sealed record SquaredDeviations(Axes Axes) : VectorOperation
{
    private static readonly Expression Term = Expression.Unary<SquareFunction>().Substitute(
        [Expression.Binary<SubtractFunction>()]).Known<Apply<SquareFunction, Apply<SubtractFunction, Argument0, Argument1>>>();

    private Reduce Reduction => new(ReduceKind.Sum, Axes);

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        if (inputs.Length != 2 || inputs[0].Rank < Axes.Rank)
        {
            throw Mismatch(inputs, $"a tensor that has the axes {Axes} and its mean along them");
        }

        Shape kept = (Reduction with { KeepDims = true }).Infer([inputs[0]]);
        bool fits = inputs[1].Rank <= kept.Rank;
        for (int axis = 1; fits && axis <= kept.Rank; axis++)
        {
            fits = kept[-axis] == (axis <= inputs[1].Rank ? inputs[1][-axis] : 1);
        }

        return fits ? Reduction.Infer([inputs[0]]) : throw Mismatch(inputs, $"a tensor and its mean along the axes {Axes}");
    }

    /// <inheritdoc/>
    public override FusedReduce AsReduction(ReadOnlySpan<Shape> inputs) => new(Term, inputs[0], Reduction);

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        AsReduction(shapes).Bind(device, shapes, inputs, output);

    private protected override Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        AsReduction(shapes).Bind(device, shapes, inputs, output, T.Count);
}
