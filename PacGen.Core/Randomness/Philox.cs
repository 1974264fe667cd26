using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Core.Randomness;

/// <summary>
/// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011): four random words
/// as a function of a 128-bit counter and a 64-bit key, with no state.
/// </summary>
/// <remarks>
/// The convention for random arrays, everywhere: element e of stream s at step t under the 64-bit seed k is word e mod 4 of
/// the counter (low 32 bits of ⌊e/4⌋, high bits of ⌊e/4⌋, s, t) under the key (low 32 bits of k, high 32 bits of k).
/// So any device, any number of threads and any resumed run recomputes the same numbers.
/// </remarks>
public static class Philox
{
    private const uint MultiplierA = 0xD251_1F53, MultiplierB = 0xCD9E_8D57, WeylA = 0x9E37_79B9, WeylB = 0xBB67_AE85;

    /// <summary>Replaces the counters (c0, c1, c2, c3), place by place, by their four random words each.</summary>
    /// <typeparam name="TWords">The words: each place is a counter of its own.</typeparam>
    /// <param name="c0">Word 0 of the counters, then of the results.</param>
    /// <param name="c1">Word 1.</param>
    /// <param name="c2">Word 2.</param>
    /// <param name="c3">Word 3.</param>
    /// <param name="key0">The low word of the key.</param>
    /// <param name="key1">The high word of the key.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Generate<TWords>(ref TWords c0, ref TWords c1, ref TWords c2, ref TWords c3, uint key0, uint key1)
        where TWords : struct, IWords<TWords>
    {
        TWords a = c0, b = c1, c = c2, d = c3, keyA = TWords.Constant(key0), keyB = TWords.Constant(key1);
        // A loop on purpose: ten rounds in a row exceed what the JIT inlines into one method, and the caller then runs 2.6 times as long.
        for (int round = 0; round < 10; round++)
        {
            TWords highA = TWords.MultiplyHigh(a, TWords.Constant(MultiplierA)), lowA = TWords.MultiplyLow(a, TWords.Constant(MultiplierA));
            TWords highB = TWords.MultiplyHigh(c, TWords.Constant(MultiplierB)), lowB = TWords.MultiplyLow(c, TWords.Constant(MultiplierB));
            a = highB ^ b ^ keyA;
            b = lowB;
            c = highA ^ d ^ keyB;
            d = lowA;
            keyA += TWords.Constant(WeylA);
            keyB += TWords.Constant(WeylB);
        }

        c0 = a;
        c1 = b;
        c2 = c;
        c3 = d;
    }

    /// <summary>The random word of one element of a random array, by the convention above.</summary>
    /// <param name="seed">The seed k.</param>
    /// <param name="stream">The stream s: which of a run's random arrays.</param>
    /// <param name="step">The step t.</param>
    /// <param name="element">The element e.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="element"/> is negative.</exception>
    public static uint Word(ulong seed, uint stream, uint step, long element)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(element);
        Words1 c0 = new((uint)(element >> 2)), c1 = new((uint)(element >> 34)), c2 = new(stream), c3 = new(step);
        Generate(ref c0, ref c1, ref c2, ref c3, (uint)seed, (uint)(seed >> 32));
        return (element & 3) switch { 0 => c0.Value, 1 => c1.Value, 2 => c2.Value, _ => c3.Value };
    }
}
