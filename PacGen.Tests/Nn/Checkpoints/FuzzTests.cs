using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Mutated files: each is read, or refused with a <see cref="CheckpointException"/> of one line, without
/// allocating beyond its size and a bound. Half of them get the checksum of their new bytes, so that what lies behind it is
/// reached.</summary>
internal sealed class FuzzTests
{
    /// <summary>What may be allocated beyond a multiple of the file's size: readers, messages, exceptions.</summary>
    private const long Bound = 1 << 20;

    [TestCase(1000)]
    [TestCase(100_000, Explicit = true, Reason = "a minute")]
    public void MutatedSafetensorsAreReadOrRefused(int count)
    {
        Fuzz(Example(), count, Read);
        Fuzz(OtherTypes(), count, Read);

        static void Read(byte[] bytes)
        {
            using SafetensorsFile file = new(new MemoryStream(bytes), "file");
            foreach (SafetensorInfo info in file.Tensors.Values.Where(info => info.Type is "F32" or "F16" or "BF16" or "F64"))
            {
                Assert.That(file.Read(info.Name), Has.Length.EqualTo(info.Count));
            }

            if (file.HasChecksum)
            {
                file.VerifyChecksum();
            }
        }
    }

    [TestCase(1000)]
    [TestCase(100_000, Explicit = true, Reason = "some minutes")]
    public void MutatedCheckpointsAreResumedOrRefused(int count)
    {
        using TemporaryFolder folder = new();
        Dataset digits = Datasets.Digits();
        Dataset few = new("few", digits.Train.Take(60), digits.Test.Take(10));
        TrainingOptions options = new() { Epochs = 2, BatchSize = 20, Checkpoints = new CheckpointOptions(
            folder["run"]) { EverySteps = 2 }, Score = new ScoreOptions { Images = 20, BatchSize = 20, Draws = 1 } };
        Optimizer optimizer = new PerturbedOptimizer(new Adam(1e-3), eta: 0.01);
        byte[] good;
        using (Trainer trainer = new(new Mlp(64, 4, 10), few, optimizer, options))
        {
            trainer.Run();
            good = File.ReadAllBytes(new CheckpointFolder(folder["run"]).Checkpoints[1]);
        }

        Directory.CreateDirectory(folder["mutant"]);
        string path = folder["mutant", "step-0000000004.safetensors"];
        File.Copy(folder["run", "epochs.jsonl"], folder["mutant", "epochs.jsonl"]);

        // The trainer is made before allocations are counted: they are those of reading.
        Fuzz(good, count, () => new Trainer(new Mlp(64, 4, 10), few, optimizer, options), (bytes, one) =>
        {
            File.WriteAllBytes(path, bytes);
            new CheckpointFolder(folder["mutant"]).OpenNewest(out _).Dispose();
            one.Resume(folder["mutant"]);
        });
    }

    /// <summary>
    /// The texts of a checkpoint, its state's JSON above all, with a right checksum, in a process whose memory is limited.
    /// </summary>
    [TestCase(500)]
    [TestCase(100_000, Explicit = true, Reason = "some minutes")]
    public void MutatedTextsOfCheckpointsAreResumedOrRefused(int count)
    {
        using TemporaryFolder folder = new();
        LimitedProcess.Run(
            128, ResumeMutants, folder["run"], count.ToString(CultureInfo.InvariantCulture),
            Random.Shared.Next().ToString(CultureInfo.InvariantCulture));
    }

    private static void ResumeMutants(string[] arguments)
    {
        int count = int.Parse(arguments[1], CultureInfo.InvariantCulture), refused = 0;
        Random random = new(int.Parse(arguments[2], CultureInfo.InvariantCulture));
        Dataset digits = Datasets.Digits(), few = new("few", digits.Train.Take(60), digits.Test.Take(10));
        TrainingOptions options = new() { Epochs = 2, BatchSize = 20, Checkpoints = new CheckpointOptions(arguments[0]) };
        Optimizer optimizer = new PerturbedOptimizer(new Adam(1e-3), eta: 0.01);
        using (Trainer trainer = new(new Mlp(64, 4, 10), few, optimizer, options))
        {
            trainer.Run();
        }

        string path = new CheckpointFolder(arguments[0]).Checkpoints[0], mutants = arguments[0] + "-mutant";
        byte[] good = File.ReadAllBytes(path);
        Directory.CreateDirectory(mutants);
        File.Copy(Path.Combine(arguments[0], EpochHistory.FileName), Path.Combine(mutants, EpochHistory.FileName));
        for (int i = 0; i < count; i++)
        {
            File.WriteAllBytes(Path.Combine(mutants, Path.GetFileName(path)), Texts.Mutate(good, random));
            using Trainer trainer = new(new Mlp(64, 4, 10), few, optimizer, options with { Checkpoints = null });
            try
            {
                trainer.Resume(mutants);
            }
            catch (CheckpointException error) when (!error.Message.Any(char.IsControl))
            {
                refused++;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"seed {arguments[2]}, file {i}: {error.Message}", error);
            }
        }

        Console.WriteLine($"{count} files, {refused} refused, seed {arguments[2]}");
        if (refused == 0 || refused == count)
        {
            throw new InvalidOperationException($"{refused} of {count} were refused: mutation damages some, not all");
        }
    }

    private static void Fuzz(byte[] good, int count, Action<byte[]> read) =>
        Fuzz(good, count, () => new MemoryStream(), (bytes, _) => read(bytes));

    private static void Fuzz<T>(byte[] good, int count, Func<T> prepare, Action<byte[], T> read)
        where T : IDisposable
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = Mutate(good, random);
            if (random.Next(2) == 0)
            {
                Reseal(bytes);
            }

            using T reader = prepare();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(bytes, reader);
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

            Assert.That(
                GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan((16L * good.Length) + Bound),
                $"seed {seed}, file {i}");
        }

        TestContext.Out.WriteLine($"{count} files, {refused} refused, seed {seed}");
        Assert.That(refused, Is.InRange(count / 4, count - (count / 100)), "mutation damages most, not all");
    }

    private static byte[] Mutate(byte[] good, Random random)
    {
        byte[] bytes = [.. good];
        int header = (int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(good), (ulong)good.Length - 8);
        for (int left = Math.Max(1, random.Next(-2, 4)); left > 0 && bytes.Length > 16; left--)
        {
            int data = Math.Min(bytes.Length - 1, 8 + header), at = random.Next(2) == 0 ? random.Next(data, bytes.Length)
                : random.Next(data);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = (byte)"0123456789-,:[]{}\"eE. \\u"[random.Next(24)];
                    break;
                case 3:
                    bytes = bytes[..at];
                    break;
                case 4:
                    bytes = [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(20))..]];
                    break;
                case 5:
                    bytes = [.. bytes[..at], .. bytes[at..Math.Min(bytes.Length, at + random.Next(60))], .. bytes[at..]];
                    break;
                default:
                    BinaryPrimitives.WriteInt64LittleEndian(
                        bytes, random.Next(3) == 0 ? random.NextInt64() : random.Next(2 * bytes.Length));
                    break;
            }
        }

        return bytes;
    }

    private static void Reseal(byte[] bytes)
    {
        const int At = 8 + 27, Digits = 64;
        if (bytes.Length < At + Digits || !bytes.AsSpan(8).StartsWith("{\"__metadata__\":{\"sha256\":\""u8))
        {
            return;
        }

        bytes.AsSpan(At, Digits).Fill((byte)'0');
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.AsSpan(At));
    }

    /// <summary>As other programs write: the types that are read beside F32, and one that is not; no checksum.</summary>
    private static byte[] OtherTypes()
    {
        byte[] header = Encoding.UTF8.GetBytes("""
            {"half":{"dtype":"F16","shape":[3,4],"data_offsets":[0,24]},"brain":{"dtype":"BF16","shape":[8],"data_offsets":[24,40]},
            "double":{"dtype":"F64","shape":[2,2],"data_offsets":[40,72]},"count":{"dtype":"I64","shape":[],"data_offsets":[72,80]}}
            """);
        byte[] file = new byte[8 + header.Length + 80];
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        header.CopyTo(file, 8);
        new Random(1).NextBytes(file.AsSpan(8 + header.Length, 40));
        for (int i = 0; i < 4; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(file.AsSpan(8 + header.Length + 40 + (8 * i)), 0.1 * i);
        }

        return file;
    }

    private static byte[] Example()
    {
        using MemoryStream stream = new();
        SafetensorsFile.Write(stream, [
            new NamedTensor("conv.weight", [3, 3, 1, 2], new float[18]), new NamedTensor("conv.bias", [2], new float[2]),
            new NamedTensor("scale", [], new float[1]),
        ], new Dictionary<string, string> { ["note"] = "a text", ["steps"] = "12" });
        return stream.ToArray();
    }
}
