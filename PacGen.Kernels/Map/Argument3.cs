using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>Argument 3 of an expression.</summary>
public readonly struct Argument3 : IExpression
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => inputs.Get3();
}
