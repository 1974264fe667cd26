using System.Globalization;
using System.IO.Compression;
using System.Text;
using PacGen.Nn;
using Parquet;
using Parquet.Schema;
using SkiaSharp;

namespace PacGen.Tests.Nn;

/// <summary>
/// Mutated files of arrays and tables: each is read, or refused by one line in which nothing acts on a terminal, in a process
/// that may not take much memory and must end.
/// </summary>
internal sealed class TableFuzzTests
{
    private const int Megabytes = 512;

    private static readonly TableOptions Options = new() { Targets = ["y"], Missing = MissingValues.Impute };

    [TestCase(150)]
    [TestCase(100_000, Explicit = true, Reason = "some minutes")]
    public void MutatedArraysAndTablesAreReadOrRefused(int count)
    {
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");

        // A process has some minutes.
        const int Most = 10_000;
        for (int done = 0; done < count; done += Most)
        {
            int some = Math.Min(Most, count - done);
            foreach (int[] kinds in some < Most ? (int[][])[[0, 5]] : [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]])
            {
                string[] said = LimitedProcess.Run(
                    Megabytes, Run, $"{some}", $"{seed + done}", $"{kinds[0]}", $"{kinds[1]}").Split('\n');
                Assert.That(said, Has.Length.EqualTo(kinds[1] - kinds[0]));
                foreach (string line in said)
                {
                    int refused = int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
                    Assert.That(refused, Is.GreaterThan(some / 20).And.LessThan(some), line);
                }
            }
        }
    }

    private static void Run(string[] arguments)
    {
        int count = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        Random random = new(int.Parse(arguments[1], CultureInfo.InvariantCulture));
        using TemporaryFolder folder = new();
        (string Kind, string Path, byte[] Content)[] files =
        [
            ("csv", folder["t.csv"], Csv()), ("npz", folder["t.npz"], Npz(CompressionLevel.NoCompression)),
            ("npz", folder["u.npz"], Npz(CompressionLevel.Fastest)), ("parquet", folder["t.parquet"], Table(folder["made"])),
            ("parquet", folder["u.parquet"], Images(folder["made"])),
        ];
        int first = int.Parse(arguments[2], CultureInfo.InvariantCulture), end = int.Parse(
            arguments[3], CultureInfo.InvariantCulture);
        foreach ((string kind, string path, byte[] content) in files[first..end])
        {
            int refused = 0;
            File.WriteAllBytes(path, content);
            Load();
            for (int i = 0; i < count; i++)
            {
                byte[] mutant = Mutation.Of(content, random);
                File.WriteAllBytes(path, mutant);
                try
                {
                    Load();
                }
                catch (DataException error) when (!error.Message.Any(one => char.IsControl(one) || one is '\u202e'))
                {
                    refused++;
                }
                catch (Exception error)
                {
                    throw new InvalidOperationException($"{kind}, mutant {i}: {Convert.ToBase64String(mutant)}", error);
                }
            }

            Console.WriteLine($"{Path.GetFileName(path)} {refused}");

            void Load() => Datasets.Load($"{kind}:{path}", new DataOptions { Table = Options });
        }
    }

    private static byte[] Csv()
    {
        StringBuilder text = new("a,b,\"c c\",y\n");
        for (int i = 0; i < 12; i++)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{i * 0.5},{(i % 3 == 0 ? "\"x,\"\"y\"" : "z")},{(i == 4 ? "" : $"{i}e2")},{i % 4}.25\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static byte[] Npz(CompressionLevel level)
    {
        using MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("x.npy", "<f4", "(6, 3)", 72);
            Add("y.npy", "<i8", "(6,)", 48);

            void Add(string name, string type, string shape, int bytes)
            {
                using Stream entry = archive.CreateEntry(name, level).Open();
                byte[] header = Encoding.ASCII.GetBytes(
                    $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n");
                entry.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header]);
                entry.Write(new byte[bytes]);
            }
        }

        return stream.ToArray();
    }

    private static byte[] Table(string path)
    {
        DataField<double?> number = new("number");
        DataField<string> text = new("text");
        DataField<float> target = new("y");
        return Save(path, new ParquetSchema(number, text, target), async group =>
        {
            await group.WriteAsync<double>(number, new double?[] { 1, null, 3, 4, 5, 6 });
            await group.WriteAsync(text, ["a", "b", "a", "b", "c", "c"]);
            await group.WriteAsync<float>(target, new float[] { 0, 1.5f, 2, 3, 4, 5 });
        });
    }

    private static byte[] Images(string path)
    {
        using SKBitmap bitmap = new(4, 4);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        byte[] png = data.ToArray();
        DataField<byte[]> bytes = new("bytes");
        DataField<string> name = new("path");
        DataField<long> target = new("y");
        return Save(path, new ParquetSchema(new StructField("image", bytes, name), target), async group =>
        {
            await group.WriteAsync(bytes, [png, png, png, png, png]);
            await group.WriteAsync(name, ["a", "b", "c", "d", "e"]);
            await group.WriteAsync<long>(target, new long[] { 0, 1, 0, 1, 1 });
        });
    }

    private static byte[] Save(string path, ParquetSchema schema, Func<ParquetRowGroupWriter, Task> write)
    {
        Task.Run(async () =>
        {
            await using FileStream stream = File.Create(path);
            await using ParquetWriter writer = await ParquetWriter.CreateAsync(schema, stream);
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            await write(group);
        }).GetAwaiter().GetResult();
        return File.ReadAllBytes(path);
    }
}
