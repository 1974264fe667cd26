using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>Argument 1 of an expression.</summary>
public readonly struct Argument1 : IExpression
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => inputs.Get1();
}
