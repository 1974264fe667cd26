using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PacGen.Nn.Data;

/// <summary>A published set of four IDX files: how it is found, downloaded and read.</summary>
internal sealed record PublishedSet(string Name, string Title, Normalization Normalization, IReadOnlyList<Uri> Mirrors, PublishedFile TrainImages, PublishedFile TrainLabels, PublishedFile TestImages, PublishedFile TestLabels)
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

    /// <summary>Fashion-MNIST: H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747. Normalised by its training set's statistics.</summary>
    public static readonly PublishedSet FashionMnist = new(
        "fashion-mnist",
        "Fashion-MNIST",
        new Normalization([0.2860f], [0.3530f]),
        [new("https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"), new("https://storage.googleapis.com/tensorflow/tf-keras-datasets/")],
        new("train-images-idx3-ubyte", 47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        new("train-labels-idx1-ubyte", 60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        new("t10k-images-idx3-ubyte", 7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        new("t10k-labels-idx1-ubyte", 10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"));

    private const int Classes = 10;

    private PublishedFile[] Files => [TrainImages, TrainLabels, TestImages, TestLabels];

    /// <summary>Finds the files or downloads them, and reads them; refuses those of another known set.</summary>
    public Dataset Load(DataOptions options, ReadOnlySpan<PublishedSet> known, CancellationToken cancellation)
    {
        string folder = Locate(options) ?? FetchAsync(options, cancellation).GetAwaiter().GetResult();
        cancellation.ThrowIfCancellationRequested();
        ImageSet train = Read(folder, TrainImages, TrainLabels);
        cancellation.ThrowIfCancellationRequested();
        ImageSet test = Read(folder, TestImages, TestLabels);
        if ((train.Height, train.Width) != (test.Height, test.Width))
        {
            throw new DataException($"The {Title} files in {folder} do not belong together: images to train on have {train.Height}×{train.Width} pixels, images to test on {test.Height}×{test.Width}. Replace them.");
        }

        // Both sets' files have the same names, so a folder that holds one of them answers for the other too.
        string labels = HashOfLabels(test.Labels);
        foreach (PublishedSet other in known)
        {
            if (other.Name != Name && other.TestLabels.Sha256 == labels)
            {
                throw new DataException($"{folder} holds {other.Title}, not {Title}. Name the folder of {Title} with --data, or choose the data set {other.Name}.");
            }
        }

        return new Dataset(Name, train, test) { Origin = folder };
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

    /// <summary>The folder that has all four files, or null if there is none and it may be downloaded.</summary>
    private string? Locate(DataOptions options)
    {
        if (options.Folder is string given)
        {
            return LocateIn(given);
        }

        List<string> places = [];
        if (!string.IsNullOrEmpty(options.EnvironmentFolder))
        {
            if (!Directory.Exists(options.EnvironmentFolder))
            {
                throw new DataException($"PACGEN_DATA names the folder {options.EnvironmentFolder}, which does not exist. Correct it or unset it.");
            }

            places.AddRange(Places(options.EnvironmentFolder));
        }

        places.AddRange(Places(options.WorkingFolder));
        places.Add(Path.Combine(options.SystemFolder, Name));
        places.Add(Path.Combine(options.CacheFolder, Name));
        string? found = places.Find(place => Missing(place).Count == 0);
        return found is not null || options.AllowDownload ? found
            : throw new DataException($"{Title} is not on this machine: looked in {string.Join(", ", places)} for {Wanted()}. Name its folder with --data, or allow the download.");
    }

    private string LocateIn(string folder)
    {
        const string Otherwise = "or leave --data out to have PacGen look elsewhere and download them.";
        if (!Directory.Exists(folder))
        {
            throw new DataException($"The data folder {folder}, where the {Title} files were to be read, does not exist. Correct the path, {Otherwise}");
        }

        string[] places = Places(folder);
        string? found = Array.Find(places, place => Missing(place).Count == 0);
        if (found is not null)
        {
            return found;
        }

        string partial = "";
        foreach (string place in places)
        {
            List<string> missing = Missing(place);
            if (missing.Count < Files.Length)
            {
                partial += $" {place} lacks {string.Join(", ", missing)}.";
            }
        }

        throw new DataException($"{Title} is not in the data folder {folder}: looked in {string.Join(" and ", places)} for {Wanted()}.{partial} Put the files there, name another folder with --data, {Otherwise}");
    }

    /// <summary>Downloads what the cache lacks; returns the folder.</summary>
    private async Task<string> FetchAsync(DataOptions options, CancellationToken cancellation)
    {
        string folder = Path.Combine(options.CacheFolder, Name);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"The cache folder {folder} cannot be made: {error.Message.TrimEnd('.')}. Give another, or put the {Title} files somewhere and name the folder with --data.", error);
        }

        try
        {
            using Download download = new(options.Patience, options.Progress);
            foreach (PublishedFile file in Files)
            {
                cancellation.ThrowIfCancellationRequested();
                if (file.TryFind(folder, out _))
                {
                    continue;
                }

                string target = Path.Combine(folder, file.CompressedName);
                string? failure = await download.FetchAsync(file, options.Mirrors ?? Mirrors, target, cancellation).ConfigureAwait(false);
                if (failure is not null)
                {
                    throw new DataException($"{Title} is not on this machine and {file.CompressedName} cannot be downloaded ({failure}). Check the connection, or put {Wanted()} in a folder and name it with --data.");
                }
            }
        }
        finally
        {
            RemoveIfEmpty(folder);
        }

        return folder;
    }

    private ImageSet Read(string folder, PublishedFile images, PublishedFile labels)
    {
        if (!images.TryFind(folder, out string? imagesPath) || !labels.TryFind(folder, out string? labelsPath))
        {
            throw new DataException($"The {Title} files in {folder} vanished while they were read.");
        }

        return IdxFile.ReadImageSet(imagesPath, labelsPath, Classes, Normalization);
    }

    private static void RemoveIfEmpty(string folder)
    {
        try
        {
            if (!Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // An empty folder that cannot be removed harms nobody, and must not hide why the download failed.
        }
    }

    private string[] Places(string folder) => [Path.Combine(folder, Name), folder];

    private List<string> Missing(string folder) => [.. from file in Files where !file.TryFind(folder, out _) select file.Name];

    private string Wanted() => string.Join(", ", from file in Files select file.Name) + " (also with .gz, also with .idx for -idx)";
}
