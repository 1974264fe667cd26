using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>
/// PyTorch's Adam: with g + λw for g, m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
/// w ← w − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε). It keeps m, then v.
/// </summary>
/// <remarks>Without weight decay, and where β₂ is β₁ of Algorithm 1, v is Algorithm 1's h and serves as it.</remarks>
public readonly struct AdamRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int StateCount => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Step<T>(T weight, T gradient, ref T state0, ref T state1, UpdateSettings settings)
        where T : struct, ILane<T>
    {
        T g = T.Fma(T.Constant(settings.WeightDecay), weight, gradient);
        return Move(weight, g, ref state0, ref state1, settings);
    }

    /// <summary>The scalars of step t.</summary>
    /// <param name="step">t, counted from 1.</param>
    /// <param name="learningRate">lr.</param>
    /// <param name="beta1">β₁.</param>
    /// <param name="beta2">β₂.</param>
    /// <param name="epsilon">ε, outside the root.</param>
    /// <param name="weightDecay">λ.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is below 1.</exception>
    public static UpdateSettings Settings(
        long step, double learningRate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        return new UpdateSettings
        {
            LearningRate = (float)(learningRate / (1 - Math.Pow(beta1, step))),
            WeightDecay = (float)weightDecay,
            Shrinkage = 1f,
            OneMinusBeta1 = (float)(1 - beta1),
            Beta2 = (float)beta2,
            OneMinusBeta2 = (float)(1 - beta2),
            RootCorrection = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step))),
            Epsilon = (float)epsilon,
            GradientScale = 1f,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Move<T>(T weight, T gradient, ref T state0, ref T state1, UpdateSettings settings)
        where T : struct, ILane<T>
    {
        state0 = T.Fma(T.Constant(settings.OneMinusBeta1), gradient - state0, state0);
        state1 = SecondMoment.Smooth(state1, gradient, T.Constant(settings.Beta2), T.Constant(settings.OneMinusBeta2));
        T root = T.Fma(T.Sqrt(state1), T.Constant(settings.RootCorrection), T.Constant(settings.Epsilon));
        return T.Fma(T.Constant(-settings.LearningRate), state0 / root, weight);
    }
}
