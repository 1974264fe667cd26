using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>A function of one number, written once over lanes: an activation is one struct that implements this.</summary>
public interface IUnaryFunction
{
    /// <summary>The function's value.</summary>
    static abstract T Invoke<T>(T x)
        where T : struct, ILane<T>;
}
