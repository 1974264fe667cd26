using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// An elementwise expression as a type: closing a kernel over it makes one fused loop on the CPU and one kernel body on a GPU.
/// Built from <see cref="Argument0"/>… and <see cref="Apply{TFunction, TX}"/>; <see cref="Expression"/> is its run-time
/// description.
/// </summary>
public interface IExpression
{
    /// <summary>The expression's value at the place that <paramref name="inputs"/> stands at.</summary>
    static abstract T Evaluate<T, TInputs>(in TInputs inputs)
        where T : struct, ILane<T>
        where TInputs : struct, IInputs<T>;
}
