using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Optimization;

/// <summary>Stochastic gradient descent with L2 weight decay λ: w ← w − lr·(g + λw).</summary>
/// <param name="learningRate">lr.</param>
/// <param name="weightDecay">λ.</param>
public readonly struct SgdRule(double learningRate, double weightDecay = 0) : IUpdateRule
{
    private readonly float rate = (float)learningRate, decay = (float)weightDecay;

    /// <inheritdoc/>
    public static IReadOnlyList<string> StateNames => [];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Step<T>(T weight, T gradient, ref States<T> states)
        where T : struct, ILane<T>
    {
        T g = T.Fma(T.Constant(decay), weight, gradient);
        return T.Fma(T.Constant(-rate), g, weight);
    }
}
