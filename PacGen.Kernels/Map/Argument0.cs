using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>Argument 0 of an expression.</summary>
public readonly struct Argument0 : IExpression
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => inputs.Get0();
}
