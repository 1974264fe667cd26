using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Core.Optimization;

/// <summary>
/// PyTorch's Adam: with g + λw for g, m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε).
/// </summary>
/// <remarks>Without weight decay, and where β₂ is β₁ of Algorithm 1, v is Algorithm 1's h and serves as it.</remarks>
public readonly struct AdamRule : IUpdateRule
{
    private readonly float rate, decay, oneMinusBeta1, beta2, oneMinusBeta2, rootCorrection, epsilon;

    /// <summary>Step t.</summary>
    /// <param name="step">t, counted from 1.</param>
    /// <param name="learningRate">lr.</param>
    /// <param name="beta1">β₁.</param>
    /// <param name="beta2">β₂.</param>
    /// <param name="epsilon">ε, outside the root.</param>
    /// <param name="weightDecay">λ.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is below 1.</exception>
    public AdamRule(
        long step, double learningRate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        rate = (float)(learningRate / (1 - Math.Pow(beta1, step)));
        decay = (float)weightDecay;
        oneMinusBeta1 = (float)(1 - beta1);
        this.beta2 = (float)beta2;
        oneMinusBeta2 = (float)(1 - beta2);
        rootCorrection = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step)));
        this.epsilon = (float)epsilon;
    }

    /// <inheritdoc/>
    public static IReadOnlyList<string> StateNames => ["m", "v"];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Step<T>(T weight, T gradient, ref States<T> states)
        where T : struct, ILane<T> => Move(weight, T.Fma(T.Constant(decay), weight, gradient), ref states);

    /// <summary>The step without weight decay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T Move<T>(T weight, T gradient, ref States<T> states)
        where T : struct, ILane<T>
    {
        ref T m = ref states.First;
        ref T v = ref states.Second;
        m = T.Fma(T.Constant(oneMinusBeta1), gradient - m, m);
        v = SecondMoment.Smooth(v, gradient, T.Constant(beta2), T.Constant(oneMinusBeta2));
        T root = T.Fma(T.Sqrt(v), T.Constant(rootCorrection), T.Constant(epsilon));
        return T.Fma(T.Constant(-rate), m / root, weight);
    }
}
