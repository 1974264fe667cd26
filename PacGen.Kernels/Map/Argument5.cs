using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>Argument 5 of an expression.</summary>
public readonly struct Argument5 : IExpression
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => inputs.Get5();
}
