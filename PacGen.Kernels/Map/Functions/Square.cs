using System.Runtime.CompilerServices;

namespace PacGen.Kernels.Map.Functions;

/// <summary>x².</summary>
public readonly struct Square : IUnaryFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T IUnaryFunction.Invoke<T>(T x) => x * x;
}
