using PacGen.Core.Optimization;

namespace PacGen.Kernels;

/// <summary>The settings of one update of all parameters: the rule's own, and what every update has.</summary>
/// <typeparam name="TRule">OPT.</typeparam>
public struct UpdateSettings<TRule>
    where TRule : unmanaged, IUpdateRule
{
    /// <summary>What the stored gradient is multiplied by first: gradient clipping; else 1.</summary>
    public float GradientScale;

    /// <summary>β₁ of Algorithm 1, for the h that the update keeps.</summary>
    public float SecondMomentBeta;

    /// <summary>1 − β₁ of Algorithm 1.</summary>
    public float OneMinusSecondMomentBeta;

    /// <summary>The rule as it is in this step.</summary>
    public TRule Rule;

    /// <summary>The settings of a step.</summary>
    /// <param name="rule">The rule as it is in this step.</param>
    /// <param name="gradientScale">What the stored gradient is multiplied by.</param>
    /// <param name="secondMomentBeta">β₁ of Algorithm 1, where the update keeps h.</param>
    public UpdateSettings(TRule rule, double gradientScale = 1, double secondMomentBeta = 0)
    {
        Rule = rule;
        GradientScale = (float)gradientScale;
        SecondMomentBeta = (float)secondMomentBeta;
        OneMinusSecondMomentBeta = (float)(1 - secondMomentBeta);
    }
}
