using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The CPU's loops of an expression whose type is known when PacGen, or the program that uses it, is compiled: they are there in
/// a program that was compiled to native code, which can close no types at run time.
/// </summary>
internal abstract class MapLoops
{
    /// <summary>The map at a width of 16, 8, 4 or 1 floats.</summary>
    public abstract MapCpu Create(CpuDevice device, int width, BroadcastPlan plan, Region[] inputs, Region? output);
}

/// <summary>The loops of one expression.</summary>
internal sealed class MapLoops<TExpression> : MapLoops
    where TExpression : struct, IExpression
{
    /// <inheritdoc/>
    public override MapCpu Create(CpuDevice device, int width, BroadcastPlan plan, Region[] inputs, Region? output) =>
        width switch
        {
            16 => new MapCpu<TExpression, Float16>(device, plan, inputs, output),
            8 => new MapCpu<TExpression, Float8>(device, plan, inputs, output),
            4 => new MapCpu<TExpression, Float4>(device, plan, inputs, output),
            _ => new MapCpu<TExpression, Float1>(device, plan, inputs, output),
        };
}
