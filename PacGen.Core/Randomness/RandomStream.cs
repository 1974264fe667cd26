namespace PacGen.Core.Randomness;

/// <summary>
/// The random words of one stream at one step, read one after the other on the host: for shuffling and for initial weights.
/// Draw n is element n of <see cref="Philox"/>'s convention, so a stream is made anew, never saved. Not safe for several threads.
/// </summary>
/// <param name="seed">The run's seed.</param>
/// <param name="stream">Which of the run's random arrays.</param>
/// <param name="step">The step; epochs and layers may serve.</param>
public sealed class RandomStream(ulong seed, uint stream, uint step = 0)
{
    private long position;
    private double spare;
    private bool hasSpare;

    /// <summary>The next word, uniform over 0 to 2³² − 1.</summary>
    public uint Next() => Philox.Word(seed, stream, step, position++);

    /// <summary>
    /// The next number of 0 to n − 1, each exactly equally likely: Lemire's multiplication, rejecting the surplus.
    /// </summary>
    /// <param name="n">How many numbers there are, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="n"/> is below 1.</exception>
    public int NextBelow(int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        ulong product = (ulong)Next() * (uint)n;
        if ((uint)product < (uint)n)
        {
            uint surplus = (uint)-n % (uint)n;
            while ((uint)product < surplus)
            {
                product = (ulong)Next() * (uint)n;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>The next number of [0, 1), a multiple of 2⁻⁵³; takes two words, the high one first.</summary>
    public double NextUniform()
    {
        ulong high = Next();
        return (((high << 32) | Next()) >> 11) * (1.0 / (1L << 53));
    }

    /// <summary>
    /// The next standard normal number, by the Box–Muller transform in double; every second one comes from its pair.
    /// </summary>
    public double NextGaussian()
    {
        if (hasSpare)
        {
            hasSpare = false;
            return spare;
        }

        // 1 − u lies in (0, 1], where the logarithm is finite.
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextUniform()));
        (double sine, double cosine) = Math.SinCos(2 * Math.PI * NextUniform());
        spare = radius * sine;
        hasSpare = true;
        return radius * cosine;
    }

    /// <summary>Puts the values in random order, each order equally likely: the Fisher–Yates shuffle.</summary>
    /// <param name="values">What is put in another order.</param>
    public void Shuffle(Span<int> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int j = NextBelow(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }
}
