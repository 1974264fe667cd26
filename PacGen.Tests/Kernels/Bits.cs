namespace PacGen.Tests.Kernels;

/// <summary>Floats of every kind, and their comparison bit by bit.</summary>
internal static class Bits
{
    private static readonly float[] Special =
    [
        0f, -0f, 1f, -1f, 0.5f, 1.5f, 2.5f, -2.5f, 3f, float.Epsilon, -float.Epsilon, 1.17549435e-38f, 1.17549421e-38f,
        float.MaxValue,
        float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 0.99999994f, 1.00000012f, 8388607.5f,
        16777216f,
    ];

    /// <summary>
    /// Any bits: all exponents alike, subnormals, infinities and NaN among them, and one in eight a special value.
    /// </summary>
    public static float[] Any(int count, Random random)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = random.Next(8) == 0
                ? Special[random.Next(Special.Length)]
                : BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32));
        }

        return values;
    }

    /// <summary>Values in a range.</summary>
    public static float[] Between(int count, float low, float high, Random random)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = low + ((high - low) * random.NextSingle());
        }

        return values;
    }

    /// <summary>
    /// Asserts that two runs of floats have the same bits; where one is NaN the other must be, whatever its payload.
    /// </summary>
    public static void AssertSame(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, string what)
    {
        Assert.That(actual.Length, Is.EqualTo(expected.Length), what);
        int different = 0, first = -1;
        for (int i = 0; i < actual.Length; i++)
        {
            bool same = BitConverter.SingleToInt32Bits(actual[i]) == BitConverter.SingleToInt32Bits(expected[i])
                || (float.IsNaN(actual[i]) && float.IsNaN(expected[i]));
            if (!same && different++ == 0)
            {
                first = i;
            }
        }

        if (different > 0)
        {
            Assert.Fail(
                $"{what}: {different} of {actual.Length} differ, first at {first}: {actual[first]:R} instead of " +
                $"{expected[first]:R}.");
        }
    }
}
