namespace PacGen.Core.Compression;

/// <summary>Writes bits one after the other.</summary>
internal sealed class BitWriter
{
    private readonly List<byte> bytes = [];
    private long length;

    /// <summary>One bit.</summary>
    public void Bit(bool bit)
    {
        if ((length & 7) == 0)
        {
            bytes.Add(0);
        }

        bytes[^1] |= (byte)((bit ? 1 : 0) << (int)(7 - (length & 7)));
        length++;
    }

    /// <summary>A number of so many bits, the highest first.</summary>
    public void Number(uint value, int bits)
    {
        for (int i = bits - 1; i >= 0; i--)
        {
            Bit((value >> i & 1) != 0);
        }
    }

    /// <summary>A number of 1 or more in Elias's γ code: ⌊log₂ n⌋ zeros, then its digits; 2⌊log₂ n⌋ + 1 bits.</summary>
    public void Gamma(uint value)
    {
        int digits = 32 - System.Numerics.BitOperations.LeadingZeroCount(value);
        Number(0, digits - 1);
        Number(value, digits);
    }

    /// <summary>What was written.</summary>
    public BitMessage Message() => new(bytes.ToArray(), length);
}
