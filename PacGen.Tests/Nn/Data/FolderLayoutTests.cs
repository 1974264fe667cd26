using System.Diagnostics;
using System.IO.Compression;
using System.Net.Sockets;
using PacGen.Nn;
using PacGen.Tests.Benchmarks;
using SkiaSharp;

namespace PacGen.Tests.Nn;

/// <summary>
/// Folders as people and programs leave them: each is understood as its owner means it, with what may surprise said, or refused
/// by a sentence that names the folder. Images are 2×2 pixels of one value, so that a set's pixels tell which files it has.
/// </summary>
internal sealed class FolderLayoutTests
{
    private readonly List<Socket> sockets = [];
    private TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder()
    {
        sockets.ForEach(socket => socket.Dispose());
        sockets.Clear();
        folder.Dispose();
    }

    [Test]
    public void FoldersAroundTheClassesAreGoneThrough([Values] bool zipped, [Values(1, 3)] int depth)
    {
        string around = string.Join('/', Enumerable.Range(0, depth).Select(i => $"around{i}"));
        MakeClasses("set/" + around, "cat", "dog");
        Put("set/readme.png");

        Dataset data = Load(zipped);

        Assert.That(data.ClassNames, Is.EqualTo((string[])["cat", "dog"]));
        Assert.That(
            (data.Train.Count, data.Test.Count, data.Train.Classes), Is.EqualTo((8, 2, 2)),
            "five images a class, of which the third is tested on");
        Assert.That(data.Origin, Does.EndWith(zipped ? $": {around}" : Path.Combine("set", around)));
        Assert.That(data.Warnings, Has.One.Items.And.One.Contains("1 images in"), "the loose one");
    }

    [Test]
    public void TrainAndTestAreKnownByAnyOfTheirNames(
        [Values("train", "Train", "TRAINING")] string train,
        [Values("test", "Test", "valid", "val", "VALIDATION", "testing")] string test, [Values] bool zipped)
    {
        MakeClasses("set/" + train, "cat", "dog");
        MakeClasses("set/" + test, "dog");

        Dataset data = Load(zipped);

        Assert.That((data.Train.Count, data.Test.Count), Is.EqualTo((10, 5)));
        Assert.That(data.ClassNames, Is.EqualTo((string[])["cat", "dog"]));
        Assert.That(data.Test.Labels.ToArray(), Is.All.EqualTo(1));
        Assert.That(data.Warnings, Is.EqualTo(new[] { $"no image of cat is tested on: {test} has no folder of that name." }));
    }

    [Test]
    public void OfSeveralFoldersToTestOnTheFirstWithClassesCounts()
    {
        MakeClasses("set/train", "cat", "dog");
        MakeClasses("set/val", "cat");
        Put("set/test/1.png");
        Put("set/originals/1.png");

        Dataset data = Load();

        Assert.That((data.Train.Count, data.Test.Count), Is.EqualTo((10, 5)), "the unlabelled test is no set");
        Assert.That(data.Warnings, Has.Exactly(2).Items.And.One.Contains("originals and test beside train and val: not used"));
    }

    /// <summary>Sets by names that are not known are classes; that their folders go by the same names is said.</summary>
    [Test]
    public void ClassesBelowUnknownNamesAreSaid([Values] bool zipped)
    {
        MakeClasses("set/trn", "cat", "dog");
        MakeClasses("set/tst", "cat", "dog");

        Dataset data = Load(zipped);

        Assert.That(data.ClassNames, Is.EqualTo((string[])["trn", "tst"]));
        Assert.That(data.Warnings, Has.One.Items.And.One.Contains("folders named cat and dog are in several classes"));
        Assert.That(data.Warnings[0], Does.EndWith("if they should be, trn and tst are the wrong level."));
    }

    /// <summary>One folder of a name in each class, and folders of names of their own, are images of that class.</summary>
    [TestCase("images", "images")]
    [TestCase("a", "b")]
    public void FoldersWithinAClassAreTheClass(string inCat, string inDog)
    {
        MakeClasses("set/cat", inCat);
        MakeClasses("set/dog", inDog);
        MakeClasses("set/dog", inDog + "2");

        Dataset data = Load();

        Assert.That(data.ClassNames, Is.EqualTo((string[])["cat", "dog"]));
        Assert.That(data.Warnings, Is.Empty);
    }

    [Test]
    public void WhatSystemsAndProgramsLeaveIsNoClassAndNoImage([Values] bool zipped, [Values] bool split)
    {
        string[] tops = split ? ["set/train", "set/test"] : ["set"];
        foreach (string top in tops)
        {
            MakeClasses(top, "cat", "dog");
        }

        byte[][] expected =
            [.. new[] { Load(zipped) }.SelectMany(data => new[] { data.Train.Pixels.ToArray(), data.Test.Pixels.ToArray() })];
        foreach (string top in tops)
        {
            foreach (string left in (
                string[])[".ipynb_checkpoints/0-checkpoint.png", "cat/.ipynb_checkpoints/0-checkpoint.png", "__MACOSX/._0.png",
                "__MACOSX/cat/._0.png", "cat/._0.png", ".hidden/0.png", "cat/.0.png", "cat/@eaDir/0.png", "@eaDir/0.png"])
            {
                Put($"{top}/{left}");
            }

            foreach (string left in (string[])[
                "Thumbs.db", "cat/Thumbs.db", "desktop.ini", ".DS_Store", "cat/.DS_Store", "._0.png"])
            {
                folder.Write([1, 2, 3], $"{top}/{left}");
            }
        }

        Dataset again = Load(zipped);

        Assert.That(again.ClassNames, Is.EqualTo((string[])["cat", "dog"]));
        Assert.That((byte[][])[again.Train.Pixels.ToArray(), again.Test.Pixels.ToArray()], Is.EqualTo(expected));
        Assert.That(again.Warnings, Is.Empty);
    }

    [Test]
    public void RefusesWhatSaysTwoThings([Values] bool zipped)
    {
        Refused("train/cat/1.png train/dog/1.png test/1.png test/2.png",
            "test has images, but no folders of classes: what they show is not known.");
        Refused("train/1.png test/1.png",
            "has test and train, but no train with a folder of images for each class. Expected are PATH/CLASS");
        Refused("train/1.png", "has train, but no train with a folder of images for each class");
        Refused("test/cat/1.png test/dog/1.png", "has test, but no train with");
        Refused("cat/1.png val/cat/1.png", "has val, but no train with");
        Refused("1.png 2.png", "has images, but no folders of classes");
        Refused("readme.txt", "has no PNG or JPEG images. Expected are");
        Refused("cat/1.png cat/2.png cat/3.png dog/1.gif",
            "dog has no PNG or JPEG images, and stands where each folder is a class");
        Refused("train/cat/1.png train/dog/1.txt test/cat/1.png", "dog has no PNG or JPEG images, and stands where");
        Refused("cat/1.png dog/1.png", "has no class of at least 3 images");
        Refused("train/cat/1.png test/Cat/1.png", "1.png is of a class that train has no folder for");
        Refused("train/cat/1.png training/cat/1.png test/cat/1.png", "has train and training to train on");

        void Refused(string files, string message)
        {
            foreach (string old in Directory.GetFileSystemEntries(folder.Path))
            {
                Delete(old);
            }

            foreach (string file in files.Split(' '))
            {
                Put($"set/{file}");
            }

            Assert.That(() => Load(zipped), Throws.TypeOf<DataException>().With.Message.Contains(message).And.Message.Contains(
                folder["set"]).And.Message.Not.Contains("\n"), files);
        }
    }

    [Test]
    public void RefusesTwoFoldersThatDifferInCaseAlone()
    {
        MakeClasses("set/train", "cat");
        MakeClasses("set/Train", "cat");
        if (Directory.GetDirectories(folder["set"]).Length == 1)
        {
            Assert.Ignore("This file system takes both names for one.");
        }

        Refused("has Train and train to train on");
        Delete(folder["set", "Train"]);
        MakeClasses("set/test", "cat");
        MakeClasses("set/TEST", "cat");
        Refused("has TEST and test to test on");
    }

    [Test]
    public void SaysWhatMayNotBeMeant([Values] bool zipped)
    {
        Says("cat/1.png cat/2.png cat/3.png", "has one class, cat: whatever a network answers is right");
        Says("train/cat/1.png train/cat/2.png train/cat/3.png train/dog/1.png train/dog/2.png train/dog/3.png",
            "has no test or val beside it: every fifth image");
        Says("cat/1.png cat/2.png cat/3.png dog/1.png", "no image of dog is tested on");
        Says("train/cat/1.png train/dog/1.png test/cat/1.png", "no image of dog is tested on: test has no folder of that name");
        Says("cat/1.png cat/2.png cat/3.png dog/1.png dog/2.png dog/3.png dog/4.webp dog/5.GIF", "2 files in", ".gif, .webp");

        void Says(string files, params string[] parts)
        {
            foreach (string old in Directory.GetFileSystemEntries(folder.Path))
            {
                Delete(old);
            }

            foreach (string file in files.Split(' '))
            {
                Put($"set/{file}");
            }

            string warning = Load(zipped).Warnings.Single();
            foreach (string part in parts)
            {
                Assert.That(warning, Does.Contain(part));
            }
        }
    }

    /// <summary>In an empty folder of a class nothing is seen by the names of files alone.</summary>
    [Test]
    public void RefusesAnEmptyFolderAmongTheClasses()
    {
        MakeClasses("set", "cat", "dog");
        Directory.CreateDirectory(folder["set", "horse"]);
        Refused($"{folder["set", "horse"]} has no PNG or JPEG images, and stands where each folder is a class");
    }

    [Test]
    public void LinksThatLoopAddNothing()
    {
        MakeClasses("set", "cat", "dog");
        Directory.CreateSymbolicLink(folder["set", "cat", "loop"], "..");
        Directory.CreateSymbolicLink(folder["set", "dog", "self"], folder["set", "dog"]);
        Directory.CreateSymbolicLink(folder["set", "dog", "above"], folder.Path);
        Directory.CreateSymbolicLink(folder["set", "around"], "../set");

        Dataset data = Load();

        Assert.That((data.Train.Count, data.Test.Count, data.Train.Classes), Is.EqualTo((8, 2, 2)), "ten files are ten images");
    }

    [Test]
    public void LinksToElsewhereAreFollowed()
    {
        MakeClasses("elsewhere", "cat");
        MakeClasses("set", "dog");
        Directory.CreateSymbolicLink(folder["set", "cat"], folder["elsewhere", "cat"]);
        Directory.CreateSymbolicLink(folder["link"], folder["set"]);

        Dataset data = Datasets.Load("folder:" + folder["link"], Options);

        Assert.That((data.Train.Count, data.Test.Count, data.ClassNames.Count), Is.EqualTo((8, 2, 2)));
        int first = data.Train.Pixels[0];
        folder.Write(Image((byte)(first + 100)), "elsewhere", "cat", "0.png");
        File.SetLastWriteTimeUtc(folder["elsewhere", "cat", "0.png"], DateTime.UtcNow.AddHours(1));
        Assert.That(
            Datasets.Load("folder:" + folder["link"], Options).Train.Pixels[0], Is.EqualTo(first + 100),
            "what a link leads to is looked at, not the link");
    }

    /// <summary>Through links the same file would be trained and tested on, or be of two classes.</summary>
    [Test]
    public void RefusesOneFileUnderTwoNames()
    {
        MakeClasses("set/train", "cat", "dog");
        Directory.CreateSymbolicLink(folder["set", "test"], "train");
        Refused("are one file, by links. Remove one of them.");

        File.Delete(folder["set", "test"]);
        MakeClasses("set/test", "cat");
        File.CreateSymbolicLink(folder["set", "test", "cat", "9.png"], "../../train/cat/0.png");
        Refused("9.png and ");

        File.Delete(folder["set", "test", "cat", "9.png"]);
        Directory.CreateSymbolicLink(folder["set", "train", "horse"], "dog");
        Refused("are one file, by links");
    }

    /// <summary>Each level has two links to the next: two to the power of 40 paths.</summary>
    [Test]
    public void LinksThatMultiplyEnd()
    {
        MakeClasses("set", "cat", "dog");
        for (int i = 0; i < 40; i++)
        {
            Directory.CreateDirectory(folder["levels", $"{i}"]);
            Directory.CreateSymbolicLink(folder["levels", $"{i}", "left"], folder["levels", $"{i + 1}"]);
            Directory.CreateSymbolicLink(folder["levels", $"{i}", "right"], folder["levels", $"{i + 1}"]);
        }

        Directory.CreateDirectory(folder["levels", "40"]);
        Directory.CreateSymbolicLink(folder["set", "cat", "levels"], folder["levels", "0"]);
        Refused("links lead to the same folders again and again");
    }

    /// <summary>A reader that opens such a file waits for ever, or reads for ever.</summary>
    [Test]
    public void FilesThatNeverEndAreRefused([Values("pipe", "link", "socket", "device")] string kind)
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Ignore("Linux's kinds of files.");
        }

        MakeClasses("set", "cat", "dog");
        byte[] batch = Cifar.File(2, 1);
        folder.Write(batch, "cifar-10", "test_batch.bin");
        ImageFolderTests.MakeTiny(folder, "tiny-imagenet");
        File.Delete(folder["tiny-imagenet", "wnids.txt"]);
        foreach (string place in (
            string[])[folder["set", "cat", "1.png"], folder["cifar-10", "data_batch_1.bin"], folder["idx"], folder["zip"],
            folder["tiny-imagenet", "wnids.txt"], folder["weights"]])
        {
            File.Delete(place);
            switch (kind)
            {
                case "pipe":
                    Process.Start("mkfifo", [place]).WaitForExit();
                    break;
                case "link":
                    Process.Start("mkfifo", [place + ".pipe"]).WaitForExit();
                    File.CreateSymbolicLink(place, place + ".pipe");
                    break;
                case "device":
                    File.CreateSymbolicLink(place, "/dev/zero");
                    break;
                default:
                    Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    sockets.Add(socket);
                    socket.Bind(new UnixDomainSocketEndPoint(place));
                    break;
            }
        }

        Stops(() => Datasets.Load("folder:" + folder["set"], Options));
        Stops(() => Datasets.Load("folder:" + folder["zip"], Options));
        Stops(() => Datasets.Load("cifar-10", new DataOptions { Folder = folder.Path, CacheFolder = folder["cache"] }));
        Stops(() => Datasets.Load("tiny-imagenet", new DataOptions { Folder = folder.Path, CacheFolder = folder["cache"] }));
        Stops(() => IdxFile.Read(folder["idx"], 1));
        Stops(() => SafetensorsFile.Open(folder["weights"]).Dispose());

        static void Stops(Action read)
        {
            Task<Exception?> task = Task.Run(() => (Exception?)Assert.Catch(() => read()));
            Assert.That(task.Wait(TimeSpan.FromSeconds(20)), "it ends");
            Assert.That(task.Result, Is.TypeOf<DataException>().With.Message.Contains("is a pipe, a socket or a device")
                .Or.TypeOf<CheckpointException>().With.Message.Contains("is empty or no regular file"));
        }
    }

    [Test]
    public void TheProgramShowsClassesAndWarningsAndNothingThatActsOnATerminal()
    {
        const string Red = "\u001b[31mred\u202e";
        if (OperatingSystem.IsWindows())
        {
            Assert.Ignore("Such names are not allowed here.");
        }

        MakeClasses("set", "cat", Red);
        folder.Write([1], "set", "cat", "5.webp");
        string[] command = ["train", "--epochs", "1", "--batch-size", "4", "--psi", "off", "--device", "cpu", "--dataset"];
        ProgramRun run = ProgramRun.Of([.. command, "folder:" + folder["set"]]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.OutputLines[0], Is.EqualTo("2 classes: 0 \\u001B[31mred\\u202E, 1 cat"));
        Assert.That(run.OutputLines[1], Does.StartWith("Warning: 1 files in ").And.Contains("(.webp)"));
        Assert.That(run.Output + run.Error, Has.No.Member('\u001b').And.No.Member('\u202e'));

        folder.Write([1, 2, 3], "set", Red, "9.png");
        run = ProgramRun.Of([.. command, "folder:" + folder["set"]]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.ErrorLines.Single(), Does.Contain("\\u001B[31mred\\u202E").And.Contains("neither JPEG nor PNG"));
        Assert.That(run.Output + run.Error, Has.No.Member('\u001b'));

        run = ProgramRun.Of([.. command, "folder:"]);
        Assert.That((run.ExitCode, run.ErrorLines.Single()), Is.EqualTo((2, run.ErrorLines[0])));
        Assert.That(run.Error, Does.Contain("--dataset folder: lacks its path: write --dataset folder:PATH"));
    }

    [Test]
    public void APathIsNeeded([Values("", " ")] string path) =>
        Assert.That(() => Datasets.Load("folder:" + path, Options), Throws.TypeOf<DataException>().With.Message.Contains(
            "folder: lacks its path. Write folder:PATH"));

    private DataOptions Options => new() { Folder = folder.Path, CacheFolder = folder["cache"] };

    private void Refused(string message) =>
        Assert.That(() => Load(), Throws.TypeOf<DataException>().With.Message.Contains(message).And.Message.Not.Contains("\n"));

    private Dataset Load(bool zipped = false)
    {
        if (!zipped)
        {
            return Datasets.Load("folder:" + folder["set"], Options);
        }

        File.Delete(folder["set.zip"]);
        ZipFile.CreateFromDirectory(folder["set"], folder["set.zip"]);
        return Datasets.Load("folder:" + folder["set.zip"], Options);
    }

    /// <summary>Five images a class, of values of their own.</summary>
    private void MakeClasses(string place, params string[] classes)
    {
        foreach (string one in classes)
        {
            for (int i = 0; i < 5; i++)
            {
                Put($"{place}/{one}/{i}.png", (byte)((10 * i) + one.Length));
            }
        }
    }

    private void Put(string path, byte value = 7) => folder.Write(Image(value), path);

    private static byte[] Image(byte value)
    {
        using SKBitmap bitmap = new(new SKImageInfo(2, 2, SKColorType.Gray8, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor(value, value, value));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static void Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }
}
