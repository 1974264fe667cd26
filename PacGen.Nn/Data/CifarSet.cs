using System.Globalization;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// CIFAR-10 or CIFAR-100: how it is found, downloaded and read, from its binary files or from the archive that has them.
/// </summary>
/// <param name="Name">The name of its folder.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Normalization">By the mean and standard deviation of its 50,000 training images.</param>
/// <param name="Inner">The folder in the archive.</param>
/// <param name="Train">How the names of the files to train on begin.</param>
/// <param name="Test">How the name of the file to test on begins.</param>
/// <param name="Archive">The published archive.</param>
/// <param name="Md5">Its published MD5.</param>
internal sealed record CifarSet(
    string Name, string Title, Normalization Normalization, string Inner, string Train, string Test, string Archive, string Md5)
{
    public static readonly CifarSet Cifar10 = new(
        "cifar-10",
        "CIFAR-10",
        new Normalization([0.4914f, 0.4822f, 0.4465f], [0.2470f, 0.2435f, 0.2616f]),
        "cifar-10-batches-bin",
        "data_batch_",
        "test_batch",
        "cifar-10-binary.tar.gz",
        "c32a1d4ab5d03f1284b67883e8d87530");

    public static readonly CifarSet Cifar100 = new(
        "cifar-100",
        "CIFAR-100",
        new Normalization([0.5071f, 0.4865f, 0.4409f], [0.2673f, 0.2564f, 0.2762f]),
        "cifar-100-binary",
        "train",
        "test",
        "cifar-100-binary.tar.gz",
        "03b5dce01913d631647c71ecec9e9cb8");

    private static readonly string[] TenNames =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    private const int PublishedTrainCount = 50_000;

    /// <summary>More than the content of either archive; so it bounds the memory too.</summary>
    private const long LargestArchive = 1 << 28;

    private static readonly Uri[] Mirrors = [new("https://www.cs.toronto.edu/~kriz/")];

    /// <summary>The folder of the version whose files are Python's.</summary>
    private string ForPython => Name == "cifar-10" ? "cifar-10-batches-py" : "cifar-100-python";

    private string Wanted => $"{Train}*.bin and {Test}*.bin (also with .gz, also in {Inner}), or {Archive}";

    /// <summary>Finds the files or downloads the archive, and reads them.</summary>
    /// <param name="name">The name that the set gets.</param>
    /// <param name="labels">Which labels.</param>
    /// <param name="options">Where to look.</param>
    /// <param name="cancellation">Stops a download.</param>
    public Dataset Load(string name, CifarLabels labels, DataOptions options, CancellationToken cancellation)
    {
        DataPlaces places = new(Name, Title, Wanted, Lacking);
        string folder = places.Locate(options)
            ?? places.FetchAsync(options, Mirrors, _ => [DownloadFile.Archive(Archive, Md5)], cancellation).GetAwaiter()
                .GetResult();
        cancellation.ThrowIfCancellationRequested();
        (ImageSet train, ImageSet test) = Read(folder, labels);
        string part = train.Count >= PublishedTrainCount ? ""
            : string.Create(CultureInfo.InvariantCulture, $", {train.Count:N0} of {PublishedTrainCount:N0} training images");
        return new Dataset(name, train, test) { Origin = folder + part, ClassNames = labels == CifarLabels.Ten ? TenNames : [] };
    }

    private (ImageSet Train, ImageSet Test) Read(string folder, CifarLabels labels)
    {
        foreach (string place in (string[])[folder, Path.Combine(folder, Inner)])
        {
            (string[] train, string[] test) = (Files(place, Train), Files(place, Test));
            if (train.Length > 0 && test.Length > 0)
            {
                return (CifarFile.Read(train, labels, Normalization), CifarFile.Read(test, labels, Normalization));
            }
        }

        string archive = FindArchive(folder)
            ?? throw new DataException($"The {Title} files in {folder} vanished while they were read.");
        return ContentFile.Read(archive, LargestArchive, CifarFile.Remedy, (content, _) => ReadArchive(content, archive, labels));
    }

    private (ImageSet Train, ImageSet Test) ReadArchive(Stream content, string archive, CifarLabels labels)
    {
        SortedDictionary<string, CifarFile.Records> train = new(StringComparer.Ordinal), test = new(StringComparer.Ordinal);
        int images = 0;
        TarEntries.Visit(content, archive, CifarFile.Remedy, (entry, size) =>
        {
            string name = entry[(entry.LastIndexOf('/') + 1)..];
            SortedDictionary<string, CifarFile.Records>? kind = !name.EndsWith(".bin", StringComparison.Ordinal) ? null
                : name.StartsWith(Train, StringComparison.Ordinal) ? train
                : name.StartsWith(Test, StringComparison.Ordinal) ? test : null;
            if (kind is null)
            {
                return 0;
            }

            CifarFile.Records part = new(labels);
            images += part.Add(content, size, $"{archive}: {Printable.Name(name)}");
            return images > 2 * CifarFile.LargestCount ? throw new DataException(
                $"{archive} holds more than {2 * CifarFile.LargestCount} images. {CifarFile.Remedy}")
                : kind.TryAdd(name, part) ? size : throw new DataException(
                    $"{archive} has {Printable.Name(name)} twice. {CifarFile.Remedy}");
        });
        return train.Count > 0 && test.Count > 0 ? (Join(train), Join(test))
            : throw new DataException(
                $"{archive} has no {(train.Count == 0 ? Train : Test)}*.bin: it is truncated or another archive. " +
                $"{CifarFile.Remedy}");

        // In the order of their names, whatever that in the archive is. Each is given up once it is copied.
        ImageSet Join(SortedDictionary<string, CifarFile.Records> parts)
        {
            string[] names = [.. parts.Keys];
            CifarFile.Records all = parts[names[0]];
            foreach (string name in names[1..])
            {
                all.Add(parts[name], archive);
                parts.Remove(name);
            }

            return all.ToSet(Normalization);
        }
    }

    private string? Lacking(string folder)
    {
        string lacking = "";
        foreach (string place in (string[])[folder, Path.Combine(folder, Inner)])
        {
            (bool train, bool test) = (Files(place, Train).Length > 0, Files(place, Test).Length > 0);
            if (train && test)
            {
                return null;
            }

            lacking = train ? $"{Test}*.bin" : test ? $"{Train}*.bin" : lacking;
        }

        if (lacking.Length == 0
            && (Path.Exists(Path.Combine(folder, ForPython)) || Path.Exists(Path.Combine(folder, $"{Name}-python.tar.gz"))))
        {
            lacking = $"the binary version, {Archive}: there is the one for Python";
        }

        return FindArchive(folder) is null ? lacking : null;
    }

    private string? FindArchive(string folder) => Array.Find(
        [Path.Combine(folder, Archive), Path.Combine(folder, Archive[..^".gz".Length])], File.Exists);

    /// <summary>Files of a kind in order; where one is there raw and in gzip, the raw one.</summary>
    private static string[] Files(string folder, string start)
    {
        try
        {
            return !Directory.Exists(folder) ? [] :
            [
                .. from path in Directory.EnumerateFiles(folder, start + "*")
                   let name = Path.GetFileName(path)
                   let raw = name.EndsWith(".gz", StringComparison.Ordinal) ? name[..^3] : name
                   where raw.EndsWith(".bin", StringComparison.Ordinal)
                   group path by raw into same
                   orderby same.Key
                   select same.MinBy(path => path.Length),
            ];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"The folder {folder} cannot be read: {error.Message}", error);
        }
    }
}
