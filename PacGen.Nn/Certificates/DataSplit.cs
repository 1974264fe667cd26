using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>
/// The training images in two parts without a common image: S₀ for the prior, S₁ for the bound, by a shuffle that looks at the
/// seed alone.
/// </summary>
/// <param name="Prior">S₀.</param>
/// <param name="Bound">S₁; n is its size.</param>
internal sealed record DataSplit(SampleSet Prior, SampleSet Bound)
{
    /// <summary>The stream of the run's random numbers that splits: "spli" in ASCII.</summary>
    private const uint SplitStream = 0x7370_6C69;

    /// <summary>Splits.</summary>
    /// <param name="images">All training images.</param>
    /// <param name="priorCount">|S₀|.</param>
    /// <param name="seed">The run's seed.</param>
    public static DataSplit Of(SampleSet images, int priorCount, ulong seed)
    {
        int[] order = Order(images.Count, seed);
        return new DataSplit(images.Subset(order.AsSpan(0, priorCount)), images.Subset(order.AsSpan(priorCount)));
    }

    /// <summary>The shuffled indices: the first are S₀, the rest S₁.</summary>
    public static int[] Order(int count, ulong seed)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new RandomStream(seed, SplitStream).Shuffle(order);
        return order;
    }
}
