using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>What a pass computes of its sums, a number a column, as a type argument of the kernel.</summary>
internal interface IColumnMaps
{
    /// <summary>Computes the results of a column; sums and results of earlier maps are in memory.</summary>
    void Run(int column);
}

/// <summary>Nothing.</summary>
/// <param name="nothing">A kernel's argument has a field.</param>
internal readonly struct NoColumnMaps(int nothing) : IColumnMaps
{
    private readonly int nothing = nothing;

    /// <inheritdoc/>
    public void Run(int column) => _ = nothing;
}

/// <summary>A map, and those behind it.</summary>
internal readonly struct ColumnMaps<TExpression, TNext>(ColumnMapMemory memory, TNext next) : IColumnMaps
    where TExpression : struct, IExpression
    where TNext : struct, IColumnMaps
{
    private readonly ColumnMapMemory memory = memory;
    private readonly TNext next = next;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int column)
    {
        memory.Run<TExpression>(column);
        next.Run(column);
    }
}

/// <summary>A map's memory: a number a column, or one number.</summary>
internal readonly struct ColumnMapMemory
{
    private readonly ArrayView<float> x0, x1, x2, x3, x4, x5, x6, x7, y;
    private readonly int s0, s1, s2, s3, s4, s5, s6, s7;

    public ColumnMapMemory(Region[] operands, Region output)
    {
        y = GpuDevice.View(output);
        (x0, s0) = Of(operands, 0);
        (x1, s1) = Of(operands, 1);
        (x2, s2) = Of(operands, 2);
        (x3, s3) = Of(operands, 3);
        (x4, s4) = Of(operands, 4);
        (x5, s5) = Of(operands, 5);
        (x6, s6) = Of(operands, 6);
        (x7, s7) = Of(operands, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run<TExpression>(int column)
        where TExpression : struct, IExpression
    {
        MapGpu<TExpression>.At at = new(
            x0, x1, x2, x3, x4, x5, x6, x7,
            column * s0, column * s1, column * s2, column * s3, column * s4, column * s5, column * s6, column * s7);
        y[column] = TExpression.Evaluate<GpuFloat, MapGpu<TExpression>.At>(in at).Value;
    }

    private static (ArrayView<float> Memory, int Step) Of(Region[] operands, int index)
    {
        Region region = operands[index < operands.Length ? index : 0];
        return (GpuDevice.View(region), region.Count == 1 ? 0 : 1);
    }
}
