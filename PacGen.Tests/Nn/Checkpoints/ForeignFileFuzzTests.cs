using System.IO.Compression;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// Mutated files of other programs: each is read, or refused with a <see cref="CheckpointException"/> of one line.
/// </summary>
internal sealed class ForeignFileFuzzTests
{
    /// <summary>What reading a small file may allocate: arrays that shapes are computed with, messages, exceptions.</summary>
    private const long Bound = 256 << 20;

    [TestCase(500)]
    [TestCase(100_000, Explicit = true, Reason = "some minutes")]
    public void MutatedOnnxFilesAreReadOrRefused(int count)
    {
        foreach (string name in (string[])["regression", "grouped-cnn", "transformer"])
        {
            Shape example = TestNetworks.Example(name);
            byte[] whole = File.ReadAllBytes(TestNetworks.PathOf($"{name}.onnx"));

            // Without the weights' bytes, where no mutation differs from another weight.
            byte[] empty = OnnxNetwork.Read(whole, name, example).Structure();
            Fuzz(whole, count / 6, bytes => _ = OnnxNetwork.Read(bytes, "file", example));
            Fuzz(empty, count / 6, bytes => _ = OnnxNetwork.FromStructure(bytes, "file", example, 100_000));
        }
    }

    /// <summary>The operators that those files don't have.</summary>
    [TestCase(500)]
    [TestCase(100_000, Explicit = true, Reason = "some minutes")]
    public void MutatedFilesOfEachOperatorAreReadOrRefused(int count)
    {
        List<(Shape Example, byte[] File)> files = [.. OnnxOperatorTests.Files()];
        int each = Math.Max(10, count / files.Count);
        Check(files.Sum(one => Refused(one.File, each, bytes => _ = OnnxNetwork.Read(bytes, "file", one.Example))),
            each * files.Count);
    }

    [TestCase(500)]
    [TestCase(100_000, Explicit = true, Reason = "some minutes")]
    public void MutatedPyTorchFilesAreReadOrRefused(int count)
    {
        byte[] whole = File.ReadAllBytes(TestNetworks.PathOf("regression.pt"));
        Dictionary<string, byte[]> parts = Parts(whole);
        string pickle = parts.Keys.Single(part => part.EndsWith("data.pkl", StringComparison.Ordinal));
        Fuzz(whole, count / 2, Read);
        Fuzz(parts[pickle], count / 2, bytes => Read(Zip(parts, pickle, bytes)));

        static void Read(byte[] bytes)
        {
            using PyTorchFile file = new(new MemoryStream(bytes), "file");
            foreach (SafetensorInfo info in file.Tensors.Values.Where(info => info.Type[0] is 'F' or 'B' && info.Type != "BOOL"))
            {
                Assert.That(file.Read(info.Name), Has.Length.EqualTo(info.Count));
            }
        }
    }

    private static Dictionary<string, byte[]> Parts(byte[] whole)
    {
        using ZipArchive zip = new(new MemoryStream(whole));
        return zip.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using MemoryStream copy = new();
            using Stream part = entry.Open();
            part.CopyTo(copy);
            return copy.ToArray();
        });
    }

    private static byte[] Zip(Dictionary<string, byte[]> parts, string replaced, byte[] bytes)
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create))
        {
            foreach ((string name, byte[] part) in parts)
            {
                using Stream entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(name == replaced ? bytes : part);
            }
        }

        return stream.ToArray();
    }

    private static void Fuzz(byte[] good, int count, Action<byte[]> read) => Check(Refused(good, count, read), count);

    private static void Check(int refused, int count) =>
        Assert.That(refused, Is.InRange(count / 20, count - 1), "mutation damages some, not all");

    private static int Refused(byte[] good, int count, Action<byte[]> read)
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = Mutate(good, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(bytes);
            }
            catch (CheckpointException error)
            {
                Assert.That(error.Message, Does.Not.Contain('\n'), $"seed {seed}, file {i}");
                refused++;
            }
            catch (Exception error) when (error is not AssertionException)
            {
                Assert.Fail($"seed {seed}, file {i}: {error}");
            }

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(Bound), $"seed {seed}, file {i}");
        }

        TestContext.Out.WriteLine($"{count} files, {refused} refused, seed {seed}");
        return refused;
    }

    private static byte[] Mutate(byte[] good, Random random)
    {
        byte[] bytes = [.. good];
        for (int left = Math.Max(1, random.Next(-2, 4)); left > 0 && bytes.Length > 16; left--)
        {
            int at = random.Next(bytes.Length);
            switch (random.Next(8))
            {
                case 0 or 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2 or 3:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 4:
                    bytes = bytes[..at];
                    break;
                case 5:
                    bytes = [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(20))..]];
                    break;
                case 6:
                    bytes = [.. bytes[..at], .. bytes[at..Math.Min(bytes.Length, at + random.Next(60))], .. bytes[at..]];
                    break;
                default:
                    // A run of one file's bytes elsewhere in it.
                    int from = random.Next(bytes.Length), length = Math.Min(random.Next(24), bytes.Length - Math.Max(from, at));
                    bytes.AsSpan(from, length).CopyTo(bytes.AsSpan(at));
                    break;
            }
        }

        return bytes;
    }
}
