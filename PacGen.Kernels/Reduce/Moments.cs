using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The CPU's pass over a tensor (…, C) that gives both Σ e and Σ (e − m)², m being the mean of e, along all axes but the last:
/// batch normalisation's statistics, of numbers read once. A mean far from zero costs no digits.
/// </summary>
/// <param name="Expression">e, of the inputs.</param>
/// <param name="Source">The shape that the inputs are stretched to.</param>
public sealed record Moments(Expression Expression, Shape Source)
{
    /// <summary>The most columns: they are not cut.</summary>
    private const int MostColumns = 1023;

    /// <summary>The longest wide row, as far as a map repeats what is stretched along short ones.</summary>
    private const int LongestRow = 512;

    /// <summary>Whether a sum can be taken together with the squares about its mean.</summary>
    /// <param name="sum">The sum.</param>
    /// <param name="inputs">Its inputs' shapes: each of the whole shape, with a number a column, or one number.</param>
    public static bool Takes(FusedReduce sum, ReadOnlySpan<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(sum);
        if (!RuntimeFeature.IsDynamicCodeSupported || sum.Reduction.Kind != ReduceKind.Sum || sum.Source.Rank == 0
            || sum.Reduction.Steps(sum.Source) is not [(1, > 1 and var rows, <= MostColumns and var columns)]
            || columns != sum.Source[-1])
        {
            return false;
        }

        int fold = WideRows.Fold(columns);
        bool takes = rows % fold == 0 && (fold == 1 || fold * columns <= LongestRow);
        foreach (Shape input in inputs)
        {
            takes &= ExpressionArgument.Reads(sum.Source, input);
        }

        return takes;
    }

    /// <summary>What the kernel keeps for itself from its binding on, in bytes.</summary>
    public long KernelBytes => sizeof(float) * new MomentsTasks(Source).Kept;

    /// <summary>The kernel, bound to memory.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="inputs">Their memory.</param>
    /// <param name="sum">Gets Σ e.</param>
    /// <param name="squares">Gets Σ (e − m)².</param>
    /// <returns>The launch; who asked for it disposes of it.</returns>
    /// <exception cref="NotSupportedException">An input can't be read so: <see cref="Takes"/> says it.</exception>
    public Launch Bind(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region sum, Region squares)
    {
        ArgumentNullException.ThrowIfNull(device);
        MomentsTasks tasks = new(Source);
        MapCpu map = MapCpu.Create(
            device, device.Lanes, Expression, BroadcastPlan.Create(Source, shapes), inputs.ToArray(), null);
        if (!map.IsUniform(tasks.Width))
        {
            throw new NotSupportedException($"{device.Name} can't sum {Expression} over rows of {Source} in one pass.");
        }

        return device.Lanes switch
        {
            16 => new MomentsLaunch<Float16>(device, map, tasks, sum, squares),
            8 => new MomentsLaunch<Float8>(device, map, tasks, sum, squares),
            4 => new MomentsLaunch<Float4>(device, map, tasks, sum, squares),
            _ => new MomentsLaunch<Float1>(device, map, tasks, sum, squares),
        };
    }
}
