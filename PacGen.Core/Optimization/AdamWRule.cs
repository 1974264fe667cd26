using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Optimization;

/// <summary>PyTorch's AdamW: w ← (1 − lr·λ)w, then <see cref="AdamRule"/>'s step without weight decay.</summary>
/// <param name="step">t, counted from 1.</param>
/// <param name="learningRate">lr.</param>
/// <param name="beta1">β₁.</param>
/// <param name="beta2">β₂.</param>
/// <param name="epsilon">ε, outside the root.</param>
/// <param name="weightDecay">λ.</param>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is below 1.</exception>
/// <remarks>Where β₂ is β₁ of Algorithm 1, v is Algorithm 1's h and serves as it.</remarks>
public readonly struct AdamWRule(
    long step, double learningRate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0.01)
        : IUpdateRule
{
    private readonly AdamRule adam = new(step, learningRate, beta1, beta2, epsilon);
    private readonly float shrinkage = (float)(1 - (learningRate * weightDecay));

    /// <inheritdoc/>
    public static IReadOnlyList<string> StateNames => AdamRule.StateNames;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Step<T>(T weight, T gradient, ref States<T> states)
        where T : struct, ILane<T> => adam.Move(weight * T.Constant(shrinkage), gradient, ref states);
}
