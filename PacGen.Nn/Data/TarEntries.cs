namespace PacGen.Nn;

/// <summary>
/// The plain files of a tar archive (POSIX ustar), read in passing: nothing is written, so a name may say what it likes.
/// Extended headers are passed over. The framework's reader takes the memory that such a header claims to need; this takes none.
/// </summary>
internal static class TarEntries
{
    private const int Block = 512;

    /// <summary>Goes through an archive.</summary>
    /// <param name="content">The archive, decompressed.</param>
    /// <param name="path">Its name, for errors.</param>
    /// <param name="remedy">What to do about a damaged one.</param>
    /// <param name="visit">Given each file's name and size; what it does not read is passed over. Returns how many bytes it
    /// read.</param>
    /// <exception cref="DataException">It is no tar archive, or truncated.</exception>
    public static void Visit(Stream content, string path, string remedy, Func<string, long, long> visit)
    {
        Span<byte> header = stackalloc byte[Block];
        byte[] passed = new byte[1 << 16];
        for (long position = 0; ;)
        {
            int got = content.ReadAtLeast(header, Block, throwOnEndOfStream: false);
            if (got == 0 || (got == Block && !header.ContainsAnyExcept((byte)0)))
            {
                return;
            }

            if (got < Block)
            {
                throw Truncated();
            }

            if (Number(header.Slice(148, 8)) != Checksum(header) || Number(header.Slice(124, 12)) is not { } size)
            {
                throw new DataException($"{path} is no tar archive, or is corrupted at byte {position} of its content. {remedy}");
            }

            long read = (char)header[156] is '0' or '\0' ? visit(Text(header[..100]), size) : 0;
            long left = ((size + Block - 1) / Block * Block) - read;
            position += Block + read + left;
            while (left > 0)
            {
                int part = content.Read(passed.AsSpan(0, (int)Math.Min(left, passed.Length)));
                if (part == 0)
                {
                    throw Truncated();
                }

                left -= part;
            }
        }

        DataException Truncated() => new($"{path} is truncated: it ends within a file. {remedy}");
    }

    private static long Checksum(ReadOnlySpan<byte> header)
    {
        long sum = 8 * ' ';
        for (int i = 0; i < Block; i++)
        {
            sum += i is >= 148 and < 156 ? 0 : header[i];
        }

        return sum;
    }

    /// <summary>An octal number with blanks or zero bytes around it, or null if it is none.</summary>
    private static long? Number(ReadOnlySpan<byte> field)
    {
        long value = 0;
        bool any = false;
        foreach (byte digit in field.Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7')
            {
                return null;
            }

            value = (8 * value) + digit - '0';
            any = true;
        }

        return any ? value : null;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return System.Text.Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }
}
