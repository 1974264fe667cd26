using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using PacGen.Nn;
using SkiaSharp;

namespace PacGen.Tests.Nn;

internal sealed class ImageFolderTests
{
    private TemporaryFolder folder = null!;

    private DataOptions Options => new() { Folder = folder.Path, CacheFolder = folder["cache"] };

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [Test]
    public void ReadsTinyImageNetFromFolderAndArchive([Values] bool zipped)
    {
        MakeTiny(folder, "given");
        if (zipped)
        {
            Zip("given", "tiny-imagenet-200.zip", "tiny-imagenet-200/");
            Directory.Delete(folder["given"], recursive: true);
        }
        else
        {
            Directory.Move(folder["given"], folder["tiny-imagenet-200"]);
        }

        Dataset data = Datasets.Load("tiny-imagenet", Options);

        Assert.That(
            (data.Train.Count, data.Test.Count, data.Train.Classes, data.Train.Height, data.Train.Channels),
            Is.EqualTo((4, 2, 2, 64, 3)));
        Assert.That(data.Train.Labels.ToArray(), Is.EqualTo(new[] { 0, 1, 0, 1 }), "class by class in turn, in ordinal order");
        Assert.That(data.Test.Labels.ToArray(), Is.EqualTo(new[] { 1, 0 }), "as the annotations say");
        Assert.That(data.Train.Pixels[0], Is.EqualTo(10).Within(3), "n01's first image");
        Assert.That(data.Train.Pixels[data.Train.SampleSize], Is.EqualTo(100).Within(3), "n02's first image");
        Assert.That(data.Origin, Does.EndWith(", 4 of 100,000 training images"));
    }

    [Test]
    public void ReadsPngBitForBitAndExpandsGrayscale()
    {
        for (int i = 0; i < 5; i++)
        {
            folder.Write(Image(3, 2, (byte)(40 * i), SKEncodedImageFormat.Png), "set", "a", $"{i}.png");
            folder.Write(Gray(3, 2, (byte)(40 * i), SKEncodedImageFormat.Png), "set", "b", $"{i}.PNG");
        }

        Dataset data = Datasets.Load("folder:" + folder["set"], Options);

        Assert.That(
            (data.Train.Count, data.Test.Count, data.Train.Classes, data.Train.Height, data.Train.Width),
            Is.EqualTo((8, 2, 2, 3, 2)));
        Assert.That(data.Test.Pixels[..6].ToArray(), Is.EqualTo(new byte[] { 80, 81, 82, 80, 81, 82 }), "the third of class a");
        Assert.That(
            data.Test.Pixels[18..24].ToArray(), Is.EqualTo(new byte[] { 80, 80, 80, 80, 80, 80 }), "the third of class b, gray");
        float[] images = new float[8 * 18], labels = new float[8];
        data.Train.Gather([0, 1, 2, 3, 4, 5, 6, 7], images, labels);
        Assert.That(images.Where((_, i) => i % 3 == 1).Average(), Is.Zero.Within(1e-5));
        Assert.That(images.Where((_, i) => i % 3 == 1).Average(x => x * x), Is.EqualTo(1).Within(1e-4));
    }

    [Test]
    public void SplitsByFoldersAndRefusesStrangers()
    {
        folder.Write(Image(4, 4, 1, SKEncodedImageFormat.Jpeg), "set", "train", "a", "1.jpg");
        folder.Write(Image(4, 4, 1, SKEncodedImageFormat.Jpeg), "set", "train", "b", "1.jpeg");
        folder.Write(Image(4, 4, 1, SKEncodedImageFormat.Jpeg), "set", "val", "b", "2.JPEG");
        Dataset data = Datasets.Load("folder:" + folder["set"], Options);
        Assert.That((data.Train.Count, data.Test.Count, data.Test.Labels[0]), Is.EqualTo((2, 1, 1)));

        folder.Write(Image(4, 4, 1, SKEncodedImageFormat.Jpeg), "set", "val", "c", "2.jpg");
        Refused("is of a class that train has no folder for");
    }

    [Test]
    public void RefusesOtherSizesUnlessOneIsGiven()
    {
        for (int i = 0; i < 5; i++)
        {
            folder.Write(Image(i == 3 ? 6 : 4, 4, 9, SKEncodedImageFormat.Png), "set", "a", $"{i}.png");
        }

        Refused($"{folder["set", "a", "3.png"]} has 6×4 pixels, but {folder["set", "a", "0.png"]} has 4×4 (height × width): " +
            "all images must have one size.");
        Dataset data = Datasets.Load("folder:" + folder["set"], new DataOptions { CacheFolder = folder["cache"], ImageSide = 8 });
        Assert.That((data.Train.Height, data.Train.Width), Is.EqualTo((8, 8)));
        Assert.That(data.Train.Pixels[..3].ToArray(), Is.EqualTo(new byte[] { 9, 10, 11 }), "one colour stays itself");
    }

    [Test]
    public void SaysWhichImageIsDamaged([Values] bool png)
    {
        byte[] good = Image(16, 16, 50, png ? SKEncodedImageFormat.Png : SKEncodedImageFormat.Jpeg);
        for (int i = 0; i < 5; i++)
        {
            folder.Write(good, "set", "a", $"{i}.jpg");
        }

        foreach ((byte[] content, string message) in ((byte[], string)[])[
            (good[..^(good.Length / 4)], "truncated or corrupted"), (good[..10], "truncated or corrupted"), ([], "is empty"),
            ("GIF89a"u8.ToArray(), "neither JPEG nor PNG")])
        {
            folder.Write(content, "set", "a", "4.jpg");
            Refused($"{folder["set", "a", "4.jpg"]} is {message.Replace("is ", "", StringComparison.Ordinal)}");
        }
    }

    [Test]
    public void RefusesWhatIsNoSet()
    {
        Refused("is not there");
        Directory.CreateDirectory(folder["set"]);
        Refused("has no PNG or JPEG images. Expected are PATH/CLASS/*.png");
        folder.Write([1, 2, 3], "file.zip");
        Assert.That(
            () => Datasets.Load("folder:" + folder["file.zip"], Options),
            Throws.TypeOf<DataException>().With.Message.Contains("no zip archive"));

        MakeTiny(folder, "tiny-imagenet");
        File.WriteAllText(folder["tiny-imagenet", "val", "val_annotations.txt"], "val_0.JPEG\tn01\t0\nval_9.JPEG\tn01\t0\n");
        Assert.That(() => Datasets.Load("tiny-imagenet", Options), Throws.TypeOf<DataException>().With.Message.Contains(
            "line 2, names val_9.JPEG, which is not in val/images"));
        File.WriteAllText(folder["tiny-imagenet", "val", "val_annotations.txt"], "val_0.JPEG\tn03\n");
        Assert.That(() => Datasets.Load("tiny-imagenet", Options), Throws.TypeOf<DataException>().With.Message.Contains(
            "line 1, does not say an image and a class"));
        File.WriteAllText(folder["tiny-imagenet", "val", "val_annotations.txt"], "val_0.JPEG\tn01\t0\nval_0.JPEG\tn02\t0\n");
        Assert.That(() => Datasets.Load("tiny-imagenet", Options), Throws.TypeOf<DataException>().With.Message.Contains(
            "line 2, names val_0.JPEG, which an earlier line names too"));
        File.WriteAllText(folder["tiny-imagenet", "wnids.txt"], "n01\n");
        Assert.That(() => Datasets.Load("tiny-imagenet", Options), Throws.TypeOf<DataException>().With.Message.Contains(
            "n02_0.JPEG is of a class that wnids.txt does not list"));
    }

    /// <summary>A cache is used while it is whole and its images are those there; else it is made anew.</summary>
    [Test]
    public void DecodesOnceAndRebuildsADamagedCache()
    {
        MakeTiny(folder, "tiny-imagenet");
        byte[] pixels = Datasets.Load("tiny-imagenet", Options).Train.Pixels.ToArray();
        string cache = Directory.GetFiles(folder["cache", "decoded"]).Single();
        byte[] whole = File.ReadAllBytes(cache);
        DateTime marked = DateTime.UnixEpoch.AddDays(1);
        File.SetLastWriteTimeUtc(cache, marked);
        Assert.That(Datasets.Load("tiny-imagenet", Options).Train.Pixels.SequenceEqual(pixels));
        Assert.That(File.GetLastWriteTimeUtc(cache), Is.EqualTo(marked), "read, not written");

        Random random = new(1);
        for (int i = 0; i < 30; i++)
        {
            byte[] damaged = i == 0 ? [] : Mutation.Of(whole, random);
            File.WriteAllBytes(cache, damaged);
            Assert.That(Datasets.Load("tiny-imagenet", Options).Train.Pixels.SequenceEqual(pixels), $"file {i}");
            Assert.That(File.ReadAllBytes(cache), Is.EqualTo(whole), $"file {i}");
        }

        Assert.That(Directory.GetFiles(folder["cache", "decoded"]), Has.Length.EqualTo(1), "nothing in passing stays");
        folder.Write(Image(64, 64, 200, SKEncodedImageFormat.Jpeg), "tiny-imagenet", "train", "n01", "images", "n01_0.JPEG");
        Assert.That(
            Datasets.Load("tiny-imagenet", Options).Train.Pixels[0], Is.EqualTo(200).Within(3),
            "changed images are decoded anew");
    }

    /// <summary>Names that lead out of the folder write nothing.</summary>
    [Test]
    public void WritesNothingWhateverAnArchiveNames()
    {
        Directory.CreateDirectory(folder["in"]);
        using (ZipArchive archive = ZipFile.Open(folder["in", "evil.zip"], ZipArchiveMode.Create))
        {
            for (int i = 0; i < 5; i++)
            {
                using Stream entry = archive.CreateEntry($"../../a/{i}.png").Open();
                entry.Write(Image(2, 2, 7, SKEncodedImageFormat.Png));
            }
        }

        Dataset data = Datasets.Load("folder:" + folder["in", "evil.zip"], Options);
        Assert.That((data.Train.Count, data.Test.Count), Is.EqualTo((4, 1)));
        Assert.That(
            from path in folder.Contents where !path.StartsWith("cache", StringComparison.Ordinal) select path,
            Is.EquivalentTo((string[])["in", Path.Combine("in", "evil.zip")]));
    }

    [Test]
    public void SurvivesMutatedFiles([Values(1, 2)] int seed) =>
        LimitedProcess.Run(384, SurvivesAlone, $"{seed}", "1000", "False");

    [Test]
    public void SurvivesMutatedFilesOfTinyImageNet([Values(1, 2)] int seed) =>
        LimitedProcess.Run(384, SurvivesAlone, $"{seed}", "500", "True");

    private static void SurvivesAlone(string[] arguments)
    {
        (int seed, int files) = (
            int.Parse(arguments[0], CultureInfo.InvariantCulture), int.Parse(arguments[1], CultureInfo.InvariantCulture));
        ImageFolderTests tests = new();
        tests.MakeFolder();
        (bool.Parse(arguments[2]) ? tests.SurvivesTiny : (Action<int, int>)tests.Survives)(seed, files);
        tests.RemoveFolder();
    }

    [Test, Explicit("takes minutes")]
    public void SurvivesManyMutatedFiles([Values] bool tiny) => (tiny ? SurvivesTiny : (Action<int, int>)Survives)(3, 100_000);

    /// <summary>Forty small files whose headers claim 4096×4096 pixels: two gigabytes, were they believed.</summary>
    [Test]
    public void ManySmallFilesThatClaimMuchTakeLittle()
    {
        byte[] large = Image(4096, 4096, 5, SKEncodedImageFormat.Png), cut = large[..(large.Length / 50)];
        for (int i = 0; i < 40; i++)
        {
            folder.Write(cut, "set", "a", $"{i:00}.png");
        }

        long before = GC.GetTotalAllocatedBytes();
        Refused("truncated or corrupted");
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(256L << 20), "other tests may run beside this one");
    }

    /// <summary>
    /// Small files that truly hold much: two gigabytes of pixels in two megabytes. What they take is known from the first one's
    /// header.
    /// </summary>
    [Test]
    public void ManySmallFilesThatHoldMuchAreRefusedBeforeAnyMemoryIsTaken()
    {
        byte[] large = Image(4096, 4096, 5, SKEncodedImageFormat.Png);
        for (int i = 0; i < 40; i++)
        {
            folder.Write(large, "set", "a", $"{i:00}.png");
        }

        Assert.That(
            LimitedProcess.Run(128, CifarTests.Refusal, "folder:" + folder["set"], folder.Path),
            Does.Contain("its 40 images of 4096×4096 pixels would take 2,013 MB of memory, but ").And.Contains(
                "Use fewer, or a smaller --image-size."));
    }

    /// <summary>Entries of an archive that unpack to as much as a file may have, on every thread at once.</summary>
    [Test]
    public void AnArchiveOfBombsTakesLittle()
    {
        Directory.CreateDirectory(folder["in"]);
        byte[] start = Image(2, 2, 5, SKEncodedImageFormat.Png), block = new byte[1 << 20];
        using (ZipArchive archive = ZipFile.Open(folder["in", "bombs.zip"], ZipArchiveMode.Create))
        {
            for (int i = 0; i < 12; i++)
            {
                using Stream entry = archive.CreateEntry($"a/{i:00}.png").Open();
                entry.Write(start);
                for (int megabyte = 0; megabyte < (i == 11 ? 80 : 50); megabyte++)
                {
                    entry.Write(block);
                }
            }
        }

        Assert.That(
            LimitedProcess.Run(896, CifarTests.Refusal, "folder:" + folder["in", "bombs.zip"], folder.Path),
            Does.Contain("11.png has more than 67108864 bytes"));
    }

    /// <summary>
    /// A build that was copied without its native libraries: as the runtime reports it, wherever a library is looked for in vain.
    /// </summary>
    [Test]
    public void SaysThatTheCodecIsMissing()
    {
        folder.Write(Image(4, 4, 1, SKEncodedImageFormat.Png), "set", "a", "1.png");
        folder.Write(Image(4, 4, 1, SKEncodedImageFormat.Png), "set", "a", "2.png");
        folder.Write(Image(4, 4, 1, SKEncodedImageFormat.Png), "set", "a", "3.png");
        Assert.That(
            LimitedProcess.Run(128, WithoutCodec, "folder:" + folder["set"], folder.Path),
            Does.StartWith(folder["set", "a", "1.png"]
                + " cannot be decoded: the image codec's native library, libSkiaSharp, is not there").And.Contains("Copy it"));
    }

    private static void WithoutCodec(string[] arguments)
    {
        NativeLibrary.SetDllImportResolver(
            typeof(SKCodec).Assembly, (name, _, _) => throw new DllNotFoundException($"Unable to load shared library '{name}'."));
        CifarTests.Refusal(arguments);
    }

    /// <summary>More images than there is room for at first: each comes to its place.</summary>
    [Test]
    public void RoomGrowsWithTheImages()
    {
        for (int i = 0; i < 5; i++)
        {
            folder.Write(Image(3000, 3000, (byte)(10 * i), SKEncodedImageFormat.Png), "set", "a", $"{i}.png");
        }

        Dataset data = Datasets.Load("folder:" + folder["set"], Options);
        Assert.That(
            Enumerable.Range(0, 4).Select(i => data.Train.Pixels[i * data.Train.SampleSize]),
            Is.EqualTo(new byte[] { 0, 10, 30, 40 }));
        Assert.That(
            Enumerable.Range(0, 4).Select(i => data.Train.Pixels[((i + 1) * data.Train.SampleSize) - 1]),
            Is.EqualTo(new byte[] { 2, 12, 32, 42 }));
    }

    private void Survives(int seed, int files)
    {
        Random random = new(seed);
        byte[] jpeg = Image(16, 16, 50, SKEncodedImageFormat.Jpeg), png = Image(16, 16, 50, SKEncodedImageFormat.Png);
        for (int i = 0; i < 3; i++)
        {
            folder.Write(jpeg, "set", "a", $"{i}.jpg");
        }

        Zip("set", "set.zip", "");
        byte[] zip = File.ReadAllBytes(folder["set.zip"]);
        Survives(seed, files, () =>
        {
            bool zipped = random.Next(3) == 0;
            folder.Write(
                Mutation.Of(zipped ? zip : random.Next(2) == 0 ? jpeg : png, random), zipped ? ["set.zip"]
                : ["set", "a", "1.jpg"]);
            return ("folder:" + folder[zipped ? "set.zip" : "set"], null);
        });
    }

    /// <summary>Any file of Tiny ImageNet's layout: classes, annotations, an image; or the whole archive.</summary>
    private void SurvivesTiny(int seed, int files)
    {
        Random random = new(seed);
        MakeTiny(folder, "made");
        Zip("made", "whole.zip", "tiny-imagenet-200/");
        byte[] zip = File.ReadAllBytes(folder["whole.zip"]);
        string[][] places = [
            ["wnids.txt"], ["val", "val_annotations.txt"], ["train", "n01", "images", "n01_1.JPEG"],
            ["val", "images", "val_1.JPEG"]];
        byte[][] contents = [.. places.Select(place => File.ReadAllBytes(folder[["made", .. place]]))];
        Directory.CreateDirectory(folder["in"]);
        Directory.Move(folder["made"], folder["in", "tiny-imagenet-200"]);
        Survives(seed, files, () =>
        {
            int which = random.Next(-1, places.Length);
            if (which < 0)
            {
                folder.Write(Mutation.Of(zip, random), "zip", "tiny-imagenet-200.zip");
                return ("tiny-imagenet", folder["zip"]);
            }

            for (int other = 0; other < places.Length; other++)
            {
                folder.Write(
                    other == which ? Mutation.Of(contents[other], random)
                    : contents[other], ["in", "tiny-imagenet-200", .. places[other]]);
            }

            return ("tiny-imagenet", folder["in"]);
        });
    }

    private void Survives(int seed, int files, Func<(string Name, string? Folder)> mutate)
    {
        string cacheFile = folder["file"];
        File.WriteAllText(cacheFile, "");
        int read = 0, refused = 0;
        for (int i = 0; i < files; i++)
        {
            (string name, string? place) = mutate();
            long before = GC.GetTotalAllocatedBytes();
            try
            {
                // A file stands where the cache's folder would be: nothing is kept.
                Datasets.Load(name, new DataOptions { Folder = place, CacheFolder = cacheFile });
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

            // Of managed memory; Skia's is bounded by the largest image. Other tests may run beside this one.
            Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(256L << 20), $"seed {seed}, file {i}");
        }

        TestContext.Out.WriteLine($"{files} files, {refused} refused, seed {seed}");
        Assert.That(read, Is.GreaterThan(files / 50));
        Assert.That(refused, Is.GreaterThan(files / 20));
    }

    /// <summary>Tiny ImageNet's layout with two classes; one image to train on is grayscale.</summary>
    internal static void MakeTiny(TemporaryFolder folder, string place)
    {
        folder.Write("n02\nn01\n"u8.ToArray(), place, "wnids.txt");
        folder.Write(Image(64, 64, 10, SKEncodedImageFormat.Jpeg), place, "train", "n01", "images", "n01_0.JPEG");
        folder.Write(Gray(64, 64, 20, SKEncodedImageFormat.Jpeg), place, "train", "n01", "images", "n01_1.JPEG");
        folder.Write(Image(64, 64, 100, SKEncodedImageFormat.Jpeg), place, "train", "n02", "images", "n02_0.JPEG");
        folder.Write(Image(64, 64, 110, SKEncodedImageFormat.Jpeg), place, "train", "n02", "images", "n02_1.JPEG");
        folder.Write("n01_0.JPEG\t0\t0\t10\t10\n"u8.ToArray(), place, "train", "n01", "n01_boxes.txt");
        folder.Write(Image(64, 64, 120, SKEncodedImageFormat.Jpeg), place, "val", "images", "val_0.JPEG");
        folder.Write(Image(64, 64, 30, SKEncodedImageFormat.Jpeg), place, "val", "images", "val_1.JPEG");
        folder.Write(
            "val_0.JPEG\tn02\t0\t0\t62\t62\nval_1.JPEG\tn01\t52\t55\t57\t59\n"u8.ToArray(), place, "val", "val_annotations.txt");
    }

    /// <summary>An image of one colour: value, value + 1, value + 2.</summary>
    private static byte[] Image(int height, int width, byte value, SKEncodedImageFormat format)
    {
        using SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor(value, (byte)(value + 1), (byte)(value + 2)));
        using SKData data = bitmap.Encode(format, 95);
        return data.ToArray();
    }

    private static byte[] Gray(int height, int width, byte value, SKEncodedImageFormat format)
    {
        using SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Gray8, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor(value, value, value));
        using SKData data = bitmap.Encode(format, 95);
        return data.ToArray();
    }

    private void Zip(string source, string target, string root)
    {
        using ZipArchive archive = ZipFile.Open(folder[target], ZipArchiveMode.Create);
        foreach (string path in Directory.GetFiles(folder[source], "*", SearchOption.AllDirectories))
        {
            archive.CreateEntryFromFile(path, root + Path.GetRelativePath(folder[source], path).Replace('\\', '/'));
        }
    }

    private void Refused(string message) =>
        Assert.That(() => Datasets.Load("folder:" + folder["set"], Options), Throws.TypeOf<DataException>().With.Message.Contains(
            message).And.Message.Not.Contains("\n"));
}
