using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>1 where x &gt; 0, else 0: the derivative of ReLU, which is 0 at 0 as in PyTorch.</summary>
public readonly struct StepFunction : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.Select(T.Less(T.Constant(0f), x), T.Constant(1f), T.Constant(0f));
}
