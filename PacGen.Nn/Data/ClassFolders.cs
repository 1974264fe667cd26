using System.Runtime.ExceptionServices;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// Images in folders, JPEG or PNG: Tiny ImageNet in its own layout, or a folder of class folders. The classes are numbered in
/// ordinal order of their folders' names. The images come class by class in turn, so that the first n are of all classes.
/// </summary>
internal static partial class ClassFolders
{
    /// <summary>The bytes of pixels that room is made for before any image has been decoded.</summary>
    private const int FirstRoom = 1 << 26;

    /// <summary>Larger files and images are decoded some at a time: each takes memory on its own.</summary>
    private const int LargeFile = 1 << 20, LargeArea = 1 << 20, LargeAtOnce = 4;

    /// <summary>An image's name and class.</summary>
    internal readonly record struct Entry(string Name, int Class);

    /// <summary>What is to be trained and tested on, and what the classes are called.</summary>
    internal sealed record Listing(Entry[] Train, Entry[] Test, string[] Classes)
    {
        /// <summary>
        /// The folder in the tree that was taken for the set, with a slash at its end; empty for the tree itself.
        /// </summary>
        public string Root { get; init; } = "";

        /// <summary>What a person should know about how the tree was understood: sentences.</summary>
        public string[] Warnings { get; init; } = [];
    }

    /// <summary>
    /// Tiny ImageNet: the classes of <c>wnids.txt</c>, <c>train/CLASS/images</c>, and <c>val/images</c> to test on, whose classes
    /// <c>val/val_annotations.txt</c> says.
    /// </summary>
    public static Listing TinyImageNet(FileTree tree)
    {
        string[] found = [
            .. from name in tree.Names where name == "wnids.txt"
            || name.EndsWith("/wnids.txt", StringComparison.Ordinal) select name];
        if (found.Length == 0)
        {
            throw new DataException(
                $"{tree.Path} has no wnids.txt: it is not Tiny ImageNet as published, or is truncated. Replace it with a whole " +
                $"copy.");
        }

        string root = found.MinBy(name => name.Length)![..^"wnids.txt".Length];
        string[] classes = [.. tree.ReadLines(root + "wnids.txt").Distinct().Order(StringComparer.Ordinal)];
        Dictionary<string, int> numbers = [];
        foreach (string one in classes)
        {
            numbers.Add(one, numbers.Count);
        }

        List<Entry> train = [];
        foreach (string name in tree.Names.Where(
            name => name.StartsWith(root + "train/", StringComparison.Ordinal) && IsImage(name)))
        {
            string one = name[(root.Length + 6)..].Split('/')[0];
            train.Add(numbers.TryGetValue(one, out int number) ? new Entry(name, number)
                : throw new DataException(
                    $"{tree.Describe(name)} is of a class that wnids.txt does not list. Remove {Printable.Name(one)}, or " +
                    $"replace wnids.txt with a whole copy."));
        }

        int empty = Array.FindIndex(classes, one => !train.Exists(entry => entry.Class == numbers[one]));
        if (classes.Length == 0 || empty >= 0)
        {
            throw new DataException(
                $"{tree.Path} has no images in {root}train{(empty < 0 ? "" : "/" + classes[empty])}. Replace it with a whole " +
                $"copy.");
        }

        string annotations = root + "val/val_annotations.txt";
        if (!tree.Contains(annotations))
        {
            throw new DataException(
                $"{tree.Path} lacks {annotations}, which says the classes of the images to test on. Replace it with a whole " +
                $"copy; where val has class folders, --dataset folder:PATH reads it.");
        }

        List<Entry> test = [];
        HashSet<string> named = new(StringComparer.Ordinal);
        string[] lines = tree.ReadLines(annotations);
        for (int i = 0; i < lines.Length; i++)
        {
            string[] fields = lines[i].Split('\t');
            string name = $"{root}val/images/{fields[0]}";
            if (fields.Length < 2 || !numbers.TryGetValue(fields[1], out int number))
            {
                throw new DataException(
                    $"{tree.Describe(annotations)}, line {i + 1}, does not say an image and a class of wnids.txt. Replace it " +
                    $"with a whole copy.");
            }

            if (!tree.Contains(name) || !named.Add(name))
            {
                throw new DataException(
                    $"{tree.Describe(annotations)}, line {i + 1}, names {Printable.Name(fields[0])}, which " +
                        $"{(tree.Contains(name) ? "an earlier line names too" : $"is not in {root}val/images")}. Replace it " +
                        $"with a whole copy.");
            }

            test.Add(new Entry(name, number));
        }

        return new Listing(
            InTurn(train, classes.Length), test.Count > 0 ? [.. test]
            : throw new DataException($"{tree.Describe(annotations)} is empty. Replace it with a whole copy."), classes);
    }

    /// <summary>Decodes images, on all processors; all of one size, that of the first, unless a size is given.</summary>
    public static byte[] Decode(
        FileTree tree, Entry[] entries, int height, int width, bool resize, string first, CancellationToken cancellation)
    {
        int size = checked(height * width * 3);
        using SemaphoreSlim large = new(LargeAtOnce);
        if ((long)entries.Length * size > Array.MaxLength)
        {
            throw new DataException(
                $"{tree.Path} has {entries.Length} images of {height}×{width}: more than the {Array.MaxLength} bytes that a " +
                $"set may have. Use fewer, or a smaller --image-size.");
        }

        // What the first header claims is believed of as many images as have been decoded, and no more: else some small files
        // could ask for gigabytes.
        byte[] pixels = new byte[Math.Min(entries.Length, Math.Max(1, FirstRoom / size)) * size];
        for (int done = 0; ; Array.Resize(ref pixels, (int)Math.Min(2L * done, entries.Length) * size))
        {
            int end = pixels.Length / size;
            try
            {
                Parallel.For(done, end, new ParallelOptions { CancellationToken = cancellation }, i => DecodeOne(i, pixels));
            }
            catch (AggregateException errors)
            {
                // Of several the first by name, so that the message does not depend on the threads' luck.
                ExceptionDispatchInfo.Throw(
                    errors.Flatten().InnerExceptions.MinBy(error => error.Message, StringComparer.Ordinal)!);
            }

            done = end;
            if (done == entries.Length)
            {
                return pixels;
            }
        }

        void DecodeOne(int i, byte[] target)
        {
            string name = entries[i].Name, described = tree.Describe(name);
            bool alone = tree.Length(name) > LargeFile;
            byte[] file = [];
            if (!alone)
            {
                file = tree.Read(name);
                (int ownHeight, int ownWidth) = ImageDecoder.Size(file, described);
                alone = (long)ownHeight * ownWidth > LargeArea;
            }

            if (alone)
            {
                large.Wait(cancellation);
            }

            try
            {
                file = file.Length > 0 ? file : tree.Read(name);
                ImageDecoder.Decode(file, described, height, width, resize, first, target.AsSpan(i * size, size));
            }
            finally
            {
                if (alone)
                {
                    large.Release();
                }
            }
        }
    }

    private static bool IsImage(string name) => Path.GetExtension(name).ToUpperInvariant() is ".JPG" or ".JPEG" or ".PNG";

    private static Entry[] InTurn(List<Entry> entries, int classes)
    {
        int[] seen = new int[classes];
        return [.. (from entry in entries select (entry, rank: seen[entry.Class]++)).ToArray().OrderBy(one => one.rank).ThenBy(
            one => one.entry.Class).Select(one => one.entry)];
    }
}
