using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>
/// Over w and h: a sample of N(w, 1/(λ(h + δ))), λ and δ being those of <see cref="PerturbSettings.Posterior"/>.
/// </summary>
public readonly struct PosteriorSample : IRandomMap<PerturbSettings>
{
    /// <inheritdoc/>
    public static int Inputs => 2;

    /// <inheritdoc/>
    public static bool IsSplit => true;

    /// <inheritdoc/>
    public static PhiloxDraw Random(PerturbSettings settings) => settings.Draw;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneConstants<T> Constants<T>(PerturbSettings settings)
        where T : struct, ILane<T> => new(settings.CurvatureScale, settings.Epsilon);

    /// <summary>The deviation, 1/√(λ(h + δ)).</summary>
    /// <param name="a">w.</param>
    /// <param name="b">h.</param>
    /// <param name="c">Nothing.</param>
    /// <param name="constants">What <see cref="Constants"/> gives.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T First<T>(T a, T b, T c, in LaneConstants<T> constants)
        where T : struct, ILane<T> => T.Constant(1f) / T.Sqrt(constants.C0 * (b + constants.C1));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T, TWords>(T a, T b, T c, T first, TWords word, in LaneConstants<T> constants)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords> =>
        a + GaussianNoise.Sample(first, T.Constant(float.PositiveInfinity), word);
}
