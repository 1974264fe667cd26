using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary><see cref="PerturbSettings"/> in every place of a lane: made once for a loop, which then keeps them in registers.</summary>
/// <typeparam name="T">The lane.</typeparam>
public readonly struct PerturbConstants<T>
    where T : struct, ILane<T>
{
    /// <summary><see cref="PerturbSettings.Gamma"/>.</summary>
    public readonly T Gamma;

    /// <summary><see cref="PerturbSettings.Epsilon"/>.</summary>
    public readonly T Epsilon;

    /// <summary><see cref="PerturbSettings.CurvatureScale"/>.</summary>
    public readonly T CurvatureScale;

    /// <summary><see cref="PerturbSettings.RhoScale"/>.</summary>
    public readonly T RhoScale;

    /// <summary><see cref="PerturbSettings.GradientThreshold"/>.</summary>
    public readonly T GradientThreshold;

    /// <summary><see cref="PerturbSettings.GradientScale"/>.</summary>
    public readonly T GradientScale;

    /// <summary><see cref="PerturbSettings.SecondMomentScale"/>.</summary>
    public readonly T SecondMomentScale;

    /// <summary>The constants of a step.</summary>
    /// <param name="settings">The step's scalars.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PerturbConstants(PerturbSettings settings)
    {
        Gamma = T.Constant(settings.Gamma);
        Epsilon = T.Constant(settings.Epsilon);
        CurvatureScale = T.Constant(settings.CurvatureScale);
        RhoScale = T.Constant(settings.RhoScale);
        GradientThreshold = T.Constant(settings.GradientThreshold);
        GradientScale = T.Constant(settings.GradientScale);
        SecondMomentScale = T.Constant(settings.SecondMomentScale);
    }
}
