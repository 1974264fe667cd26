using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>PyTorch's momentum without dampening: with g + λw for g, b ← μb + g, w ← w − lr·b. As b starts at 0, the first step is plain.</summary>
public readonly struct MomentumRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int StateCount => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Step<T>(T weight, T gradient, ref T state0, ref T state1, UpdateSettings settings)
        where T : struct, ILane<T>
    {
        T g = T.Fma(T.Constant(settings.WeightDecay), weight, gradient);
        state0 = T.Fma(T.Constant(settings.Momentum), state0, g);
        return T.Fma(T.Constant(-settings.LearningRate), state0, weight);
    }

    /// <summary>The scalars of a step, of <see cref="NesterovRule"/> too.</summary>
    public static UpdateSettings Settings(double learningRate, double momentum, double weightDecay = 0) =>
        SgdRule.Settings(learningRate, weightDecay) with { Momentum = (float)momentum };
}
