namespace PacGen.Nn;

/// <summary>
/// The binary files of CIFAR-10 and CIFAR-100 (A. Krizhevsky, <em>Learning Multiple Layers of Features from Tiny Images</em>,
/// 2009): record after record of one label byte (two for CIFAR-100) and 3072 pixels, 32×32 of red, then green, then blue. Raw or
/// in gzip. A file that is no whole number of records is refused; memory taken is bounded by the true content, and that by
/// <see cref="LargestCount"/> images, in all files of a set together.
/// </summary>
public static class CifarFile
{
    /// <summary>The most images that the files of a set may have together; the published sets have 10,000 or 50,000.</summary>
    public const int LargestCount = 60_000;

    internal const int Side = 32, Channels = 3, ImageSize = Side * Side * Channels;

    internal const string Remedy = "Replace it with a whole copy, or remove it and let PacGen download the set.";

    /// <summary>Reads files, one after the other, into one set.</summary>
    /// <param name="paths">The files, raw or in gzip whatever their names.</param>
    /// <param name="labels">What labels they have.</param>
    /// <param name="normalization">How bytes become floats, of three channels.</param>
    /// <returns>The images of all files, in their order.</returns>
    /// <exception cref="DataException">A file cannot be read or is damaged.</exception>
    /// <exception cref="ArgumentException">There is no file, or <paramref name="normalization"/> has other channels.</exception>
    public static ImageSet Read(IReadOnlyList<string> paths, CifarLabels labels, Normalization normalization)
    {
        ArgumentNullException.ThrowIfNull(paths);
        Records records = new(labels);
        foreach (string path in paths)
        {
            ArgumentNullException.ThrowIfNull(path);
            ContentFile.Read(
                path, (long)LargestCount * RecordSize(labels), Remedy, (content, length) => records.Add(content, length, path));
        }

        return records.ToSet(normalization);
    }

    /// <summary>The size of a record.</summary>
    internal static int RecordSize(CifarLabels labels) => ImageSize + (labels == CifarLabels.Ten ? 1 : 2);

    private static int Classes(CifarLabels labels) => labels switch { CifarLabels.Ten => 10, CifarLabels.Fine => 100, _ => 20 };

    private static int Class(ReadOnlySpan<byte> record, CifarLabels labels, string path, int index)
    {
        (int value, int limit, string kind) = labels == CifarLabels.Ten ? (record[0], 10, "label")
            : record[0] >= 20 ? (record[0], 20, "coarse label") : (record[1], 100, "fine label");
        return value >= limit
            ? throw new DataException(
                $"{path}: the {kind} of image {index} is {value}, but must be below {limit}: the file is corrupted or of " +
                $"another set. {Remedy}")
            : labels == CifarLabels.Coarse ? record[0] : value;
    }

    /// <summary>Three planes become pixels of three channels.</summary>
    private static void Interleave(ReadOnlySpan<byte> planes, Span<byte> pixels)
    {
        const int Plane = Side * Side;
        for (int i = 0; i < Plane; i++)
        {
            pixels[3 * i] = planes[i];
            pixels[(3 * i) + 1] = planes[Plane + i];
            pixels[(3 * i) + 2] = planes[(2 * Plane) + i];
        }
    }

    private static DataException NotWhole(string path, CifarLabels labels, long length) => new(
        $"{path} holds {length} bytes, which is not 1 to {LargestCount} records of {RecordSize(labels)}: it is truncated, " +
            $"corrupted or of another set. {Remedy}");

    /// <summary>The images of a set, file after file, in one array that grows with what has been read.</summary>
    internal sealed class Records(CifarLabels labels)
    {
        private readonly List<int> classes = [];
        private byte[] pixels = [];

        /// <summary>
        /// Reads records to the end, or as many bytes as are said. What an archive or a compressed file claims is believed only
        /// as far as it is borne out.
        /// </summary>
        /// <returns>How many there were.</returns>
        public int Add(Stream content, long? length, string path)
        {
            int record = RecordSize(labels), before = classes.Count;
            if (length is { } known && (known == 0 || known % record != 0 || known / record > LargestCount))
            {
                throw NotWhole(path, labels, known);
            }

            int most = (int)Math.Min(LargestCount, before + ((length ?? long.MaxValue) / record));
            Span<byte> block = stackalloc byte[ImageSize + 2];
            block = block[..record];
            for (long left = length ?? long.MaxValue; left > 0; left -= record)
            {
                int got = content.ReadAtLeast(block, record, throwOnEndOfStream: false);
                if (got < record)
                {
                    if (got == 0 && length is null && classes.Count > before)
                    {
                        break;
                    }

                    throw NotWhole(path, labels, ((long)(classes.Count - before) * record) + got);
                }

                if (classes.Count == LargestCount)
                {
                    throw new DataException(
                        $"{path}, with the files before it, holds more than {LargestCount} images, the most that a set of this " +
                        $"kind may have. Remove a file that does not belong to it.");
                }

                classes.Add(Class(block, labels, path, classes.Count - before));
                int end = ImageSize * classes.Count;
                if (end > pixels.Length)
                {
                    Array.Resize(ref pixels, Math.Min(Math.Max(2 * pixels.Length, 256 * ImageSize), most * ImageSize));
                }

                Interleave(block[^ImageSize..], pixels.AsSpan(end - ImageSize, ImageSize));
            }

            return classes.Count - before;
        }

        /// <summary>Appends what others have.</summary>
        public void Add(Records others, string path)
        {
            if (classes.Count + others.classes.Count > LargestCount)
            {
                throw new DataException(
                    $"{path} holds more than {LargestCount} images to train or to test on, the most that a set of this kind " +
                    $"may have. Replace it.");
            }

            int filled = ImageSize * classes.Count;
            classes.AddRange(others.classes);
            Array.Resize(ref pixels, ImageSize * classes.Count);
            others.pixels.AsSpan(0, (ImageSize * classes.Count) - filled).CopyTo(pixels.AsSpan(filled));
        }

        public ImageSet ToSet(Normalization normalization) =>
            new(pixels.AsMemory(0, ImageSize * classes.Count), classes.ToArray(), Side, Side, Classes(labels), normalization);
    }
}
