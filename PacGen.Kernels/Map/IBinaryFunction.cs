using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>A function of two numbers, written once over lanes.</summary>
public interface IBinaryFunction
{
    /// <summary>The function's value.</summary>
    static abstract T Invoke<T>(T x, T y)
        where T : struct, ILane<T>;
}
