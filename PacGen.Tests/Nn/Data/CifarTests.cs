using System.Globalization;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class CifarTests
{
    private static readonly Normalization Plain = new([0, 0, 0], [1, 1, 1]);

    [Test]
    public void ReadsRawAndCompressedRecords([Values] bool compressed, [Values] CifarLabels labels)
    {
        using TemporaryFolder folder = new();
        byte[] first = Cifar.File(130, labels == CifarLabels.Ten ? 1 : 2), second = Cifar.File(
            3, labels == CifarLabels.Ten ? 1 : 2);
        string[] paths = [
            folder.Write(compressed ? Idx.Compress(first) : first, "first"),
            folder.Write(compressed ? Idx.Compress(second) : second, "second")];

        ImageSet set = CifarFile.Read(paths, labels, Plain);

        Assert.That((set.Count, set.Height, set.Width, set.Channels), Is.EqualTo((133, 32, 32, 3)));
        Assert.That(set.Classes, Is.EqualTo(labels switch { CifarLabels.Ten => 10, CifarLabels.Fine => 100, _ => 20 }));
        for (int i = 0; i < set.Count; i++)
        {
            int source = i < 130 ? i : i - 130;
            Assert.That(set.Labels[i], Is.EqualTo(
                labels switch { CifarLabels.Ten => source % 10, CifarLabels.Fine => 7 * source % 100, _ => source % 20 }));
            for (int place = 0; place < 1024; place++)
            {
                for (int channel = 0; channel < 3; channel++)
                {
                    if (set.Pixels[(i * 3072) + (3 * place) + channel] != Cifar.Plane(source, (1024 * channel) + place))
                    {
                        Assert.Fail($"image {i}, place {place}, channel {channel}");
                    }
                }
            }
        }
    }

    [Test]
    public void ReadsFilesFoldersAndArchives([Values("files", "gzip", "inner", "tar", "tar.gz")] string form, [Values] bool ten)
    {
        using TemporaryFolder folder = new();
        Make(folder, form, ten);
        Dataset data = Load(folder, ten ? "cifar-10" : "cifar-100");

        Assert.That((data.Train.Count, data.Test.Count, data.Train.Classes), Is.EqualTo((ten ? 8 : 5, 2, ten ? 10 : 100)));
        Assert.That(data.Train.Labels[4], Is.EqualTo(ten ? 4 : 28));
        if (ten)
        {
            Assert.That(data.Train.Labels[5], Is.Zero, "the second batch follows the first, whatever their order in the archive");
        }

        Assert.That(data.Origin, Does.StartWith(folder["set"]).And.EndsWith($", {data.Train.Count} of 50,000 training images"));
    }

    [Test]
    public void RefusesWhatIsNotWhole()
    {
        byte[] good = Cifar.File(3, labelBytes: 1);
        Refuses([], "is empty");
        Refuses(good[..^1], $"holds {good.Length - 1} bytes, which is not 1 to 60000 records of 3073");
        Refuses([.. good, 0], "records of 3073");
        Refuses(Idx.Compress(good[..^1]), $"holds {good.Length - 1} bytes");
        Refuses(Idx.Compress(good)[..^9], "");
        Refuses([.. Idx.Compress(good), 0], "does not end where its gzip data end");
        byte[] wrong = (byte[])good.Clone();
        wrong[3073] = 10;
        Refuses(wrong, "the label of image 1 is 10, but must be below 10");
        Refuses(Idx.Compress(new byte[3073 * 60_001]), "holds more than 184380000 bytes");
    }

    /// <summary>The one for Python has the same title and other files.</summary>
    [Test]
    public void SaysThatAnotherVersionIsThere([Values] bool ten)
    {
        using TemporaryFolder folder = new();
        folder.Write([1], ten ? "cifar-10-batches-py" : "cifar-100-python", ten ? "data_batch_1" : "train");
        Assert.That(
            () => Load(folder, ten ? "cifar-10" : "cifar-100"),
            Throws.TypeOf<DataException>().With.Message.Contains("lacks the binary version, cifar-10").And.Message.Contains(
                "-binary.tar.gz: there is the one for Python"));
    }

    /// <summary>
    /// Each file holds as much as a whole set may, in a hundredth of the bytes; memory is taken for one set, not for fourteen.
    /// </summary>
    [Test]
    public void ManySmallFilesThatHoldMuchTakeLittle()
    {
        using TemporaryFolder folder = new();
        byte[] bomb = Idx.Compress(new byte[3073 * CifarFile.LargestCount]);
        for (int i = 0; i < 14; i++)
        {
            folder.Write(bomb, "cifar-10", $"data_batch_{i:00}.bin.gz");
        }

        folder.Write(Cifar.File(1, 1), "cifar-10", "test_batch.bin");
        Assert.That(bomb, Has.Length.LessThan(1 << 21));
        Assert.That(
            LimitedProcess.Run(384, Refusal, "cifar-10", folder.Path),
            Does.Contain("data_batch_01.bin.gz, with the files before it, holds more than 60000 images"));

        folder.Write(
            Idx.Compress(Cifar.Tar(("data_batch_1.bin", new byte[3073 * 40_000]), ("data_batch_2.bin", new byte[3073 * 40_000]),
            ("test_batch.bin", new byte[3073]))), "tar", "cifar-10-binary.tar.gz");
        Assert.That(
            LimitedProcess.Run(512, Refusal, "cifar-10", folder["tar"]),
            Does.Contain("holds more than 60000 images to train or to test on"));
    }

    /// <summary>In a process of its own: why a set is refused.</summary>
    internal static void Refusal(string[] arguments)
    {
        try
        {
            Datasets.Load(
                arguments[0], new DataOptions { Folder = arguments[1], CacheFolder = Path.Combine(arguments[1], "cache") });
            Console.WriteLine("It is read.");
        }
        catch (DataException error)
        {
            Console.WriteLine(error.Message);
        }
    }

    [Test]
    public void RefusesDamagedArchives()
    {
        byte[] batch = Cifar.File(3, labelBytes: 1);
        byte[] whole = Cifar.Tar(("x/data_batch_1.bin", batch), ("x/test_batch.bin", batch));
        Refused(Cifar.Tar(("data_batch_1.bin", batch), ("test_batch.bin", batch), ("readme", new byte[3000]))[
            ..^2000], "cifar-10-binary.tar is truncated: it ends within a file");
        Refused(whole[..3000], "data_batch_1.bin holds 2488 bytes");
        Refused(Cifar.Tar(("x/data_batch_1.bin", batch)), "has no test_batch*.bin");
        Refused(Cifar.Tar(("data_batch_1.bin", batch), ("y/data_batch_1.bin", batch)), "has data_batch_1.bin twice");
        Refused(Cifar.Tar(("data_batch_1.bin", batch[1..])), "data_batch_1.bin holds 9218 bytes");
        byte[] changed = (byte[])whole.Clone();
        changed[3] ^= 1;
        Refused(changed, "is no tar archive, or is corrupted at byte 0");

        static void Refused(byte[] archive, string message)
        {
            using TemporaryFolder folder = new();
            folder.Write(archive, "cifar-10-binary.tar");
            Assert.That(() => Load(folder, "cifar-10"), Throws.TypeOf<DataException>().With.Message.Contains(
                message).And.Message.Not.Contains("\n"));
        }
    }

    /// <summary>Names that lead elsewhere write nothing: archives are read in passing.</summary>
    [Test]
    public void WritesNothingWhateverAnArchiveNames()
    {
        using TemporaryFolder folder = new();
        byte[] batch = Cifar.File(3, labelBytes: 1);
        folder.Write(
            Idx.Compress(Cifar.Tar(("../../data_batch_1.bin", batch), ("/test_batch.bin", batch), ("../evil", batch))), "in",
            "cifar-10-binary.tar.gz");
        string[] before = folder.Contents;

        Assert.That(Datasets.Load("cifar-10", new DataOptions { Folder = folder["in"] }).Train.Count, Is.EqualTo(3));
        Assert.That(folder.Contents, Is.EqualTo(before));
    }

    [Test]
    public void SaysWhatAFolderLacks()
    {
        using TemporaryFolder folder = new();
        folder.Write(Cifar.File(1, 1), "cifar-10", "data_batch_2.bin");
        Assert.That(
            () => Load(folder, "cifar-10"),
            Throws.TypeOf<DataException>().With.Message.Contains(
                $"{folder["cifar-10"]} lacks test_batch*.bin.").And.Message.Contains("cifar-10-binary.tar.gz"));
    }

    [Test]
    public void SurvivesMutatedFiles([Values(1, 2)] int seed, [Values] bool ten) =>
        LimitedProcess.Run(64, SurvivesAlone, $"{seed}", "500", $"{ten}");

    [Test, Explicit("takes minutes")]
    public void SurvivesManyMutatedFiles([Values] bool ten) => Survives(3, 100_000, ten);

    private static void SurvivesAlone(string[] arguments) =>
        Survives(
            int.Parse(arguments[0], CultureInfo.InvariantCulture), int.Parse(arguments[1], CultureInfo.InvariantCulture),
            bool.Parse(arguments[2]));

    private static void Survives(int seed, int files, bool ten)
    {
        string name = ten ? "cifar-10" : "cifar-100", trainFile = ten ? "data_batch_1.bin" : "train.bin", testFile = ten
            ? "test_batch.bin" : "test.bin";
        using TemporaryFolder folder = new();
        Random random = new(seed);
        byte[] batch = Cifar.File(2, labelBytes: ten ? 1 : 2), archive = Cifar.Tar(
            ("x/" + trainFile, batch), ("x/" + testFile, batch));
        folder.Write(batch, "files", testFile);
        int read = 0, refused = 0;
        for (int i = 0; i < files; i++)
        {
            bool tar = random.Next(2) == 0, compressed = random.Next(2) == 0;
            byte[] content = tar ? archive : batch;
            content = random.Next(2) == 0 ? Mutation.Of(content, random) : content;
            content = compressed ? Idx.Compress(content) : content;
            content = random.Next(2) == 0 ? Mutation.Of(content, random) : content;
            string place = tar ? compressed ? "gzip" : "tar" : "files";
            folder.Write(content, place, tar ? compressed ? $"{name}-binary.tar.gz" : $"{name}-binary.tar" : trainFile);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Datasets.Load(ten || random.Next(2) == 0 ? name : "cifar-100-coarse", new DataOptions { Folder = folder[place] });
                read++;
            }
            catch (DataException error)
            {
                Assert.That(error.Message, Does.Not.Contain("\n"), $"seed {seed}, file {i}");
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, file {i}: {error}");
            }

            // Each file of records begins with room for 1,024 images.
            Assert.That(
                GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan((16L * content.Length) + (8 << 20)),
                $"seed {seed}, file {i}");
        }

        TestContext.Out.WriteLine($"{name}: {files} files, {refused} refused");
        Assert.That(read, Is.GreaterThan(files / 20));
        Assert.That(refused, Is.GreaterThan(files / 20));
    }

    private static void Make(TemporaryFolder folder, string form, bool ten)
    {
        int bytes = ten ? 1 : 2;
        (string Name, byte[] Content)[] files = ten
            ? [("data_batch_2.bin", Cifar.File(3, bytes)), ("data_batch_1.bin", Cifar.File(5, bytes)), (
                "test_batch.bin", Cifar.File(2, bytes)), ("batches.meta.txt", [65, 10])]
            : [("train.bin", Cifar.File(5, bytes)), ("test.bin", Cifar.File(2, bytes)), ("fine_label_names.txt", [65, 10])];
        string inner = ten ? "cifar-10-batches-bin" : "cifar-100-binary", archive = ten ? "cifar-10-binary.tar"
            : "cifar-100-binary.tar";
        if (form.StartsWith("tar", StringComparison.Ordinal))
        {
            byte[] tar = Cifar.Tar([.. from file in files select ($"{inner}/{file.Name}", file.Content)]);
            folder.Write(form == "tar" ? tar : Idx.Compress(tar), "set", form == "tar" ? archive : archive + ".gz");
            return;
        }

        foreach ((string name, byte[] content) in files)
        {
            folder.Write(
                form == "gzip" ? Idx.Compress(content) : content, "set", form == "inner" ? inner : ".", form == "gzip"
                ? name + ".gz" : name);
        }
    }

    private static Dataset Load(TemporaryFolder folder, string name) =>
        Datasets.Load(name, new DataOptions { Folder = Directory.Exists(folder["set"]) ? folder["set"] : folder.Path });

    private static void Refuses(byte[] content, string message)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write(content, "file");
        Assert.That(() => CifarFile.Read([path], CifarLabels.Ten, Plain), Throws.TypeOf<DataException>().With.Message.StartsWith(
            path).And.Message.Contains(message).And.Message.Not.Contains("\n"));
    }
}
