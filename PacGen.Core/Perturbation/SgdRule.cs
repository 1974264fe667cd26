using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>Stochastic gradient descent with L2 weight decay λ: w ← w − lr·(g + λw).</summary>
public readonly struct SgdRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int StateCount => 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Step<T>(T weight, T gradient, ref T state0, ref T state1, UpdateSettings settings)
        where T : struct, ILane<T>
    {
        T g = T.Fma(T.Constant(settings.WeightDecay), weight, gradient);
        return T.Fma(T.Constant(-settings.LearningRate), g, weight);
    }

    /// <summary>The scalars of a step.</summary>
    public static UpdateSettings Settings(double learningRate, double weightDecay = 0) =>
        new() { LearningRate = (float)learningRate, WeightDecay = (float)weightDecay, GradientScale = 1f };
}
