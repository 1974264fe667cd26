using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Randomness;

/// <summary>Uniform numbers from random words; each result is exact, so every lane gives the same bits.</summary>
public static class UniformSampler
{
    /// <summary>
    /// A number of (−1, 1): (k + ½)·2⁻²² − 1 with k the top 23 bits of the word. All 2²³ values are equally likely,
    /// symmetric about 0 and never 0; their mean is exactly 0, their variance (1 − 2⁻⁴⁶)/3.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Symmetric<T, TWords>(TWords word)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords> =>
        T.Fma(T.FromWords(TWords.ShiftRight(word, 9)), T.Constant(1f / (1 << 22)), T.Constant((1f / (1 << 23)) - 1f));

    /// <summary>A number of [0, 1): k·2⁻²⁴ with k the top 24 bits of the word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unit<T, TWords>(TWords word)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords> =>
        T.FromWords(TWords.ShiftRight(word, 8)) * T.Constant(1f / (1 << 24));
}
