using System.Buffers.Binary;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class IdxFileTests
{
    private static readonly Normalization Plain = new([0], [1]);

    [Test]
    public void ReadsRawAndCompressedFilesWhateverTheirNames(
        [Values] bool compressed, [Values("images", "images.gz")] string name)
    {
        using TemporaryFolder folder = new();
        byte[] content = Idx.Images(5, 3, 4);
        string path = folder.Write(compressed ? Idx.Compress(content) : content, name);

        IdxFile file = IdxFile.Read(path, rank: 3);

        Assert.That(file.Dimensions.ToArray(), Is.EqualTo(new[] { 5, 3, 4 }));
        Assert.That(file.Values.ToArray(), Is.EqualTo(content[16..]));
    }

    [Test]
    public void ReadsContentThatCompressesFarBetterThanTheFirstGuess()
    {
        using TemporaryFolder folder = new();
        byte[] content = Idx.File(new byte[3_000_000], 3, 1000, 1000);
        content[^1] = 7;
        string path = folder.Write(Idx.Compress(content), "zeros");

        IdxFile file = IdxFile.Read(path, rank: 3);

        Assert.That(file.Values.Span.SequenceEqual(content.AsSpan(16)));
    }

    [Test]
    public void ReadsImagesWithTheirLabels()
    {
        using TemporaryFolder folder = new();
        string images = folder.Write(Idx.Images(12, 2, 3), "images"), labels = folder.Write(Idx.Labels(12), "labels");

        ImageSet set = IdxFile.ReadImageSet(images, labels, 10, Plain);

        Assert.That((set.Count, set.Height, set.Width, set.Channels, set.Classes), Is.EqualTo((12, 2, 3, 1, 10)));
        Assert.That(set.Pixels[6..9].ToArray(), Is.EqualTo(new byte[] { 31, 32, 33 }));
        Assert.That(set.Labels[9..].ToArray(), Is.EqualTo(new[] { 9, 0, 1 }));
    }

    [Test]
    public void RefusesWhatIsNotAWholeFile([Values] bool compressed)
    {
        byte[] good = Idx.Images(5, 3, 4);
        Refuses([], "is empty", compressed: false);
        Refuses(good[..1], "is truncated", compressed);
        Refuses(good[..7], "is truncated", compressed);
        Refuses(good[..15], "is truncated", compressed);
        Refuses(good[..^1], compressed ? "It claims 60 values and holds 59" : "claims 5 × 3 × 4 values, more than its 75 bytes",
            compressed);
        Refuses([.. good, 0], compressed ? "has bytes after its last value" : "has 1 bytes after its last value", compressed);
        Refuses(Changed(good, 0, 1), "is not an IDX file", compressed);
        Refuses(Changed(good, 2, 0x0D), "type 0x0D", compressed);
        Refuses(Idx.Labels(5), "1 dimensions where 3 are needed", compressed);
        Refuses(Changed(good, 7, 0), "claims an extent of 0", compressed);
        Refuses(Changed(good, 4, 0xFF), "claims an extent of 4278190085", compressed);
        Refuses(Changed(good, 4, 0x7F), "claims 2130706437 × 3 × 4 values, more than its", compressed);
        byte[] absurd = (byte[])good.Clone();
        absurd.AsSpan(4, 12).Fill(0x7F);
        Refuses(absurd, "more than its", compressed);
    }

    [Test]
    public void RefusesDamagedCompression()
    {
        byte[] good = Idx.Compress(Idx.Images(50, 8, 8));
        Refuses(good[..^1], "truncated", compressed: false);
        Refuses(good[..^4], "truncated", compressed: false);
        Refuses(good[..^8], "truncated", compressed: false);
        Refuses(good[..(good.Length / 2)], "truncated", compressed: false);
        Refuses([.. good, 0], "does not end where its gzip data end", compressed: false);
        Refuses([.. good, .. good], "", compressed: false);
        Refuses(Changed(good, good.Length - 8, (byte)(good[^8] ^ 1)), "do not decompress", compressed: false);
        Refuses(Changed(good, good.Length - 4, (byte)(good[^4] ^ 1)), "", compressed: false);
    }

    [Test]
    public void RefusesLabelsThatDoNotBelongToTheImages()
    {
        using TemporaryFolder folder = new();
        string images = folder.Write(Idx.Images(12, 2, 3), "images"), fewer = folder.Write(Idx.Labels(11), "fewer"),
            labels = folder.Write(Idx.Labels(12), "labels");

        Refused(() => IdxFile.ReadImageSet(images, fewer, 10, Plain), $"{images} holds 12 images, but {fewer} holds 11 labels");
        Refused(() =>
            IdxFile.ReadImageSet(images, labels, 9, Plain), $"{labels}: label 9 is 9, but the labels of 9 classes are 0 to 8");
        Refused(() => IdxFile.ReadImageSet(labels, images, 10, Plain), "where 1 are needed (labels)");
        Refused(() => IdxFile.ReadImageSet(images, labels, 10, new Normalization([0], [1], maxValue: 16)),
            $"{images}: Image 1 has a pixel of 31; the largest is 16");
    }

    [Test]
    public void RefusesAFileThatCannotBeOpened()
    {
        using TemporaryFolder folder = new();
        Refused(() => IdxFile.Read(folder["absent"], 3), $"{folder["absent"]} is not there");
        Refused(() => IdxFile.Read(folder["absent", "absent"], 3), "is not there");
        Refused(() => IdxFile.Read(folder.Path, 3), $"{folder.Path} is a folder: name a file in it.");
    }

    /// <summary>
    /// Files with bytes changed, cut, added or moved, before and after compression: each is read or refused, and what is
    /// allocated on the way is bounded by the file and its true content, whatever the file claims.
    /// </summary>
    [Test]
    public void SurvivesMutatedFiles([Values(1, 2)] int seed)
    {
        const int Files = 1000;
        using TemporaryFolder folder = new();
        Random random = new(seed);
        int read = 0, refused = 0;
        for (int i = 0; i < Files; i++)
        {
            byte[] content = random.Next(2) == 0 ? Idx.Images(50, 8, 8) : Idx.Labels(3000);
            int rank = content[3];
            int size = content.Length;
            if (random.Next(2) == 0)
            {
                content = Mutated(content, random);
            }

            bool compressed = random.Next(2) == 0;
            if (compressed)
            {
                content = Idx.Compress(content);
            }

            if (!compressed || random.Next(2) == 0)
            {
                content = Mutated(content, random);
            }

            string path = folder.Write(content, "mutated");
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                IdxFile file = IdxFile.Read(path, rank);
                long product = 1;
                foreach (int extent in file.Dimensions)
                {
                    product *= extent;
                }

                Assert.That(file.Values.Length, Is.EqualTo(product), $"seed {seed}, file {i}");
                read++;
            }
            catch (DataException error)
            {
                Assert.That(error.Message, Does.StartWith(path).And.Not.Contain("\n"), $"seed {seed}, file {i}");
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, file {i}: {error}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.That(allocated, Is.LessThan((16L * content.Length) + (3L * size) + (1 << 19)), $"seed {seed}, file {i}");
        }

        // The mutations are neither all harmless nor all fatal.
        Assert.That(read, Is.GreaterThan(Files / 20));
        Assert.That(refused, Is.GreaterThan(Files / 20));
    }

    private static byte[] Mutated(byte[] content, Random random)
    {
        List<byte> bytes = [.. content];
        for (int mutations = random.Next(1, 4); mutations > 0 && bytes.Count > 0; mutations--)
        {
            // Half of them where the headers are.
            int at = random.Next(random.Next(2) == 0 ? Math.Min(20, bytes.Count) : bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Next(bytes.Count - at) + 1);
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 4:
                    byte[] added = new byte[random.Next(1, 100)];
                    random.NextBytes(added);
                    bytes.InsertRange(random.Next(2) == 0 ? at : bytes.Count, added);
                    break;
                default:
                    if (bytes.Count >= 8)
                    {
                        byte[] extent = new byte[4];
                        BinaryPrimitives.WriteInt32BigEndian(extent, random.Next());
                        bytes.RemoveRange(4, 4);
                        bytes.InsertRange(4, extent);
                    }

                    break;
            }
        }

        return [.. bytes];
    }

    private static byte[] Changed(byte[] content, int at, byte value)
    {
        byte[] changed = (byte[])content.Clone();
        changed[at] = value;
        return changed;
    }

    private static void Refuses(byte[] content, string message, bool compressed)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write(compressed ? Idx.Compress(content) : content, "file");
        Refused(() => IdxFile.Read(path, rank: 3), message);
    }

    private static void Refused(Action read, string message) =>
        Assert.That(read, Throws.TypeOf<DataException>().With.Message.Contains(message).And.Message.Not.Contains("\n"));
}
