using Parquet.Meta;

namespace PacGen.Nn;

/// <summary>
/// Walks a Parquet file's descriptions, which are in Thrift's compact protocol, before the library reads them: of lists that end
/// nowhere, and pages that lie outside their column, it would read for ever.
/// </summary>
internal static class ParquetLayout
{
    private const int Deepest = 32, LargestHeader = 1 << 20, LargestPage = 1 << 30;

    /// <summary>Whether a footer is whole: one structure, each of whose parts lies within it.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> footer)
    {
        int at = 0;
        return Struct(footer, ref at, 0, out _) && at == footer.Length;
    }

    /// <summary>Whether the pages of a column lie within it, one behind the other.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="column">What the footer says of the column.</param>
    public static bool HasPages(Stream stream, ColumnMetaData column)
    {
        long at = column.DictionaryPageOffset is > 0 and var dictionary ? Math.Min(dictionary, column.DataPageOffset)
            : column.DataPageOffset;
        if (at < 4 || column.TotalCompressedSize <= 0 || column.TotalCompressedSize > stream.Length - at || column.NumValues < 0)
        {
            return false;
        }

        byte[] buffer = new byte[Math.Min(LargestHeader, column.TotalCompressedSize)];
        for (long end = at + column.TotalCompressedSize; at < end;)
        {
            stream.Position = at;
            ReadOnlySpan<byte> header = buffer.AsSpan(0, stream.ReadAtLeast(
                buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at)), 1, throwOnEndOfStream: false));
            int length = 0;
            if (!Struct(header, ref length, 0, out (long Unpacked, long Packed) sizes)
                || sizes.Packed < 0 || sizes.Unpacked is < 0 or > LargestPage || sizes.Packed > end - at - length)
            {
                return false;
            }

            at += length + sizes.Packed;
        }

        return true;
    }

    /// <summary>Walks a structure.</summary>
    /// <param name="bytes">Where it is.</param>
    /// <param name="at">Where it begins; moved behind its end.</param>
    /// <param name="depth">How many structures it is in.</param>
    /// <param name="sizes">Its whole numbers 2 and 3: a page's sizes.</param>
    private static bool Struct(ReadOnlySpan<byte> bytes, ref int at, int depth, out (long Second, long Third) sizes)
    {
        sizes = (-1, -1);
        long field = 0;
        while (depth < Deepest && at < bytes.Length)
        {
            int head = bytes[at++], type = head & 15;
            if (type == 0)
            {
                return head == 0;
            }

            field += head >> 4;
            if (head >> 4 == 0)
            {
                if (!Number(bytes, ref at, out ulong id))
                {
                    return false;
                }

                field = Signed(id);
            }

            int before = at;
            if (!Value(bytes, ref at, type, depth, inList: false))
            {
                return false;
            }

            if (type is 4 or 5 or 6 && field is 2 or 3 && Number(bytes, ref before, out ulong value))
            {
                sizes = field == 2 ? (Signed(value), sizes.Third) : (sizes.Second, Signed(value));
            }
        }

        return false;
    }

    private static bool Value(ReadOnlySpan<byte> bytes, ref int at, int type, int depth, bool inList)
    {
        switch (type)
        {
            case 1 or 2:
                at += inList ? 1 : 0;
                break;
            case 3:
                at++;
                break;
            case 4 or 5 or 6:
                return Number(bytes, ref at, out _);
            case 7:
                at += 8;
                break;
            case 8:
                if (!Number(bytes, ref at, out ulong length) || length > (ulong)(bytes.Length - at))
                {
                    return false;
                }

                at += (int)length;
                break;
            case 9 or 10:
                return List(bytes, ref at, depth);
            case 12:
                return Struct(bytes, ref at, depth + 1, out _);
            default:
                // The format has no maps.
                return false;
        }

        return at <= bytes.Length;
    }

    private static bool List(ReadOnlySpan<byte> bytes, ref int at, int depth)
    {
        if (at >= bytes.Length || depth >= Deepest)
        {
            return false;
        }

        int head = bytes[at++];
        ulong count = (ulong)(head >> 4);
        if (count == 15 && !Number(bytes, ref at, out count))
        {
            return false;
        }

        // An element takes a byte at least.
        if (count > (ulong)(bytes.Length - at))
        {
            return false;
        }

        for (; count > 0; count--)
        {
            if (!Value(bytes, ref at, head & 15, depth + 1, inList: true))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Number(ReadOnlySpan<byte> bytes, ref int at, out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 64 && at < bytes.Length; shift += 7)
        {
            byte one = bytes[at++];
            value |= (ulong)(one & 127) << shift;
            if (one < 128)
            {
                return true;
            }
        }

        return false;
    }

    private static long Signed(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
