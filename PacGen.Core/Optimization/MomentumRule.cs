using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Optimization;

/// <summary>
/// PyTorch's momentum without dampening: with g + λw for g, b ← μb + g, w ← w − lr·b. As b starts at 0, the first step is plain.
/// </summary>
/// <param name="learningRate">lr.</param>
/// <param name="momentum">μ.</param>
/// <param name="weightDecay">λ.</param>
public readonly struct MomentumRule(double learningRate, double momentum, double weightDecay = 0) : IUpdateRule
{
    private readonly float rate = (float)learningRate, mu = (float)momentum, decay = (float)weightDecay;

    /// <inheritdoc/>
    public static IReadOnlyList<string> StateNames => ["momentum"];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Step<T>(T weight, T gradient, ref States<T> states)
        where T : struct, ILane<T>
    {
        ref T b = ref states.First;
        T g = T.Fma(T.Constant(decay), weight, gradient);
        b = T.Fma(T.Constant(mu), b, g);
        return T.Fma(T.Constant(-rate), b, weight);
    }
}
