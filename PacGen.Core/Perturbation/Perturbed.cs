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
        PerturbConstants<T> constants = new(settings);
        return SampleAt(weight, gradient, Curvature(weight, secondMoment, gradient, in constants), word, in constants);
    }

    /// <summary>
    /// The first half of <see cref="Sample"/>, without root, division or noise: η·log²(1+epoch)·(h + ρκ). A machine that runs out
    /// of registers, or of work between steps that wait for each other, keeps it in memory.
    /// </summary>
    /// <param name="weight">w.</param>
    /// <param name="secondMoment">h as stored.</param>
    /// <param name="gradient">The gradient as stored.</param>
    /// <param name="constants">The step's scalars.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Curvature<T>(T weight, T secondMoment, T gradient, in PerturbConstants<T> constants)
        where T : struct, ILane<T>
    {
        T g = gradient * constants.GradientScale, h = secondMoment * constants.SecondMomentScale;
        T kappa = Kappa.Of(weight, constants.Gamma, constants.Epsilon);
        return OptimalSigma.Curvature(h, HessianLipschitz.Estimate(g, h, constants.RhoScale), kappa, constants.CurvatureScale);
    }

    /// <summary>The second half: u from <see cref="Curvature"/>.</summary>
    /// <param name="weight">w.</param>
    /// <param name="gradient">The gradient as stored.</param>
    /// <param name="curvature">What <see cref="Curvature"/> gives.</param>
    /// <param name="word">The parameter's random word.</param>
    /// <param name="constants">The step's scalars.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T SampleAt<T, TWords>(T weight, T gradient, T curvature, TWords word, in PerturbConstants<T> constants)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        T kappa = Kappa.Of(weight, constants.Gamma, constants.Epsilon);
        T sigma = OptimalSigma.AtCurvature(gradient * constants.GradientScale, curvature, kappa, constants.GradientThreshold);
        return TNoise.Sample(sigma, kappa, word);
    }
}
