using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The sum or the largest of a tensor's elements along some axes: y[kept] = Σ x[kept, reduced], or max. Without
/// <paramref name="KeepDims"/> the reduced axes disappear, with it they stay with extent 1.
/// </summary>
/// <remarks>
/// The order of summation depends on the shape alone, not on threads or vector width, and is pairwise above blocks of 32 or 16,
/// so the error grows with the logarithm of the number of summands. A GPU sums in another order, <see cref="ReduceGpu"/>'s.
/// </remarks>
/// <param name="Kind">Sum or maximum.</param>
/// <param name="Axes">The axes to reduce along; none copies.</param>
/// <param name="KeepDims">Whether reduced axes stay with extent 1.</param>
public sealed record Reduce(ReduceKind Kind, Axes Axes, bool KeepDims = false) : VectorOperation
{
    // Up to this length a row is summed in one place of a vector, with other rows in the others.
    private const int ShortRow = 512;

    /// <inheritdoc/>
    public override Shape Infer(ReadOnlySpan<Shape> inputs)
    {
        if (inputs.Length != 1 || inputs[0].Rank < Axes.Rank)
        {
            throw Mismatch(inputs, $"one tensor that has the axes {Axes}");
        }

        List<int> extents = [];
        for (int axis = 0; axis < inputs[0].Rank; axis++)
        {
            if (!Axes.Contains(axis))
            {
                extents.Add(inputs[0][axis]);
            }
            else if (KeepDims)
            {
                extents.Add(1);
            }
        }

        return new Shape([.. extents]);
    }

    /// <inheritdoc/>
    /// <remarks>Many short rows are wanted in memory.</remarks>
    public override FusedReduce? AsReduction(ReadOnlySpan<Shape> inputs)
    {
        (long outer, long rows, long inner) = Steps(inputs[0])[0];
        return AreShortRows(outer, rows, inner) ? null : new FusedReduce(Expression.Argument(0), inputs[0], this);
    }

    private protected override Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Bind<T>(device, shapes[0], inputs[0], null, output);

    /// <summary>The kernel over a tensor in memory or, with a map, over elements that it computes.</summary>
    internal Launch Bind<T>(CpuDevice device, Shape shape, Region input, MapCpu? map, Region output)
        where T : struct, IMemoryLane<T> => Kind switch
        {
            ReduceKind.Sum => Bind<T, Addition>(device, shape, input, map, output),
            ReduceKind.Max => Bind<T, Maximum>(device, shape, input, map, output),
            _ => throw new InvalidOperationException($"{Name}: there is no kind {Kind}."),
        };

    private static bool AreShortRows(long outer, long rows, long inner) => inner == 1 && outer >= 8 && rows <= ShortRow;

    /// <summary>Neighbouring axes of one kind count as one; each group of reduced ones is a step, the innermost first.</summary>
    internal List<(long Outer, long Rows, long Inner)> Steps(Shape shape)
    {
        List<(long Outer, long Rows, long Inner)> steps = [];
        long inner = 1, remaining = shape.Count;
        int axis = shape.Rank;
        while (axis > 0)
        {
            long rows = 1;
            for (; axis > 0 && (shape[axis - 1] == 1 || !Axes.Contains(axis - 1)); axis--)
            {
                inner *= shape[axis - 1];
            }

            for (; axis > 0 && (shape[axis - 1] == 1 || Axes.Contains(axis - 1)); axis--)
            {
                rows *= shape[axis - 1];
            }

            if (rows > 1)
            {
                remaining /= rows;
                steps.Add((remaining / inner, rows, inner));
            }
        }

        if (steps.Count == 0)
        {
            steps.Add((1, 1, shape.Count));
        }

        return steps;
    }

    private Launch Bind<T, TReduction>(CpuDevice device, Shape shape, Region input, MapCpu? map, Region output)
        where T : struct, IMemoryLane<T>
        where TReduction : struct, IReduction
    {
        List<(long Outer, long Rows, long Inner)> steps = Steps(shape);
        using LaunchParts parts = new(device);
        for (int i = 0; i < steps.Count; i++)
        {
            (long outer, long rows, long inner) = steps[i];
            Region result = i == steps.Count - 1 ? output : parts.Memory(outer * inner);
            parts.Add(Step<T, TReduction>(device, input, i == 0 ? map : null, result, outer, rows, inner));
            input = result;
        }

        return parts.ToLaunch();
    }

    private static unsafe CpuLaunch Step<T, TReduction>(
        CpuDevice device, Region input, MapCpu? map, Region output, long outer, long rows, long inner)
        where T : struct, IMemoryLane<T>
        where TReduction : struct, IReduction =>
        map is null && AreShortRows(outer, rows, inner)
            ? new ReduceShortRows<T, TReduction>(device, input, output, outer, (int)rows)
            : new ReduceColumns<T, TReduction>(device, input, map, output, outer, rows, inner);

    /// <inheritdoc/>
    public override Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Kind switch
        {
            ReduceKind.Sum => Bind<Addition>(device, shapes[0], inputs[0], null, output),
            ReduceKind.Max => Bind<Maximum>(device, shapes[0], inputs[0], null, output),
            _ => throw new InvalidOperationException($"{Name}: there is no kind {Kind}."),
        };

    /// <summary>The kernel on a GPU over values that it computes.</summary>
    internal Launch Bind(
        GpuDevice device, FusedReduce fused, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
    {
        ComputedReduce computed = ComputedReduce.Create(fused, shapes, inputs);
        return Kind switch
        {
            ReduceKind.Sum => Bind<Addition>(device, fused.Source, inputs[0], computed, output),
            ReduceKind.Max => Bind<Maximum>(device, fused.Source, inputs[0], computed, output),
            _ => throw new InvalidOperationException($"{Name}: there is no kind {Kind}."),
        };
    }

    private Launch Bind<TReduction>(GpuDevice device, Shape shape, Region input, ComputedReduce? computed, Region output)
        where TReduction : struct, IReduction
    {
        using LaunchParts parts = new(device);
        List<(long Outer, long Rows, long Inner)> steps = Steps(shape);
        for (int i = 0; i < steps.Count; i++)
        {
            (long outer, long rows, long inner) = steps[i];
            Region result = i == steps.Count - 1 ? output : parts.Memory(outer * inner);
            if (i == 0 && computed is not null)
            {
                computed.Add<TReduction>(device, result, outer, rows, inner, parts);
            }
            else
            {
                ReduceGpu.Add<TReduction>(device, Name, input, result, outer, rows, inner, parts);
            }

            input = result;
        }

        return parts.ToLaunch();
    }
}
