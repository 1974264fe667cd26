using System.Security.Cryptography;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class DatasetsTests
{
    private static readonly (string Name, byte[] Content)[] Files =
    [
        ("train-images-idx3-ubyte", Idx.Images(40, 6, 5)),
        ("train-labels-idx1-ubyte", Idx.Labels(40)),
        ("t10k-images-idx3-ubyte", Idx.Images(10, 6, 5)),
        ("t10k-labels-idx1-ubyte", Idx.Labels(10)),
    ];

    private TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [Test]
    public void FindsFilesUnderTheirUsualNames(
        [Values("mnist", "fashion-mnist")] string set, [Values] bool ownFolder, [Values] bool compressed, [Values] bool dotted)
    {
        foreach ((string name, byte[] content) in Files)
        {
            string written = (dotted ? name.Replace("-idx", ".idx", StringComparison.Ordinal) : name) + (compressed ? ".gz" : "");
            folder.Write(compressed ? Idx.Compress(content) : content, "given", ownFolder ? set : ".", written);
        }

        Dataset data = Datasets.Load(set, new DataOptions { Folder = folder["given"] });

        Assert.That(
            (data.Name, data.Train.Count, data.Test.Count, data.Train.Height, data.Train.Width), Is.EqualTo((set, 40, 10, 6, 5)));
        Assert.That(data.Origin, Is.EqualTo(ownFolder ? folder["given", set] : folder["given"]));
        Assert.That(data.Train.Normalization!.Mean[0], Is.EqualTo(set == "mnist" ? 0.1307f : 0.2860f));
    }

    [Test]
    public void LooksInTheUsualPlacesInOrder()
    {
        // From last to first: what is added goes before what was there.
        string[] places = [
            Path.Combine("cache", "mnist"), Path.Combine("system", "mnist"), "work", Path.Combine("work", "mnist"), "environment",
            Path.Combine("environment", "mnist")];
        foreach (string place in places)
        {
            Place(place);
            Assert.That(
                Datasets.Load("MNIST", Elsewhere(withEnvironment: place.StartsWith('e'))).Origin, Is.EqualTo(folder[place]));
        }
    }

    [Test]
    public void PassesOverAPlaceThatLacksAFile()
    {
        Place(Path.Combine("cache", "mnist"));
        Place("work");
        File.Delete(folder["work", "t10k-labels-idx1-ubyte"]);
        Assert.That(Datasets.Load("mnist", Elsewhere()).Origin, Is.EqualTo(folder["cache", "mnist"]));
    }

    [Test]
    public void RefusesAGivenFolderThatIsNotThereOrLacksFiles()
    {
        Place(Path.Combine("cache", "mnist"));
        Directory.CreateDirectory(folder["empty"]);
        Place("partial");
        File.Delete(folder["partial", "t10k-labels-idx1-ubyte"]);

        Refused(new DataOptions { Folder = folder["absent"], CacheFolder = folder["cache"] },
            $"The data folder {folder["absent"]}, where the MNIST files were to be read, does not exist.");
        Refused(new DataOptions { Folder = "", CacheFolder = folder["cache"] }, "does not exist");
        Refused(
            new DataOptions { Folder = folder["empty"], CacheFolder = folder["cache"] },
            $"looked in {folder["empty", "mnist"]} and {folder["empty"]} for train-images-idx3-ubyte, train-labels-idx1-ubyte, " +
                $"t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte");
        Refused(new DataOptions { Folder = folder["partial"], CacheFolder = folder["cache"] },
            $"{folder["partial"]} lacks t10k-labels-idx1-ubyte.");
        Assert.That(
            () => Datasets.Load("mnist", new DataOptions { EnvironmentFolder = folder["absent"], CacheFolder = folder["cache"] }),
            Throws.TypeOf<DataException>().With.Message.Contains(
                $"PACGEN_DATA names the folder {folder["absent"]}, which does not exist."));
    }

    /// <summary>Archives are often unpacked into folders of their own, as other libraries' downloads are.</summary>
    [Test]
    public void SaysWhichFolderBelowHasTheFiles()
    {
        Place(Path.Combine("given", "MNIST", "raw"));
        Refused(new DataOptions { Folder = folder["given"] }, $"MNIST is not in the data folder {folder["given"]}");
        Refused(new DataOptions { Folder = folder["given"] },
            $"{folder["given", "MNIST", "raw"]} has them: name that folder, or leave --data out");
        Assert.That(
            Datasets.Load("mnist", new DataOptions { Folder = folder["given", "MNIST", "raw"] }).Train.Count, Is.EqualTo(40));
    }

    [Test]
    public void SaysWhereItLookedWhenItMayNotDownload() =>
        Assert.That(
            () => Datasets.Load("mnist", Elsewhere(withEnvironment: false)),
            Throws.TypeOf<DataException>().With.Message.Contains($"looked in {folder["work", "mnist"]}, {folder["work"]}, " +
                $"{folder["system", "mnist"]}, {folder["cache", "mnist"]} for train-images"));

    [Test]
    public void RefusesFilesThatDoNotBelongTogether()
    {
        Place("given");
        folder.Write(Idx.Images(10, 5, 6), "given", "t10k-images-idx3-ubyte");
        Refused(new DataOptions { Folder = folder["given"] }, "do not belong together");

        folder.Write(Idx.Images(9, 6, 5), "given", "t10k-images-idx3-ubyte");
        Refused(new DataOptions { Folder = folder["given"] }, "holds 9 images");
    }

    /// <summary>Both sets' files have the same names; the labels tell them apart.</summary>
    [Test]
    public void TellsAPublishedSetFromTheOther()
    {
        Place("given");
        string hash = Convert.ToHexStringLower(SHA256.HashData(Files[3].Content));
        PublishedSet other = PublishedSet.Mnist
            with { Name = "other", Title = "Other", TestLabels = new("t10k-labels-idx1-ubyte", Files[3].Content.Length, hash) };

        Assert.That(
            () => PublishedSet.Mnist.Load(new DataOptions { Folder = folder["given"] }, [other], default),
            Throws.TypeOf<DataException>().With.Message.Contains($"{folder["given"]} holds Other, not MNIST."));
        Assert.That(other.Load(new DataOptions { Folder = folder["given"] }, [other], default).Test.Count, Is.EqualTo(10));
    }

    [Test]
    public void RefusesAnUnknownName() =>
        Assert.That(() => Datasets.Load("cats"), Throws.TypeOf<DataException>().With.Message.EqualTo(
            $"There is no data set cats. Choose one of {string.Join(", ", Datasets.Names)}, or " +
                $"{string.Join(", ", Datasets.Prefixes.Select(prefix => prefix + "PATH"))}."));

    [Test]
    public void KnowsEveryNameItLists()
    {
        foreach ((string name, byte[] content) in Files)
        {
            folder.Write(content, name);
        }

        folder.Write(Cifar.File(4, labelBytes: 1), "cifar-10", "data_batch_1.bin");
        folder.Write(Cifar.File(2, labelBytes: 1), "cifar-10", "test_batch.bin");
        folder.Write(Cifar.File(4, labelBytes: 2), "cifar-100", "train.bin");
        folder.Write(Cifar.File(2, labelBytes: 2), "cifar-100", "test.bin");
        ImageFolderTests.MakeTiny(folder, "tiny-imagenet");
        foreach (string name in Datasets.Names)
        {
            Assert.That(
                Datasets.Load(name, new DataOptions { Folder = folder.Path, CacheFolder = folder["cache"] }).Name,
                Is.EqualTo(name));
        }
    }

    private void Place(string place)
    {
        foreach ((string name, byte[] content) in Files)
        {
            folder.Write(content, place, name);
        }
    }

    private DataOptions Elsewhere(bool withEnvironment = false) => new()
    {
        EnvironmentFolder = withEnvironment ? folder["environment"] : null,
        WorkingFolder = folder["work"],
        SystemFolder = folder["system"],
        CacheFolder = folder["cache"],
        AllowDownload = false,
    };

    private static void Refused(DataOptions options, string message) =>
        Assert.That(() => Datasets.Load("mnist", options), Throws.TypeOf<DataException>().With.Message.Contains(
            message).And.Message.Not.Contains("\n"));
}
