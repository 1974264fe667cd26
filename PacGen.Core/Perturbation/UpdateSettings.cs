namespace PacGen.Core.Perturbation;

/// <summary>The scalars of one update of all parameters: plain floats, prepared on the host in double, passed to kernels by value.</summary>
/// <remarks>Made by <see cref="SgdRule.Settings"/>, <see cref="MomentumRule.Settings"/>, <see cref="AdamRule.Settings"/>, <see cref="AdamWRule.Settings"/>.</remarks>
public struct UpdateSettings
{
    /// <summary>The learning rate; for Adam divided by 1 − β₁ᵗ.</summary>
    public float LearningRate;

    /// <summary>λ, the L2 weight decay: λw is added to the gradient.</summary>
    public float WeightDecay;

    /// <summary>1 − learning rate · λ, what AdamW multiplies w by.</summary>
    public float Shrinkage;

    /// <summary>μ, the momentum.</summary>
    public float Momentum;

    /// <summary>1 − β₁ of Adam.</summary>
    public float OneMinusBeta1;

    /// <summary>β₂ of Adam.</summary>
    public float Beta2;

    /// <summary>1 − β₂ of Adam.</summary>
    public float OneMinusBeta2;

    /// <summary>1/√(1 − β₂ᵗ) of Adam.</summary>
    public float RootCorrection;

    /// <summary>ε of Adam, outside the root.</summary>
    public float Epsilon;

    /// <summary>What the stored gradient is multiplied by first: gradient clipping; else 1.</summary>
    public float GradientScale;

    /// <summary>β₁ of Algorithm 1, for the h that the update keeps.</summary>
    public float SecondMomentBeta;

    /// <summary>1 − β₁ of Algorithm 1.</summary>
    public float OneMinusSecondMomentBeta;

    /// <summary>These settings for an update that also keeps Algorithm 1's h, smoothed by <paramref name="beta"/>.</summary>
    public readonly UpdateSettings WithSecondMoment(double beta) =>
        this with { SecondMomentBeta = (float)beta, OneMinusSecondMomentBeta = (float)(1 - beta) };

    /// <summary>These settings with another factor on the stored gradient.</summary>
    public readonly UpdateSettings WithGradientScale(double scale) => this with { GradientScale = (float)scale };
}
