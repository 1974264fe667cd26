using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>PyTorch's AdamW: w ← (1 − lr·λ)w, then <see cref="AdamRule"/>'s step without weight decay. It keeps m, then v.</summary>
/// <remarks>Where β₂ is β₁ of Algorithm 1, v is Algorithm 1's h and serves as it.</remarks>
public readonly struct AdamWRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int StateCount => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Step<T>(T weight, T gradient, ref T state0, ref T state1, UpdateSettings settings)
        where T : struct, ILane<T> =>
        AdamRule.Move(weight * T.Constant(settings.Shrinkage), gradient, ref state0, ref state1, settings);

    /// <summary>The scalars of step t.</summary>
    /// <param name="step">t, counted from 1.</param>
    /// <param name="learningRate">lr.</param>
    /// <param name="beta1">β₁.</param>
    /// <param name="beta2">β₂.</param>
    /// <param name="epsilon">ε, outside the root.</param>
    /// <param name="weightDecay">λ.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is below 1.</exception>
    public static UpdateSettings Settings(
        long step, double learningRate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0.01) =>
        AdamRule.Settings(step, learningRate, beta1, beta2, epsilon) with { Shrinkage = (float)(1 - (learningRate * weightDecay)) };
}
