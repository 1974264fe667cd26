using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>PyTorch's Nesterov momentum: with g + λw for g, b ← μb + g, w ← w − lr·(g + μb). Settings as for <see cref="MomentumRule"/>.</summary>
public readonly struct NesterovRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int StateCount => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Step<T>(T weight, T gradient, ref T state0, ref T state1, UpdateSettings settings)
        where T : struct, ILane<T>
    {
        T momentum = T.Constant(settings.Momentum);
        T g = T.Fma(T.Constant(settings.WeightDecay), weight, gradient);
        state0 = T.Fma(momentum, state0, g);
        return T.Fma(T.Constant(-settings.LearningRate), T.Fma(momentum, state0, g), weight);
    }
}
