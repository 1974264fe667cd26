using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PacGen.Nn;

/// <summary>Sets of image files: Tiny ImageNet, and folders of class folders.</summary>
internal static class ImageFolderSet
{
    private const string TinyArchive =
        "tiny-imagenet-200.zip", TinyFolder = "tiny-imagenet-200", TinyMd5 = "90528d7ca1a48142e341f4ef8d21d0de";
    private const int TinyTrainCount = 100_000;

    /// <summary>By the statistics of the 100,000 training images.</summary>
    private static readonly Normalization TinyNormalization = new([0.4802f, 0.4481f, 0.3975f], [0.2770f, 0.2691f, 0.2821f]);

    private static readonly Uri[] TinyMirrors = [new("https://cs231n.stanford.edu/")];

    /// <summary>Finds or downloads Tiny ImageNet and decodes it.</summary>
    public static Dataset TinyImageNet(DataOptions options, CancellationToken cancellation)
    {
        DataPlaces places = new(
            "tiny-imagenet", "Tiny ImageNet", $"{TinyArchive} or {TinyFolder}", folder => FindTiny(folder) is null ? "" : null);
        string folder = places.Locate(options)
            ?? places.FetchAsync(options, TinyMirrors, _ => [DownloadFile.Archive(TinyArchive, TinyMd5)], cancellation)
                .GetAwaiter().GetResult();
        string source = FindTiny(folder)
            ?? throw new DataException($"The Tiny ImageNet files in {folder} vanished while they were read.");
        Dataset data = Load("tiny-imagenet", source, ClassFolders.TinyImageNet, TinyNormalization, options, cancellation);
        return data.Train.Count >= TinyTrainCount ? data
            : data with { Origin = string.Create(
                CultureInfo.InvariantCulture, $"{source}, {data.Train.Count:N0} of {TinyTrainCount:N0} training images") };
    }

    /// <summary>
    /// Decodes a folder of class folders, or a zip of one; normalised by the statistics of its training images.
    /// </summary>
    public static Dataset Folder(string path, DataOptions options, CancellationToken cancellation)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            throw new DataException(
                $"{Datasets.FolderPrefix} lacks its path. Write {Datasets.FolderPrefix}PATH, PATH a folder or a zip of class " +
                $"folders.");
        }

        if (path.StartsWith("~/", StringComparison.Ordinal) && !Path.Exists(path))
        {
            throw new DataException(
                $"{path} is not there: a shell does not expand ~ behind {Datasets.FolderPrefix}. Write the whole path.");
        }

        return Load($"{Datasets.FolderPrefix}{path}", path, ClassFolders.Plain, null, options, cancellation);
    }

    private static Dataset Load(
        string name, string source, Func<FileTree, ClassFolders.Listing> list, Normalization? normalization, DataOptions options,
        CancellationToken cancellation)
    {
        using FileTree tree = FileTree.Open(source);
        ClassFolders.Listing listing = list(tree);
        byte[] fingerprint =
            Fingerprint(tree, listing, string.Create(CultureInfo.InvariantCulture, $"{name} {options.ImageSide}"));
        string identity = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes($"{Path.GetFullPath(source)}\0{options.ImageSide}")).AsSpan(0, 8));
        string cache = Path.Combine(options.CacheFolder, "decoded", identity + ".images");
        PassingFile.RemoveAbandoned(Path.GetDirectoryName(cache)!);
        if (DecodedImages.TryRead(cache, fingerprint) is not { } decoded)
        {
            decoded = Decode(tree, listing, options.ImageSide, cancellation);
            decoded.TryWrite(cache, fingerprint);
        }

        ImageSet train = Of(decoded.Train, decoded.TrainLabels), test = Of(decoded.Test, decoded.TestLabels);
        normalization ??= Normalization.Fit(train);
        return new Dataset(name, train.With(normalization), test.With(normalization))
        {
            Origin = tree.Describe(listing.Root.TrimEnd('/')),
            ClassNames = listing.Classes,
            Warnings = listing.Warnings,
        };

        ImageSet Of(byte[] pixels, int[] labels) => new(
            pixels, labels, decoded.Height, decoded.Width, decoded.Classes, new Normalization([0, 0, 0], [1, 1, 1]));
    }

    /// <summary>
    /// Of the files, and of how they were understood: a cache that another version made by other rules is none.
    /// </summary>
    private static byte[] Fingerprint(FileTree tree, ClassFolders.Listing listing, string settings)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(tree.Fingerprint(settings));
        foreach (ClassFolders.Entry entry in listing.Train.Append(new ClassFolders.Entry("", -1)).Concat(listing.Test))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{entry.Class} {entry.Name}\0")));
        }

        return hash.GetHashAndReset();
    }

    private static DecodedImages Decode(FileTree tree, ClassFolders.Listing listing, int? side, CancellationToken cancellation)
    {
        string first = listing.Train[0].Name, described = tree.Describe(first);
        (int height, int width) = side is { } given ? (given, given) : ImageDecoder.Size(tree.Read(first), described);
        DataMemory.Require(
            ((long)listing.Train.Length + listing.Test.Length) * height * width * 3,
            $"{tree.Path}: its {listing.Train.Length + listing.Test.Length} images of {height}×{width} pixels",
            "Use fewer, or a smaller --image-size.");
        return new DecodedImages(
            height,
            width,
            listing.Classes.Length,
            [.. from entry in listing.Train select entry.Class],
            [.. from entry in listing.Test select entry.Class],
            ClassFolders.Decode(tree, listing.Train, height, width, side is not null, described, cancellation),
            ClassFolders.Decode(tree, listing.Test, height, width, side is not null, described, cancellation));
    }

    private static string? FindTiny(string folder) =>
        File.Exists(Path.Combine(folder, "wnids.txt")) ? folder
        : File.Exists(Path.Combine(folder, TinyFolder, "wnids.txt")) ? Path.Combine(folder, TinyFolder)
        : File.Exists(Path.Combine(folder, TinyArchive)) ? Path.Combine(folder, TinyArchive) : null;
}
