using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>
/// Lines 6 to 10 of Algorithm 1 in one, over w, h as stored and the gradient as stored: w + u, u sampled anew. Moves 16 bytes a
/// parameter.
/// </summary>
/// <typeparam name="TNoise">The distribution of u.</typeparam>
public readonly struct Perturbed<TNoise> : IRandomMap<PerturbSettings>
    where TNoise : struct, INoise
{
    /// <inheritdoc/>
    public static int Inputs => 3;

    /// <inheritdoc/>
    public static bool IsSplit => true;

    /// <inheritdoc/>
    public static PhiloxDraw Random(PerturbSettings settings) => settings.Draw;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneConstants<T> Constants<T>(PerturbSettings settings)
        where T : struct, ILane<T> => new(
            settings.Gamma, settings.Epsilon, settings.GradientScale, settings.SecondMomentScale,
            settings.RhoScale, settings.CurvatureScale, settings.GradientThreshold);

    /// <summary>The root of line 8, log(1+epoch)·√(η(h + ρκ)): what follows are the division and the noise.</summary>
    /// <param name="a">w.</param>
    /// <param name="b">h as stored.</param>
    /// <param name="c">The gradient as stored.</param>
    /// <param name="constants">What <see cref="Constants"/> gives.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T First<T>(T a, T b, T c, in LaneConstants<T> constants)
        where T : struct, ILane<T>
    {
        T gradient = c * constants.C2, h = b * constants.C3, rho = Rho.Estimate(gradient, h, constants.C4);
        return T.Sqrt(OptimalSigma.AlgorithmOneCurvature(h, rho, Kappa.Of(a, constants.C0, constants.C1), constants.C5));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T, TWords>(T a, T b, T c, T first, TWords word, in LaneConstants<T> constants)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords> => a + At(a, c, first, word, in constants);

    /// <summary>u alone.</summary>
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
        LaneConstants<T> constants = Constants<T>(settings);
        return At(weight, gradient, First(weight, secondMoment, gradient, in constants), word, in constants);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T At<T, TWords>(T weight, T gradient, T root, TWords word, in LaneConstants<T> constants)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        T kappa = Kappa.Of(weight, constants.C0, constants.C1);
        return TNoise.Sample(OptimalSigma.AlgorithmOneOfRoot(gradient * constants.C2, root, kappa, constants.C6), kappa, word);
    }
}
