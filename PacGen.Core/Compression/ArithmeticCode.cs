namespace PacGen.Core.Compression;

/// <summary>
/// Arithmetic coding in integers of 32 bits with adaptive counts (Witten, Neal and Cleary 1987): a sequence of probability p
/// takes less than log₂ 1/p + 2 bits, and a little for rounding. The last bits leave no interval but the sequence's own, whatever
/// follows, so that among sequences of one length none begins another: the code is prefix-free, and Σ 2^−bits ≤ 1.
/// </summary>
internal static class ArithmeticCode
{
    /// <summary>Symbols and their number must leave each symbol a share of the least interval, 2³⁰.</summary>
    public const int Most = 1 << 29;

    private const ulong Half = 1ul << 31, Quarter = 1ul << 30, ThreeQuarters = Half + Quarter;

    /// <summary>Appends a sequence of symbols of 0 to K − 1.</summary>
    public static void Write(BitWriter writer, ReadOnlySpan<int> sequence, int symbols)
    {
        AdaptiveCounts counts = new(symbols);
        ulong low = 0, high = uint.MaxValue;
        long pending = 0;
        foreach (int symbol in sequence)
        {
            (low, high) = Narrow(low, high, counts.Of(symbol), counts.Total);
            counts.Add(symbol);
            while (true)
            {
                if (high < Half)
                {
                    Put(false);
                }
                else if (low >= Half)
                {
                    Put(true);
                    (low, high) = (low - Half, high - Half);
                }
                else if (low >= Quarter && high < ThreeQuarters)
                {
                    pending++;
                    (low, high) = (low - Quarter, high - Quarter);
                }
                else
                {
                    break;
                }

                (low, high) = (low << 1, (high << 1) | 1);
            }
        }

        pending++;
        Put(low >= Quarter);

        void Put(bool bit)
        {
            writer.Bit(bit);
            for (; pending > 0; pending--)
            {
                writer.Bit(!bit);
            }
        }
    }

    /// <summary>Reads a sequence of so many symbols of 0 to K − 1.</summary>
    public static int[] Read(BitReader reader, int count, int symbols)
    {
        AdaptiveCounts counts = new(symbols);
        ulong low = 0, high = uint.MaxValue, value = reader.Number(32);
        int[] sequence = new int[count];
        for (int i = 0; i < count; i++)
        {
            ulong range = high - low + 1;
            int symbol = counts.Find((uint)((((value - low + 1) * counts.Total) - 1) / range));
            (low, high) = Narrow(low, high, counts.Of(symbol), counts.Total);
            counts.Add(symbol);
            sequence[i] = symbol;
            while (true)
            {
                ulong away;
                if (high < Half)
                {
                    away = 0;
                }
                else if (low >= Half)
                {
                    away = Half;
                }
                else if (low >= Quarter && high < ThreeQuarters)
                {
                    away = Quarter;
                }
                else
                {
                    break;
                }

                (low, high) = ((low - away) << 1, ((high - away) << 1) | 1);
                value = ((value - away) << 1) | (reader.Bit() ? 1u : 0u);
            }
        }

        return sequence;
    }

    private static (ulong Low, ulong High) Narrow(ulong low, ulong high, (uint Low, uint High) share, uint total)
    {
        ulong range = high - low + 1;
        return (low + (range * share.Low / total), low + (range * share.High / total) - 1);
    }
}
