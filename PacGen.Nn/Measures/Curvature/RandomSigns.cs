using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>Random vectors of ±1.</summary>
internal static class RandomSigns
{
    private const int WordBits = 32;

    /// <summary>Fills a vector: 32 signs a word of (seed, stream, draw).</summary>
    public static void Fill(Span<double> vector, ulong seed, uint stream, uint draw)
    {
        for (int i = 0; i < vector.Length; i += WordBits)
        {
            uint word = Philox.Word(seed, stream, draw, i / WordBits);
            for (int bit = 0; bit < WordBits && i + bit < vector.Length; bit++)
            {
                vector[i + bit] = ((word >> bit) & 1) == 0 ? -1 : 1;
            }
        }
    }
}
