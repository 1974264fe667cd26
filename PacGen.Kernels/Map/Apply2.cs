using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>f(x, y): a binary function of two expressions.</summary>
/// <typeparam name="TFunction">The function f.</typeparam>
/// <typeparam name="TX">The expression x.</typeparam>
/// <typeparam name="TY">The expression y.</typeparam>
public readonly struct Apply<TFunction, TX, TY> : IExpression
    where TFunction : struct, IBinaryFunction
    where TX : struct, IExpression
    where TY : struct, IExpression
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) =>
        TFunction.Invoke(TX.Evaluate<T, TInputs>(in inputs), TY.Evaluate<T, TInputs>(in inputs));
}
