using System.IO.Compression;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>The data sets that PacGen knows by name.</summary>
public static class Datasets
{
    /// <summary>The credit that the licence of <c>digits</c> (CC BY 4.0) asks for wherever the data are passed on.</summary>
    public const string DigitsCredit = "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine " +
        "Learning Repository, 1998, doi:10.24432/C50P49, CC BY 4.0";

    private const int DigitsCount = 1797, DigitsSide = 8;

    private static readonly PublishedSet[] Published = [PublishedSet.Mnist, PublishedSet.FashionMnist];

    /// <summary>The data sets, a row each: the name, and how it is loaded.</summary>
    private static readonly (string Name, Func<DataOptions, CancellationToken, Dataset> Load)[] Rows =
    [
        ("digits", (_, _) => Digits()),
        ("penguins", (options, _) => PenguinTable.Load(options.Table)),
        ("mnist", (options, stop) => PublishedSet.Mnist.Load(options, Published, stop)),
        ("fashion-mnist", (options, stop) => PublishedSet.FashionMnist.Load(options, Published, stop)),
        ("cifar-10", (options, stop) => CifarSet.Cifar10.Load("cifar-10", CifarLabels.Ten, options, stop)),
        ("cifar-100", (options, stop) => CifarSet.Cifar100.Load("cifar-100", CifarLabels.Fine, options, stop)),
        ("cifar-100-coarse", (options, stop) => CifarSet.Cifar100.Load("cifar-100-coarse", CifarLabels.Coarse, options, stop)),
        ("tiny-imagenet", ImageFolderSet.TinyImageNet),
    ];

    /// <summary>What <see cref="Load"/> takes before a path, and how that is loaded.</summary>
    private static readonly (string Prefix, Func<string, string, DataOptions, CancellationToken, Dataset> Load)[] Files =
    [
        ("folder:", (_, path, options, stop) => ImageFolderSet.Folder(path, options, stop)),
        ("csv:", (name, path, options, _) => CsvFile.Read(path).ToDataset(name, options.Table)),
        ("npz:", (name, path, options, _) => NumpySet.Load(name, path, options.Table)),
        ("parquet:", ParquetFile.Load),
    ];

    /// <summary>What <see cref="Load"/> takes before the path of a folder.</summary>
    public const string FolderPrefix = "folder:";

    /// <summary>What <see cref="Load"/> takes before a path: <c>folder:</c>, <c>csv:</c>, <c>npz:</c>, <c>parquet:</c>.</summary>
    public static IReadOnlyList<string> Prefixes { get; } = [.. Files.Select(file => file.Prefix)];

    /// <summary>The prefix that a name has, in upper or lower case; null for none.</summary>
    /// <param name="name">What a user wrote, such as <c>csv:FILE</c>.</param>
    public static string? PrefixOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Prefixes.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The names that <see cref="Load"/> takes, beside a prefix with a path.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Rows.Select(row => row.Name)];

    /// <summary>
    /// Loads a data set. <c>digits</c> is embedded. <c>mnist</c> and <c>fashion-mnist</c> (60,000 + 10,000 images of 28×28,
    /// normalised by 0.1307 and 0.3081, and by 0.2860 and 0.3530) are read from four IDX files, found as
    /// <see cref="DataOptions"/> says or downloaded over HTTPS. <c>cifar-10</c>, <c>cifar-100</c> (its 100 fine labels) and
    /// <c>cifar-100-coarse</c> (its 20 coarse ones; 50,000 + 10,000 images of 32×32×3) are read from the binary files, raw or in
    /// gzip, or from the archive that was published; of the training files those that are there.
    /// <c>tiny-imagenet</c> (100,000 + 10,000 images of 64×64×3 in 200 classes, tested on its validation images) is read from the
    /// zip or its folder. <c>folder:PATH</c> is a folder, or a zip, of class folders with PNG or JPEG images, in <c>train</c> and
    /// <c>test</c> or <c>val</c>, or else every fifth to test on; normalised by the statistics of its training images. Hidden
    /// files, what systems leave in folders, and folders around the whole are passed over; a layout that says two things is
    /// refused, and what may not be meant stands in <see cref="Dataset.Warnings"/>. Image files are decoded once, and what was
    /// decoded is kept in <see cref="DataOptions.CacheFolder"/>.
    /// </summary>
    /// <remarks>
    /// <c>penguins</c> is an embedded table of 333 rows: the mass of a penguin by its measures, island, sex and species.
    /// <c>csv:FILE</c> is a table in text, <c>parquet:FILE</c> one of Parquet's or encoded images, a file or a folder of files
    /// <c>train*.parquet</c> and <c>test*.parquet</c>; <see cref="DataOptions.Table"/> says which columns are targets.
    /// <c>npz:FILE</c> has arrays called <c>x</c> and <c>y</c>, or <c>x_train</c>, <c>y_train</c>, <c>x_test</c>,
    /// <c>y_test</c>, or by the like of these; bytes of (N, H, W) or (N, H, W, C) are images.
    /// </remarks>
    /// <param name="name">One of <see cref="Names"/>, in upper or lower case, or a prefix with a path.</param>
    /// <param name="options">Where to look; null for the usual places.</param>
    /// <param name="cancellation">Stops a download; files that were complete by then stay in the cache, nothing else
    /// does.</param>
    /// <returns>The data set, its training and its test samples.</returns>
    /// <exception cref="DataException">
    /// The name is unknown; the files are not there, are corrupted or cannot be downloaded; the disk does not take them.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Dataset Load(string name, DataOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        options ??= new DataOptions();
        foreach ((string prefix, Func<string, string, DataOptions, CancellationToken, Dataset> read) in Files)
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                return read(name, name[prefix.Length..], options, cancellation);
            }
        }

        return Array.Find(Rows, row => row.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Load is { } load
            ? load(options, cancellation)
            : throw new DataException(
                $"There is no data set {Printable.Name(name)}. Choose one of {string.Join(", ", Names)}, or " +
                    $"{string.Join(", ", Prefixes.Select(prefix => prefix + "PATH"))}.");
    }

    /// <summary>MNIST: 60,000 + 10,000 images of 28×28×1 in 10 classes; <see cref="Load"/> says where they come from.</summary>
    /// <inheritdoc cref="Load"/>
    public static Dataset Mnist(DataOptions? options = null, CancellationToken cancellation = default) =>
        Load("mnist", options, cancellation);

    /// <summary>Fashion-MNIST: 60,000 + 10,000 images of 28×28×1 in 10 classes of clothes.</summary>
    /// <inheritdoc cref="Load"/>
    public static Dataset FashionMnist(DataOptions? options = null, CancellationToken cancellation = default) =>
        Load("fashion-mnist", options, cancellation);

    /// <summary>CIFAR-10: 50,000 + 10,000 images of 32×32×3 in 10 classes.</summary>
    /// <inheritdoc cref="Load"/>
    public static Dataset Cifar10(DataOptions? options = null, CancellationToken cancellation = default) =>
        Load("cifar-10", options, cancellation);

    /// <summary>CIFAR-100: 50,000 + 10,000 images of 32×32×3 in 100 classes.</summary>
    /// <inheritdoc cref="Load"/>
    public static Dataset Cifar100(DataOptions? options = null, CancellationToken cancellation = default) =>
        Load("cifar-100", options, cancellation);

    /// <summary>Tiny ImageNet: 100,000 + 10,000 images of 64×64×3 in 200 classes, from JPEG files.</summary>
    /// <inheritdoc cref="Load"/>
    public static Dataset TinyImageNet(DataOptions? options = null, CancellationToken cancellation = default) =>
        Load("tiny-imagenet", options, cancellation);

    /// <summary>The embedded table of penguins: 333 rows, whose target is the mass.</summary>
    /// <inheritdoc cref="Load"/>
    public static Dataset Penguins(DataOptions? options = null) => Load("penguins", options);

    /// <summary>
    /// The embedded digits: 1,797 images of 8×8, values 0 to 16 (<see cref="DigitsCredit"/>), normalised by 0.3052 and 0.3758,
    /// the mean and standard deviation of the training pixels / 16. The split is fixed for ever: counting within each class from
    /// 0 in the file's order, images whose rank leaves 2 when divided by 5 are for testing (359), the others (1,438) for
    /// training.
    /// </summary>
    public static Dataset Digits()
    {
        byte[] pixels = new byte[DigitsCount * DigitsSide * DigitsSide];
        int[] labels = new int[DigitsCount];
        ReadDigits(pixels, labels);
        ImageSet all = new(pixels, labels, DigitsSide, DigitsSide, 10, new Normalization([0.3052f], [0.3758f], maxValue: 16));

        Span<int> seen = stackalloc int[10];
        List<int> train = [], test = [];
        for (int i = 0; i < labels.Length; i++)
        {
            (seen[labels[i]]++ % 5 == 2 ? test : train).Add(i);
        }

        return new Dataset("digits", all.Subset([.. train]), all.Subset([.. test]))
        {
            Origin = "embedded",
            ClassNames = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        };
    }

    private static void ReadDigits(Span<byte> pixels, Span<int> labels)
    {
        using Stream resource = typeof(Datasets).Assembly.GetManifestResourceStream("digits.csv.gz")!;
        using GZipStream content = new(resource, CompressionMode.Decompress);
        int value = 0, column = 0, row = 0;
        for (int next = content.ReadByte(); next >= 0; next = content.ReadByte())
        {
            if (next is >= '0' and <= '9')
            {
                value = (10 * value) + next - '0';
            }
            else if (next == ',')
            {
                pixels[(row * DigitsSide * DigitsSide) + column++] = (byte)value;
                value = 0;
            }
            else if (next == '\n')
            {
                labels[row++] = value;
                value = column = 0;
            }
        }
    }
}
