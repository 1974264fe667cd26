using System.Globalization;

namespace PacGen.Core.Compression;

/// <summary>A string of bits, the first one highest in its byte.</summary>
public sealed class BitMessage
{
    private readonly byte[] bytes;

    /// <param name="bytes">The bits, eight a byte; those behind the last count for nothing.</param>
    /// <param name="length">How many there are.</param>
    /// <exception cref="ArgumentException">The bytes are more or fewer than the bits need.</exception>
    public BitMessage(ReadOnlySpan<byte> bytes, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (bytes.Length != (length + 7) / 8)
        {
            throw new ArgumentException($"{length} bits take {(length + 7) / 8} bytes, but {bytes.Length} came.", nameof(bytes));
        }

        this.bytes = bytes.ToArray();
        if ((length & 7) != 0)
        {
            this.bytes[^1] &= (byte)(0xFF << (int)(8 - (length & 7)));
        }

        Length = length;
    }

    /// <summary>How many bits there are.</summary>
    public long Length { get; }

    /// <summary>The bits, eight a byte.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>Bit i; 0 behind the end.</summary>
    /// <param name="index">i, 0 or more.</param>
    public bool this[long index] => index < Length && (bytes[index >> 3] >> (int)(7 - (index & 7)) & 1) != 0;

    /// <summary>The length, for people.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Length:N0} bit{(Length == 1 ? "" : "s")}");
}
