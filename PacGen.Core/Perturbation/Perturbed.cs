using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Perturbation;

/// <summary>Lines 6 to 9 of Algorithm 1 in one: the perturbation of a parameter.</summary>
/// <typeparam name="TNoise">The distribution.</typeparam>
public static class Perturbed<TNoise>
    where TNoise : struct, INoise
{
    /// <summary>u of one parameter a place; what is added to w for the gradient's pass.</summary>
    /// <param name="weight">w.</param>
    /// <param name="secondMoment">h as stored.</param>
    /// <param name="gradient">The gradient as stored.</param>
    /// <param name="word">The parameter's random word.</param>
    /// <param name="settings">The step's scalars.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sample<T, TWords>(T weight, T secondMoment, T gradient, TWords word, PerturbSettings settings)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        T g = gradient * T.Constant(settings.GradientScale);
        T h = secondMoment * T.Constant(settings.SecondMomentScale);
        T kappa = Kappa.Of(weight, T.Constant(settings.Gamma), T.Constant(settings.Epsilon));
        T rho = HessianLipschitz.Estimate(g, h, T.Constant(settings.RhoScale));
        T sigma = OptimalSigma.AlgorithmOne(
            g, h, rho, kappa, T.Constant(settings.CurvatureScale), T.Constant(settings.GradientThreshold));
        return TNoise.Sample(sigma, kappa, word);
    }
}
