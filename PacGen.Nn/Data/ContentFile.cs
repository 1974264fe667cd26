using System.Buffers.Binary;
using System.IO.Compression;

namespace PacGen.Nn;

/// <summary>
/// Files that are raw or in gzip, distinguished by their first bytes; whatever fails becomes a <see cref="DataException"/>.
/// </summary>
internal static class ContentFile
{
    /// <summary>Reads a file's content to its end.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The most bytes that its content may have.</param>
    /// <param name="remedy">What to do about a damaged file.</param>
    /// <param name="read">Reads the content; given its length where that is known. What it leaves is passed over.</param>
    /// <exception cref="DataException">The file cannot be read, does not decompress, or holds more than the limit.</exception>
    public static T Read<T>(string path, long limit, string remedy, Func<Stream, long?, T> read)
    {
        return PlainFile.Read(path, remedy, Content);

        T Content()
        {
            try
            {
                using FileStream file =
                    new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
                Span<byte> start = stackalloc byte[2];
                file.ReadAtLeast(start, 2, throwOnEndOfStream: false);
                file.Position = 0;
                if (start is not [0x1f, 0x8b])
                {
                    return file.Length <= limit ? read(file, file.Length) : throw TooLong();
                }

                using GZipStream content = new(file, CompressionMode.Decompress, leaveOpen: true);
                CountedStream counted = new(content, limit, TooLong);
                T result = read(counted, null);
                counted.CopyTo(Stream.Null);
                return EndsWithSize(file, counted.Count) ? result : throw new DataException(
                    $"{path} does not end where its gzip data end: it is truncated or corrupted. {remedy}");
            }
            catch (InvalidDataException error)
            {
                throw new DataException($"{path} is corrupted: its gzip data do not decompress. {remedy}", error);
            }
        }

        DataException TooLong() => new($"{path} holds more than {limit} bytes: it is corrupted or another file. {remedy}");
    }

    /// <summary>Whether gzip data end with the given decompressed size (RFC 1952, ISIZE: modulo 2³²).</summary>
    public static bool EndsWithSize(FileStream file, long size)
    {
        if (file.Length < 18)
        {
            return false;
        }

        Span<byte> tail = stackalloc byte[4];
        file.Position = file.Length - 4;
        file.ReadExactly(tail);
        return BinaryPrimitives.ReadUInt32LittleEndian(tail) == unchecked((uint)size);
    }

    /// <summary>Counts what is read, up to a limit.</summary>
    private sealed class CountedStream(Stream inner, long limit, Func<Exception> tooLong) : Stream
    {
        public long Count { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => Count; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer);
            Count += read;
            return Count <= limit ? read : throw tooLong();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
