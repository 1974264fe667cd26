using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PacGen.Nn;

/// <summary>A published set of four IDX files: how it is found, downloaded and read.</summary>
internal sealed record PublishedSet(
    string Name, string Title, Normalization Normalization, IReadOnlyList<Uri> Mirrors, PublishedFile TrainImages,
    PublishedFile TrainLabels, PublishedFile TestImages, PublishedFile TestLabels)
{
    /// <summary>MNIST: Y. LeCun, C. Cortes, C. J. C. Burges. Normalised as PyTorch's MNIST example does.</summary>
    public static readonly PublishedSet Mnist = new(
        "mnist",
        "MNIST",
        new Normalization([0.1307f], [0.3081f]),
        [new("https://ossci-datasets.s3.amazonaws.com/mnist/"), new("https://storage.googleapis.com/cvdf-datasets/mnist/")],
        new("train-images-idx3-ubyte", 47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        new("train-labels-idx1-ubyte", 60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        new("t10k-images-idx3-ubyte", 7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        new("t10k-labels-idx1-ubyte", 10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"));

    /// <summary>
    /// Fashion-MNIST: H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747. Normalised by its training set's statistics.
    /// </summary>
    public static readonly PublishedSet FashionMnist = new(
        "fashion-mnist",
        "Fashion-MNIST",
        new Normalization([0.2860f], [0.3530f]),
        [new("https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"),
            new("https://storage.googleapis.com/tensorflow/tf-keras-datasets/")],
        new("train-images-idx3-ubyte", 47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        new("train-labels-idx1-ubyte", 60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        new("t10k-images-idx3-ubyte", 7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        new("t10k-labels-idx1-ubyte", 10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"))
    {
        ClassNames = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
    };

    private const int Classes = 10;

    /// <summary>What the classes are called.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    private PublishedFile[] Files => [TrainImages, TrainLabels, TestImages, TestLabels];

    /// <summary>Finds the files or downloads them, and reads them; refuses those of another known set.</summary>
    public Dataset Load(DataOptions options, ReadOnlySpan<PublishedSet> known, CancellationToken cancellation)
    {
        DataPlaces places = new(Name, Title, Wanted(), Lacking);
        string folder = places.Locate(options) ?? places.FetchAsync(options, Mirrors, Missing, cancellation).GetAwaiter()
            .GetResult();
        cancellation.ThrowIfCancellationRequested();
        ImageSet train = Read(folder, TrainImages, TrainLabels);
        cancellation.ThrowIfCancellationRequested();
        ImageSet test = Read(folder, TestImages, TestLabels);
        if ((train.Height, train.Width) != (test.Height, test.Width))
        {
            throw new DataException(
                $"The {Title} files in {folder} do not belong together: images to train on have {train.Height}×{train.Width} " +
                $"pixels, images to test on {test.Height}×{test.Width}. Replace them.");
        }

        // Both sets' files have the same names, so a folder that holds one of them answers for the other too.
        string labels = HashOfLabels(test.Labels);
        foreach (PublishedSet other in known)
        {
            if (other.Name != Name && other.TestLabels.Sha256 == labels)
            {
                throw new DataException(
                    $"{folder} holds {other.Title}, not {Title}. Name the folder of {Title} with --data, or choose the data " +
                    $"set {other.Name}.");
            }
        }

        return new Dataset(Name, train, test) { Origin = folder, ClassNames = ClassNames };
    }

    /// <summary>The SHA-256 of the IDX file that holds these labels.</summary>
    private static string HashOfLabels(ReadOnlySpan<int> labels)
    {
        byte[] content = new byte[8 + labels.Length];
        BinaryPrimitives.WriteUInt32BigEndian(content, 0x0801);
        BinaryPrimitives.WriteInt32BigEndian(content.AsSpan(4), labels.Length);
        for (int i = 0; i < labels.Length; i++)
        {
            content[8 + i] = (byte)labels[i];
        }

        return Convert.ToHexStringLower(SHA256.HashData(content));
    }

    private ImageSet Read(string folder, PublishedFile images, PublishedFile labels)
    {
        if (!images.TryFind(folder, out string? imagesPath) || !labels.TryFind(folder, out string? labelsPath))
        {
            throw new DataException($"The {Title} files in {folder} vanished while they were read.");
        }

        return IdxFile.ReadImageSet(imagesPath, labelsPath, Classes, Normalization);
    }

    private IEnumerable<DownloadFile> Missing(string folder) => from file in Files
        where !file.TryFind(folder, out _) select file.ToDownload();

    private string? Lacking(string folder)
    {
        string[] missing = [.. from file in Files where !file.TryFind(folder, out _) select file.Name];
        return missing.Length == 0 ? null : missing.Length == Files.Length ? "" : string.Join(", ", missing);
    }

    private string Wanted() =>
        string.Join(", ", from file in Files select file.Name) + " (also with .gz, also with .idx for -idx)";
}
