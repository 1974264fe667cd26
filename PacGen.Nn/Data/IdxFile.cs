using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;

namespace PacGen.Nn;

/// <summary>
/// An IDX file of bytes, the format of MNIST (Y. LeCun, C. Cortes, C. J. C. Burges, <em>The MNIST database of handwritten
/// digits</em>): two zero bytes, the type of the values (8: unsigned byte), the number of dimensions, each dimension as a
/// big-endian 32-bit number, then the values, last dimension innermost. Raw or in gzip, distinguished by the first bytes. A file
/// that disagrees with its own header in any way is refused; memory taken is bounded by the file's size, not by what it claims.
/// </summary>
public sealed class IdxFile
{
    private const int UnsignedByte = 8;

    /// <summary>Deflate's best: no byte of it becomes more than this many.</summary>
    private const int LargestExpansion = 1032;

    private const string Remedy = "Replace it with a whole copy, or remove it and let PacGen download the set.";

    private readonly int[] dimensions;
    private readonly byte[] values;

    private IdxFile(int[] dimensions, byte[] values)
    {
        this.dimensions = dimensions;
        this.values = values;
    }

    /// <summary>The extents, outermost first: (images, rows, columns) or (labels).</summary>
    public ReadOnlySpan<int> Dimensions => dimensions;

    /// <summary>All values, last dimension innermost.</summary>
    public ReadOnlyMemory<byte> Values => values;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, raw or in gzip whatever its name.</param>
    /// <param name="rank">How many dimensions it must have: 3 for images, 1 for labels.</param>
    /// <returns>The file's shape and values.</returns>
    /// <exception cref="DataException">The file cannot be read, or is not a whole IDX file of bytes of that rank.</exception>
    public static IdxFile Read(string path, int rank)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, 255);
        return PlainFile.Read(path, Remedy, () =>
        {
            try
            {
                using FileStream file =
                    new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
                return Read(file, path, rank);
            }
            catch (InvalidDataException error)
            {
                throw new DataException($"{path} is corrupted: its gzip data do not decompress. {Remedy}", error);
            }
        });
    }

    /// <summary>Reads a file of images, one channel each, and the file of their labels.</summary>
    /// <param name="imagesPath">The file of images: three dimensions.</param>
    /// <param name="labelsPath">The file of labels: one dimension.</param>
    /// <param name="classes">How many classes there are: labels are below it.</param>
    /// <param name="normalization">How bytes become floats, of one channel.</param>
    /// <returns>The images with their labels.</returns>
    /// <exception cref="DataException">A file is refused, the counts differ, or a label or a pixel is out of range.</exception>
    public static ImageSet ReadImageSet(string imagesPath, string labelsPath, int classes, Normalization normalization)
    {
        ArgumentNullException.ThrowIfNull(normalization);
        IdxFile labels = Read(labelsPath, rank: 1);
        IdxFile images = Read(imagesPath, rank: 3);
        int count = labels.dimensions[0];
        if (images.dimensions[0] != count)
        {
            throw new DataException(
                $"{imagesPath} holds {images.dimensions[0]} images, but {labelsPath} holds {count} labels: the two do not " +
                $"belong together. {Remedy}");
        }

        int[] numbers = new int[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = labels.values[i];
            if (numbers[i] >= classes)
            {
                throw new DataException(
                    $"{labelsPath}: label {i} is {numbers[i]}, but the labels of {classes} classes are 0 to {classes - 1}. " +
                    $"{Remedy}");
            }
        }

        try
        {
            return new ImageSet(images.values, numbers, images.dimensions[1], images.dimensions[2], classes, normalization);
        }
        catch (ArgumentException error)
        {
            throw new DataException($"{imagesPath}: {error.Message}", error);
        }
    }

    /// <summary>
    /// The SHA-256 of what gzip data decompress to, or null if they do not decompress to exactly <paramref name="size"/> bytes.
    /// </summary>
    internal static string? HashOfContent(FileStream file, long size)
    {
        try
        {
            if (!ContentFile.EndsWithSize(file, size))
            {
                return null;
            }

            file.Position = 0;
            using GZipStream content = new(file, CompressionMode.Decompress, leaveOpen: true);
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] block = new byte[1 << 16];
            long total = 0;
            while (content.Read(block) is int read and > 0)
            {
                total += read;
                if (total > size)
                {
                    return null;
                }

                hash.AppendData(block, 0, read);
            }

            return total == size ? Convert.ToHexStringLower(hash.GetHashAndReset()) : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static IdxFile Read(FileStream file, string path, int rank)
    {
        Span<byte> start = stackalloc byte[2];
        if (file.ReadAtLeast(start, 2, throwOnEndOfStream: false) < 2)
        {
            throw new DataException(Truncated(path));
        }

        file.Position = 0;
        if (start is not [0x1f, 0x8b])
        {
            return Read(file, file.Length, compressed: null, path, rank);
        }

        using GZipStream content = new(file, CompressionMode.Decompress, leaveOpen: true);
        return Read(content, file.Length, file, path, rank);
    }

    private static IdxFile Read(Stream content, long fileLength, FileStream? compressed, string path, int rank)
    {
        int[] dimensions = ReadHeader(content, path, rank);
        int header = 4 + (4 * rank);
        UInt128 claimed = 1;
        foreach (int dimension in dimensions)
        {
            claimed *= (uint)dimension;
            if (claimed > int.MaxValue)
            {
                break;
            }
        }

        long most = compressed is null ? fileLength - header : fileLength * LargestExpansion;
        if (claimed > (UInt128)most)
        {
            throw new DataException(
                Claims(dimensions) + $"more than its {fileLength} bytes can hold: it is truncated or corrupted. {Remedy}");
        }

        if (claimed > (UInt128)Array.MaxLength)
        {
            throw new DataException(
                Claims(dimensions) + $"more than the {Array.MaxLength} values that PacGen reads from one file. Split it.");
        }

        int size = (int)claimed;
        if (compressed is null && most > size)
        {
            throw new DataException($"{path} has {most - size} bytes after its last value: it is corrupted. {Remedy}");
        }

        DataMemory.Require(size, $"{path}: its {size} values", "Free memory, or use a smaller set.");

        // What a compressed file claims is believed only as far as it is borne out: the array grows with what has been read.
        byte[] values = new byte[(int)Math.Min(size, Math.Max(1 << 16, compressed is null ? size : 8 * fileLength))];
        int filled = 0;
        while (true)
        {
            int want = values.Length - filled;
            int read = content.ReadAtLeast(values.AsSpan(filled), want, throwOnEndOfStream: false);
            filled += read;
            if (read < want)
            {
                throw new DataException(Truncated(path) + $" It claims {size} values and holds {filled}.");
            }

            if (filled == size)
            {
                break;
            }

            Array.Resize(ref values, (int)Math.Min(size, 2L * values.Length));
        }

        // The end of a compressed file is looked at itself: the decompressor overlooks what is missing or too much there.
        Span<byte> beyond = stackalloc byte[1];
        if (content.Read(beyond) != 0)
        {
            throw new DataException($"{path} has bytes after its last value: it is corrupted. {Remedy}");
        }

        if (compressed is not null && !ContentFile.EndsWithSize(compressed, header + (long)size))
        {
            throw new DataException($"{path} does not end where its gzip data end: it is truncated or corrupted. {Remedy}");
        }

        return new IdxFile(dimensions, values);

        string Claims(int[] extents) => $"{path} claims {string.Join(" × ", extents)} values, ";
    }

    private static int[] ReadHeader(Stream content, string path, int rank)
    {
        Span<byte> magic = stackalloc byte[4];
        if (content.ReadAtLeast(magic, 4, throwOnEndOfStream: false) < 4)
        {
            throw new DataException(Truncated(path));
        }

        if (magic[0] != 0 || magic[1] != 0)
        {
            throw new DataException(
                $"{path} is not an IDX file: it starts with 0x{Convert.ToHexString(magic)}, not with 0x0000. {Remedy}");
        }

        if (magic[2] != UnsignedByte)
        {
            throw new DataException(
                $"{path} holds values of type 0x{magic[2]:X2}; PacGen reads unsigned bytes, type 0x08. {Remedy}");
        }

        if (magic[3] != rank)
        {
            throw new DataException(
                $"{path} holds values of {magic[3]} dimensions where {rank} are " +
                $"needed{(rank == 1 ? " (labels)" : rank == 3 ? " (images)" : "")}. {Remedy}");
        }

        Span<byte> extents = stackalloc byte[4 * rank];
        if (content.ReadAtLeast(extents, extents.Length, throwOnEndOfStream: false) < extents.Length)
        {
            throw new DataException(Truncated(path));
        }

        int[] dimensions = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            uint extent = BinaryPrimitives.ReadUInt32BigEndian(extents[(4 * i)..]);
            if (extent is 0 or > int.MaxValue)
            {
                throw new DataException($"{path} claims an extent of {extent}; extents are 1 to {int.MaxValue}. {Remedy}");
            }

            dimensions[i] = (int)extent;
        }

        return dimensions;
    }

    private static string Truncated(string path) => $"{path} is truncated: it ends early. {Remedy}";
}
