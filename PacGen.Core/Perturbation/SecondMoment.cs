using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>
/// h, the smoothed square of the gradient that stands for the Hessian's diagonal (line 11 of Algorithm 1; Adam's v).
/// </summary>
public static class SecondMoment
{
    /// <summary>βh + (1 − β)g².</summary>
    /// <param name="secondMoment">h before the step; 0 at first.</param>
    /// <param name="gradient">g.</param>
    /// <param name="beta">β: β₁ of Algorithm 1, β₂ of Adam.</param>
    /// <param name="oneMinusBeta">1 − β, formed in double.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Smooth<T>(T secondMoment, T gradient, T beta, T oneMinusBeta)
        where T : struct, ILane<T> => T.Fma(oneMinusBeta * gradient, gradient, beta * secondMoment);

    /// <summary>
    /// What undoes the bias of a start at 0: 1/(1 − βᵗ) after t steps, so that h times it is a weighted mean of the t squares.
    /// The paper's Algorithm 1 does without; an option.
    /// </summary>
    /// <param name="beta">β, in [0, 1).</param>
    /// <param name="steps">t, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="steps"/> is below 1: after no step there is nothing to
    /// correct.</exception>
    public static double BiasCorrection(double beta, long steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return 1 / (1 - Math.Pow(beta, steps));
    }
}
