using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using PacGen.Nn;
using SkiaSharp;

namespace PacGen.Tests.Nn;

/// <summary>
/// Files that are whole but for what their fields say: extents, sizes, names and settings become any of the numbers at which
/// readers err, and checksums are made to fit, so that what lies behind them is reached. Each file is read, or refused by one
/// line in which nothing acts on a terminal, in a process that may not take much memory.
/// </summary>
internal sealed class FieldFuzzTests
{
    private const int Megabytes = 448;
    private static readonly uint[] Odd = [
        0, 1, 2, 3, 7, 8, 255, 256, 4096, 8192, 8193, 65535, 65536, 0x00ff_ffff, 0x0100_0000, 0x7fff_ffff, 0x8000_0000,
        0xffff_fffe, 0xffff_ffff];

    [TestCase(300)]
    [TestCase(30_000, Explicit = true, Reason = "minutes")]
    public void FieldsThatSayAnythingAreReadOrRefused(int files)
    {
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        string[] said = LimitedProcess.Run(Megabytes, Run, $"{files}", $"{seed}").Split('\n');
        Assert.That(said, Has.Length.EqualTo(Formats.Length));
        foreach (string line in said)
        {
            string[] numbers = line.Split(' ');
            Assert.That(
                int.Parse(numbers[1], CultureInfo.InvariantCulture), Is.GreaterThan(files / 20), $"refused: {line}, seed {seed}");
        }
    }

    private static readonly (string Name, Func<TemporaryFolder, Random, Action> Make)[] Formats =
    [
        ("idx", MakeIdx), ("tar", MakeTar), ("png", MakePng), ("jpeg", MakeJpeg), ("zip", MakeZip), ("tiny", MakeTiny),
        ("decoded", MakeDecoded),
    ];

    private static void Run(string[] arguments)
    {
        (int files, int seed) = (
            int.Parse(arguments[0], CultureInfo.InvariantCulture), int.Parse(arguments[1], CultureInfo.InvariantCulture));
        Random random = new(seed);
        using TemporaryFolder folder = new();
        foreach ((string name, Func<TemporaryFolder, Random, Action> make) in Formats)
        {
            int refused = 0;
            for (int i = 0; i < files; i++)
            {
                Action read = make(folder, random);
                try
                {
                    read();
                }
                catch (DataException error) when (!error.Message.Any(one => char.IsControl(one) || one is '\u202e'))
                {
                    refused++;
                }
                catch (Exception error)
                {
                    throw new InvalidOperationException($"{name}, file {i}, seed {seed}", error);
                }
            }

            // A cache that is refused is made anew: what counts is that it is as before.
            Console.WriteLine($"{name} {(name == "decoded" ? files : refused)}");
        }
    }

    private static Action MakeIdx(TemporaryFolder folder, Random random)
    {
        bool labels = random.Next(2) == 0;
        byte[] content = labels ? Idx.Labels(50) : Idx.Images(50, 8, 8);
        for (int fields = random.Next(1, 3); fields > 0; fields--)
        {
            int field = random.Next(content[3] > 3 ? 4 : 1 + content[3]);
            if (field == 0)
            {
                content[random.Next(4)] = (byte)Pick(random);
            }
            else
            {
                BinaryPrimitives.WriteUInt32BigEndian(content.AsSpan(4 * field), Pick(random));
            }
        }

        string path = folder.Write(random.Next(2) == 0 ? content : Idx.Compress(content), "idx");
        return () => IdxFile.Read(path, labels ? 1 : 3);
    }

    private static Action MakeTar(TemporaryFolder folder, Random random)
    {
        byte[] batch = Cifar.File(2, 1);
        byte[] tar = Cifar.Tar(("x/data_batch_1.bin", batch), ("x/test_batch.bin", batch));
        Span<byte> header = tar.AsSpan(random.Next(2) * (512 + ((batch.Length + 511) / 512 * 512)), 512);
        switch (random.Next(4))
        {
            case 0:
                header[..100].Clear();
                byte[] name = Encoding.UTF8.GetBytes(Name(random) + (random.Next(2) == 0 ? "/test_batch.bin" : ""));
                name.AsSpan(0, Math.Min(100, name.Length)).CopyTo(header);
                break;
            case 1:
                string size = random.Next(2) == 0 ? Convert.ToString(Pick(random), 8) : Convert.ToString(random.NextInt64(), 8);
                header.Slice(124, 12).Clear();
                Encoding.ASCII.GetBytes(size.AsSpan(0, Math.Min(12, size.Length)), header.Slice(124, 12));
                break;
            case 2:
                header[156] = (byte)"01234567LKxgSV\0"[random.Next(15)];
                break;
            default:
                header[random.Next(512)] = (byte)Pick(random);
                break;
        }

        header.Slice(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte one in header)
        {
            sum += one;
        }

        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ", header.Slice(148, 8));
        folder.Write(Idx.Compress(tar), "tar", "cifar-10-binary.tar.gz");
        return () => Datasets.Load("cifar-10", new DataOptions { Folder = folder["tar"], CacheFolder = folder["cache"] });
    }

    private static Action MakePng(TemporaryFolder folder, Random random)
    {
        byte[] png = Picture(SKEncodedImageFormat.Png);

        // IHDR: width, height, then depth, colour type, compression, filter, interlacing; its checksum follows.
        int field = random.Next(7);
        if (field < 2)
        {
            BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(16 + (4 * field)), Pick(random));
        }
        else
        {
            png[22 + field] = (byte)Pick(random);
        }

        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc(png.AsSpan(12, 17)));
        return ReadImage(folder, png);
    }

    private static Action MakeJpeg(TemporaryFolder folder, Random random)
    {
        byte[] jpeg = Picture(SKEncodedImageFormat.Jpeg);
        int frame = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xff, 0xc0]);
        switch (random.Next(3))
        {
            case 0:
                jpeg[frame + 1] = (byte)(0xc0 + random.Next(16));
                break;
            case 1:
                BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 5 + (2 * random.Next(2))), (ushort)Pick(random));
                break;
            default:
                jpeg[frame + 2 + random.Next(17)] = (byte)Pick(random);
                break;
        }

        return ReadImage(folder, jpeg);
    }

    private static Action MakeZip(TemporaryFolder folder, Random random)
    {
        using MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (int i = 0; i < 6; i++)
            {
                using Stream entry = archive.CreateEntry(
                    random.Next(6) == 0 ? Name(random) : $"{(random.Next(9) == 0 ? Name(random) : "a")}/{i}.png").Open();
                entry.Write(Picture(SKEncodedImageFormat.Png));
            }
        }

        byte[] zip = stream.ToArray();
        byte[] signature = random.Next(2) == 0 ? [0x50, 0x4b, 1, 2] : [0x50, 0x4b, 5, 6];
        int at = zip.AsSpan().IndexOf(signature);
        int field = random.Next(4, signature[2] == 1 ? 46 : 22);
        if (random.Next(3) > 0)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(
                zip.AsSpan(at + Math.Min(field, (signature[2] == 1 ? 46 : 22) - 2)), (ushort)Pick(random));
        }

        string path = folder.Write(zip, "set.zip");
        return () => Datasets.Load("folder:" + path, NoCache(folder));
    }

    private static Action MakeTiny(TemporaryFolder folder, Random random)
    {
        if (!Directory.Exists(folder["tiny-imagenet"]))
        {
            ImageFolderTests.MakeTiny(folder, "tiny-imagenet");
        }

        string[] words = [
            "n01", "n02", "val_0.JPEG", "val_1.JPEG", "\t", "\n", "../../train/n01/images/n01_0.JPEG", Name(random), "\0", "\r\n",
            " "];
        string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => words[random.Next(words.Length)]));
        bool classes = random.Next(2) == 0;
        folder.Write(Encoding.UTF8.GetBytes(classes ? text : "n02\nn01\n"), "tiny-imagenet", "wnids.txt");
        folder.Write(
            Encoding.UTF8.GetBytes(classes ? "val_0.JPEG\tn02\nval_1.JPEG\tn01\n" : text), "tiny-imagenet", "val",
            "val_annotations.txt");
        return () =>
            Datasets.Load("tiny-imagenet", new DataOptions { Folder = folder.Path, CacheFolder = NoCache(folder).CacheFolder });
    }

    private static Action MakeDecoded(TemporaryFolder folder, Random random)
    {
        string place = folder["decoded"];
        if (!Directory.Exists(place))
        {
            for (int i = 0; i < 6; i++)
            {
                folder.Write(Picture(SKEncodedImageFormat.Png), "decoded", "a", $"{i}.png");
            }
        }

        DataOptions options = new() { CacheFolder = folder["own-cache"] };
        byte[] pixels = Datasets.Load("folder:" + place, options).Train.Pixels.ToArray();
        string path = Directory.GetFiles(folder["own-cache", "decoded"]).Single();
        byte[] cache = File.ReadAllBytes(path);
        BinaryPrimitives.WriteUInt32LittleEndian(cache.AsSpan(40 + (4 * random.Next(5))), Pick(random));
        SHA256.HashData(cache.AsSpan(0, cache.Length - 32), cache.AsSpan(cache.Length - 32));
        File.WriteAllBytes(path, cache);
        return () =>
        {
            SampleSet read = Datasets.Load("folder:" + place, options).Train;
            if (read.Count == 5 && read.Height == 16 && !read.Pixels.SequenceEqual(pixels))
            {
                throw new InvalidOperationException("The cache's fields moved the images.");
            }

            File.Delete(path);
        };
    }

    private static Action ReadImage(TemporaryFolder folder, byte[] image)
    {
        for (int i = 0; i < 3; i++)
        {
            folder.Write(i == 0 ? image : Picture(SKEncodedImageFormat.Png), "images", "a", $"{i}.png");
        }

        return () => Datasets.Load("folder:" + folder["images"], NoCache(folder));
    }

    /// <summary>A file stands where the cache's folder would be: nothing is kept.</summary>
    private static DataOptions NoCache(TemporaryFolder folder)
    {
        string file = folder["no-cache"];
        File.WriteAllText(file, "x");
        return new DataOptions { CacheFolder = file };
    }

    private static byte[] Picture(SKEncodedImageFormat format)
    {
        using SKBitmap bitmap = new(new SKImageInfo(16, 16, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor(10, 20, 30));
        using SKData data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    private static uint Pick(Random random) => random.Next(4) == 0 ? (uint)random.NextInt64(1L << 32)
        : Odd[random.Next(Odd.Length)];

    private static string Name(Random random)
    {
        string[] parts = [
            "..", ".", "/", "\\", "\u001b[31m", "\u202e", "\n", "a", "train", "Test", "val", "__MACOSX", "._x", ".png", "C:",
            "\u0085", "é", new string('x', random.Next(300))];
        return string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => parts[random.Next(parts.Length)]));
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xffff_ffff;
        foreach (byte one in bytes)
        {
            crc ^= one;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb8_8320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
