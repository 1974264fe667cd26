using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>f(x): a unary function of an expression.</summary>
/// <typeparam name="TFunction">The function f.</typeparam>
/// <typeparam name="TX">The expression x.</typeparam>
public readonly struct Apply<TFunction, TX> : IExpression
    where TFunction : struct, IUnaryFunction
    where TX : struct, IExpression
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => TFunction.Invoke(TX.Evaluate<T, TInputs>(in inputs));
}
