using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Optimization;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels;

/// <summary>
/// The update of one parameter on every device, closed over the rule, the number of its states and the keeping of h.
/// </summary>
internal static class UpdateStep<TRule, TStates, TKeeping>
    where TRule : unmanaged, IUpdateRule
    where TStates : struct, IStateCount
    where TKeeping : struct, ISecondMomentKeeping
{
    /// <summary>The new weight; what is kept is updated in place.</summary>
    /// <param name="weight">w.</param>
    /// <param name="gradient">g, scaled.</param>
    /// <param name="states">What the rule keeps.</param>
    /// <param name="moment">h, where it is kept.</param>
    /// <param name="rule">The rule; by reference, so that no copy is made.</param>
    /// <param name="beta">β₁ of Algorithm 1.</param>
    /// <param name="oneMinusBeta">1 − β₁.</param>
    /// <param name="change">Δw; NaN where something that is kept is not finite.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Next<T>(
        T weight, T gradient, ref States<T> states, ref T moment, ref TRule rule, T beta, T oneMinusBeta, out T change)
        where T : struct, ILane<T>
    {
        T next = rule.Step(weight, gradient, ref states);
        T zero = T.Constant(0f);
        change = next - weight;
        if (TStates.Count > 0)
        {
            change = T.Fma(states.First, zero, change);
        }

        if (TStates.Count > 1)
        {
            change = T.Fma(states.Second, zero, change);
        }

        if (TStates.Count > 2)
        {
            change = T.Fma(states.Third, zero, change);
        }

        if (TStates.Count > 3)
        {
            change = T.Fma(states.Fourth, zero, change);
        }

        if (TKeeping.Keeps)
        {
            moment = SecondMoment.Smooth(moment, gradient, beta, oneMinusBeta);
            change = T.Fma(moment, zero, change);
        }

        return next;
    }
}
