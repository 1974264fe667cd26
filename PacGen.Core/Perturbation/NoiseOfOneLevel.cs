using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>Over w: w + u, u of level σ, the same for all parameters, within κ of w.</summary>
/// <typeparam name="TNoise">The distribution of u.</typeparam>
public readonly struct NoiseOfOneLevel<TNoise> : IRandomMap<NoiseSettings>
    where TNoise : struct, INoise
{
    /// <inheritdoc/>
    public static int Inputs => 1;

    /// <inheritdoc/>
    public static PhiloxDraw Random(NoiseSettings settings) => settings.Draw;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneConstants<T> Constants<T>(NoiseSettings settings)
        where T : struct, ILane<T> => new(settings.Sigma, settings.Gamma, settings.Epsilon);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T, TWords>(T a, T b, T c, T first, TWords word, in LaneConstants<T> constants)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords> =>
        a + TNoise.Sample(constants.C0, Kappa.Of(a, constants.C1, constants.C2), word);
}
