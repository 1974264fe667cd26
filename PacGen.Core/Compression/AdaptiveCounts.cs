namespace PacGen.Core.Compression;

/// <summary>
/// How often each of K symbols came so far, and once more: Laplace's rule, by which coder and decoder know the same probabilities
/// without having been given any. A sequence of counts n₁ … n_K has probability Πn_c!·(K − 1)!/(m + K − 1)!, whatever its order.
/// </summary>
/// <param name="symbols">K.</param>
internal sealed class AdaptiveCounts(int symbols)
{
    private readonly uint[] counts = [.. Enumerable.Repeat(1u, symbols)];

    /// <summary>The sum of all.</summary>
    public uint Total { get; private set; } = (uint)symbols;

    /// <summary>The share of a symbol: from the sum of those before it, and up to itself.</summary>
    public (uint Low, uint High) Of(int symbol)
    {
        uint low = 0;
        for (int i = 0; i < symbol; i++)
        {
            low += counts[i];
        }

        return (low, low + counts[symbol]);
    }

    /// <summary>The symbol whose share holds a number below <see cref="Total"/>.</summary>
    public int Find(uint value)
    {
        int symbol = 0;
        for (uint high = counts[0]; value >= high; high += counts[symbol])
        {
            symbol++;
        }

        return symbol;
    }

    /// <summary>A symbol came.</summary>
    public void Add(int symbol)
    {
        counts[symbol]++;
        Total++;
    }
}
