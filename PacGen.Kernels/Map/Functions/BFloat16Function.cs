using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>x rounded to bfloat16, 8 significant bits, ties to even; its derivative counts as one.</summary>
public readonly struct BFloat16Function : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => T.RoundToBFloat16(x);
}
