using System.Runtime.ExceptionServices;

namespace PacGen.Nn.Data;

/// <summary>
/// Images in folders, JPEG or PNG: Tiny ImageNet in its own layout, or a folder of class folders. The classes are numbered in
/// ordinal order of their folders' names. The images come class by class in turn, so that the first n are of all classes.
/// </summary>
internal static class ClassFolders
{
    /// <summary>The bytes of pixels that room is made for before any image has been decoded.</summary>
    private const int FirstRoom = 1 << 26;

    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png"];

    /// <summary>An image's name and class.</summary>
    internal readonly record struct Entry(string Name, int Class);

    /// <summary>What is to be trained and tested on.</summary>
    internal sealed record Listing(Entry[] Train, Entry[] Test, int Classes);

    /// <summary>
    /// Tiny ImageNet: the classes of <c>wnids.txt</c>, <c>train/CLASS/images</c>, and <c>val/images</c> to test on, whose classes
    /// <c>val/val_annotations.txt</c> says.
    /// </summary>
    public static Listing TinyImageNet(FileTree tree)
    {
        string[] found = [.. from name in tree.Names where name == "wnids.txt" || name.EndsWith("/wnids.txt", StringComparison.Ordinal) select name];
        if (found.Length == 0)
        {
            throw new DataException($"{tree.Path} has no wnids.txt: it is not Tiny ImageNet as published, or is truncated. Replace it with a whole copy.");
        }

        string root = found.MinBy(name => name.Length)![..^"wnids.txt".Length];
        string[] classes = [.. tree.ReadLines(root + "wnids.txt").Distinct().Order(StringComparer.Ordinal)];
        Dictionary<string, int> numbers = [];
        foreach (string one in classes)
        {
            numbers.Add(one, numbers.Count);
        }

        List<Entry> train = [];
        foreach (string name in Images(tree, root + "train/"))
        {
            if (numbers.TryGetValue(name[(root.Length + 6)..].Split('/')[0], out int number))
            {
                train.Add(new Entry(name, number));
            }
        }

        int empty = Array.FindIndex(classes, one => !train.Exists(entry => entry.Class == numbers[one]));
        if (classes.Length == 0 || empty >= 0)
        {
            throw new DataException($"{tree.Path} has no images in {root}train{(empty < 0 ? "" : "/" + classes[empty])}. Replace it with a whole copy.");
        }

        string annotations = root + "val/val_annotations.txt";
        if (!tree.Contains(annotations))
        {
            throw new DataException($"{tree.Path} lacks {annotations}, which says the classes of the images to test on. Replace it with a whole copy.");
        }

        List<Entry> test = [];
        string[] lines = tree.ReadLines(annotations);
        for (int i = 0; i < lines.Length; i++)
        {
            string[] fields = lines[i].Split('\t');
            string name = $"{root}val/images/{fields[0]}";
            if (fields.Length < 2 || !numbers.TryGetValue(fields[1], out int number))
            {
                throw new DataException($"{tree.Describe(annotations)}, line {i + 1}, does not say an image and a class of wnids.txt. Replace it with a whole copy.");
            }

            test.Add(tree.Contains(name) ? new Entry(name, number)
                : throw new DataException($"{tree.Describe(annotations)}, line {i + 1}, names {fields[0]}, which is not in {root}val/images. Replace it with a whole copy."));
        }

        return new Listing(InTurn(train, classes.Length), test.Count > 0 ? [.. test] : throw new DataException($"{tree.Describe(annotations)} is empty. Replace it with a whole copy."), classes.Length);
    }

    /// <summary>
    /// Class folders in <c>train</c> and in <c>test</c> or <c>val</c>; or class folders alone, of which every fifth image of a class
    /// (that whose rank in ordinal order leaves 2 when divided by 5) is to test on.
    /// </summary>
    public static Listing Plain(FileTree tree)
    {
        string[] images = [.. Images(tree, "")];
        string[] tops = [.. (from name in images select name[..(name.IndexOf('/') + 1)]).Distinct()];
        string? testFolder = Array.Find(["test/", "val/"], tops.Contains);
        if (tops.Contains("train/") && testFolder is not null)
        {
            string[] classes = Classes(images, "train/");
            return new Listing(InTurn(Entries(images, "train/", classes, tree), classes.Length), InTurn(Entries(images, testFolder, classes, tree), classes.Length), classes.Length);
        }

        string[] all = Classes(images, "");
        List<Entry> train = [], test = [];
        int[] seen = new int[all.Length];
        foreach (Entry entry in Entries(images, "", all, tree))
        {
            (seen[entry.Class]++ % 5 == 2 ? test : train).Add(entry);
        }

        return all.Length > 0 && test.Count > 0 ? new Listing(InTurn(train, all.Length), InTurn(test, all.Length), all.Length)
            : throw new DataException($"{tree.Path} has no folders of at least 3 PNG or JPEG images, one folder a class. Put them there, or in train and test.");
    }

    /// <summary>Decodes images, on all processors; all of one size, that of the first, unless a size is given.</summary>
    public static byte[] Decode(FileTree tree, Entry[] entries, int height, int width, bool resize, string first, CancellationToken cancellation)
    {
        int size = checked(height * width * 3);
        if ((long)entries.Length * size > Array.MaxLength)
        {
            throw new DataException($"{tree.Path} has {entries.Length} images of {height}×{width}: more than the {Array.MaxLength} bytes that a set may have. Use fewer, or a smaller --image-size.");
        }

        // What the first header claims is believed of as many images as have been decoded, and no more: else some small files could ask for gigabytes.
        byte[] pixels = new byte[Math.Min(entries.Length, Math.Max(1, FirstRoom / size)) * size];
        for (int done = 0; ; Array.Resize(ref pixels, (int)Math.Min(2L * done, entries.Length) * size))
        {
            int end = pixels.Length / size;
            try
            {
                Parallel.For(done, end, new ParallelOptions { CancellationToken = cancellation }, i =>
                    ImageDecoder.Decode(tree.Read(entries[i].Name), tree.Describe(entries[i].Name), height, width, resize, first, pixels.AsSpan(i * size, size)));
            }
            catch (AggregateException errors)
            {
                // Of several the first by name, so that the message does not depend on the threads' luck.
                ExceptionDispatchInfo.Throw(errors.Flatten().InnerExceptions.MinBy(error => error.Message, StringComparer.Ordinal)!);
            }

            done = end;
            if (done == entries.Length)
            {
                return pixels;
            }
        }
    }

    private static IEnumerable<string> Images(FileTree tree, string start) =>
        from name in tree.Names
        where name.StartsWith(start, StringComparison.Ordinal) && Extensions.Contains(Path.GetExtension(name).ToLowerInvariant())
        select name;

    private static string[] Classes(string[] images, string start) =>
    [
        .. (from name in images
            where name.StartsWith(start, StringComparison.Ordinal) && name.IndexOf('/', start.Length) > 0
            select name[start.Length..name.IndexOf('/', start.Length)]).Distinct().Order(StringComparer.Ordinal),
    ];

    private static List<Entry> Entries(string[] images, string start, string[] classes, FileTree tree)
    {
        List<Entry> entries = [];
        foreach (string name in images)
        {
            int end = name.IndexOf('/', start.Length);
            if (name.StartsWith(start, StringComparison.Ordinal) && end > 0)
            {
                int number = Array.BinarySearch(classes, name[start.Length..end], StringComparer.Ordinal);
                entries.Add(number >= 0 ? new Entry(name, number)
                    : throw new DataException($"{tree.Describe(name)} is of a class that train has no folder for. Remove it, or add images to train on."));
            }
        }

        return entries;
    }

    private static Entry[] InTurn(List<Entry> entries, int classes)
    {
        int[] seen = new int[classes];
        return [.. (from entry in entries select (entry, rank: seen[entry.Class]++)).ToArray().OrderBy(one => one.rank).ThenBy(one => one.entry.Class).Select(one => one.entry)];
    }
}
