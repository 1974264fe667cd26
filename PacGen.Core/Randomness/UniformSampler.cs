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
    /// <param name="word">A word of 32 bits, uniform.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Symmetric<T, TWords>(TWords word)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords> =>
        T.Fma(T.FromWords(TWords.ShiftRight(word, 9)), T.Constant(1f / (1 << 22)), T.Constant((1f / (1 << 23)) - 1f));

    /// <summary>A number of [0, 1): k·2⁻²⁴ with k the top 24 bits of the word.</summary>
    /// <param name="word">A word of 32 bits, uniform.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unit<T, TWords>(TWords word)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords> =>
        T.FromWords(TWords.ShiftRight(word, 8)) * T.Constant(1f / (1 << 24));

    /// <summary>
    /// A number a of (0, 1), (k + ½)·2⁻³¹ with k the low 31 bits of the word, its complement 1 − a, and a sign, the top bit: what
    /// a symmetric distribution's inverse takes. Both a and 1 − a are rounded once, so neither end loses accuracy: the smallest
    /// is 2⁻³². The word of the other sign has the same a.
    /// </summary>
    /// <param name="word">A random word.</param>
    /// <param name="complement">1 − a, in [2⁻³², 1].</param>
    /// <param name="sign">1, or −1 where the top bit is set.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Magnitude<T, TWords>(TWords word, out T complement, out T sign)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        // a·2³² = 2k + 1 and (1 − a)·2³², numbers of 32 bits.
        TWords doubled = word + word + TWords.Constant(1), rest = (doubled ^ TWords.Constant(uint.MaxValue)) + TWords.Constant(1);
        T scale = T.Constant(1f / (1L << 32));
        complement = T.FromAnyWords(rest) * scale;
        sign = T.Fma(T.FromWords(TWords.ShiftRight(word, 31)), T.Constant(-2f), T.Constant(1f));
        return T.FromAnyWords(doubled) * scale;
    }

    /// <summary>
    /// The value of each word as a number, rounded once: two halves of 16 bits, which convert exactly. For machines that have no
    /// such conversion.
    /// </summary>
    /// <param name="words">The words.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T FromHalves<T, TWords>(TWords words)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        T high = T.FromWords(TWords.ShiftRight(words, 16));
        T low = T.FromWords(TWords.ShiftRight(TWords.MultiplyLow(words, TWords.Constant(1 << 16)), 16));
        return T.Fma(high, T.Constant(1 << 16), low);
    }
}
