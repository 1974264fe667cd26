namespace PacGen.Core.Compression;

/// <summary>Reads bits one after the other; zeros behind the end.</summary>
/// <param name="message">What is read.</param>
internal sealed class BitReader(BitMessage message)
{
    private long at;

    /// <summary>One bit.</summary>
    public bool Bit() => message[at++];

    /// <summary>A number of so many bits.</summary>
    public uint Number(int bits)
    {
        uint value = 0;
        for (int i = 0; i < bits; i++)
        {
            value = (value << 1) | (Bit() ? 1u : 0u);
        }

        return value;
    }

    /// <summary>A number in Elias's γ code.</summary>
    /// <exception cref="FormatException">None of 32 bits begins here.</exception>
    public uint Gamma()
    {
        int zeros = 0;
        while (!Bit())
        {
            if (++zeros > 31)
            {
                throw new FormatException("The message holds no number of 32 bits where one should be.");
            }
        }

        return (1u << zeros) | Number(zeros);
    }
}
