using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>How a folder that anybody made is understood: where its classes are, and what is to be tested on.</summary>
internal static partial class ClassFolders
{
    private const string Expected =
        "Expected are PATH/CLASS/*.png, or PATH/train/CLASS/*.png and PATH/test/CLASS/*.png (JPEG as well; val for test)";

    private static readonly string[] TrainNames = ["train", "training"];

    /// <summary>The first that has classes is tested on.</summary>
    private static readonly string[] TestNames = ["test", "testing", "val", "valid", "validation"];

    private static readonly string[] Unread =
        [".gif", ".bmp", ".webp", ".tif", ".tiff", ".jfif", ".jpe", ".heic", ".avif", ".jp2"];

    /// <summary>
    /// Class folders in <c>train</c> and in <c>test</c> or <c>val</c>, in any case of their letters; or class folders alone, of
    /// which every fifth image of a class (that whose rank in ordinal order leaves 2 when divided by 5) is to test on. Folders
    /// around the whole are gone through.
    /// </summary>
    /// <exception cref="DataException">It is neither, or its layout says two things.</exception>
    public static Listing Plain(FileTree tree)
    {
        string[] images = [.. tree.Names.Where(IsImage)];
        if (images.Length == 0)
        {
            throw new DataException($"{tree.Path} has no PNG or JPEG images. {Expected}.");
        }

        List<string> warnings = [];
        string root = "";
        string[] tops = Tops(images, root);
        Loose();
        while (tops is [{ } only] && !IsSplit(only) && images.All(name => Depth(name, root) != 1))
        {
            root += only + "/";
            images = [.. images.Where(name => name.StartsWith(root, StringComparison.Ordinal))];
            tops = Tops(images, root);
            Loose();
        }

        if (tops.Length == 0)
        {
            throw new DataException($"{tree.Describe(root)} has images, but no folders of classes. {Expected}.");
        }

        string[] trains = [.. tops.Where(top => Is(top, TrainNames))], tests = [.. tops.Where(top => Is(top, TestNames))];
        string[] trainsOfClasses = [.. trains.Where(HasClasses)], testsOfClasses = [.. tests.Where(HasClasses)];
        Listing listing;
        if (trainsOfClasses.Length > 1)
        {
            throw new DataException($"{tree.Describe(root)} has {Names(trainsOfClasses)} to train on. Leave one of them there.");
        }
        else if (trainsOfClasses is [{ } trainFolder])
        {
            string? testFolder = testsOfClasses.MinBy(
                top => Array.FindIndex(TestNames, name => name.Equals(top, StringComparison.OrdinalIgnoreCase)));
            if (testFolder is null && tests.Length > 0)
            {
                throw new DataException(
                    $"{tree.Describe(root + tests[0])} has images, but no folders of classes: what they show is not known. Put " +
                        $"them into {Printable.Name(tests[0])}/CLASS, or move {Printable.Name(tests[0])} elsewhere, and every " +
                        $"fifth image of {Printable.Name(trainFolder)} is tested on.");
            }

            if (testFolder is not null
                && testsOfClasses.Count(top => top.Equals(testFolder, StringComparison.OrdinalIgnoreCase)) > 1)
            {
                throw new DataException(
                    $"{tree.Describe(root)} has {Names(testsOfClasses)} to test on. Leave one of them there.");
            }

            string[] unused = [.. tops.Where(top => top != trainFolder && top != testFolder)];
            Warn(unused.Length > 0, $"{tree.Describe(root)} has {Names(unused)} beside " +
                $"{Printable.Name(trainFolder)}{(testFolder is null ? "" : $" and {Printable.Name(testFolder)}")}: not used");
            if (testFolder is null)
            {
                root += trainFolder + "/";
                Warn(true, $"{tree.Describe(root)} has no test or val beside it: every fifth image of a class is tested on");
                listing = Fifths();
            }
            else
            {
                string[] classes = Classes(root + trainFolder + "/");
                listing = new Listing(
                    InTurn(Entries(root + trainFolder + "/", classes), classes.Length),
                    InTurn(Entries(root + testFolder + "/", classes), classes.Length), classes);
                string[] untested = [.. classes.Where((_, number) => !listing.Test.Any(entry => entry.Class == number))];
                Warn(untested.Length > 0, $"no image of {Names(untested)} is tested on: {testFolder} has no folder of that name");
            }
        }
        else if (testsOfClasses.Length > 0 || Array.TrueForAll(tops, IsSplit) || (trains.Length > 0 && tests.Length > 0))
        {
            throw new DataException(
                $"{tree.Describe(root)} has {Names(testsOfClasses.Length > 0 ? testsOfClasses : [.. tops.Where(IsSplit)])}, " +
                    $"but no train with a folder of images for each class. {Expected}.");
        }
        else
        {
            listing = Fifths();
        }

        RefuseTwice(tree, listing);
        string[] shared = SharedFolders(listing);
        Warn(
            shared.Length > 1,
            $"folders named {Names(shared)} are in several classes of {tree.Describe(root)}, and no classes themselves: "
            + $"if they should be, {Names(listing.Classes)} are the wrong level");
        Warn(listing.Classes.Length == 1, $"{tree.Describe(root)} has one class, {Printable.Name(listing.Classes[0])}: " +
            $"whatever a network answers is right. {Expected}");
        string[] formats = [.. tree.Names.Where(name => name.StartsWith(root, StringComparison.Ordinal)).Select(
            name => Path.GetExtension(name).ToLowerInvariant()).Where(Unread.Contains)];
        Warn(formats.Length > 0, $"{formats.Length} files in {tree.Describe(root)} are of formats that are not read " +
            $"({string.Join(", ", formats.Distinct().Order(StringComparer.Ordinal))}): convert them to PNG");
        return listing with { Root = root, Warnings = [.. warnings] };

        void Loose()
        {
            int loose = images.Count(name => Depth(name, root) == 0);
            Warn(loose > 0 && tops.Length > 0,
                $"{loose} images in {tree.Describe(root)} itself are not used: they are in no class's folder");
        }

        Listing Fifths()
        {
            string[] classes = Classes(root);
            List<Entry> train = [], test = [];
            int[] seen = new int[classes.Length];
            foreach (Entry entry in Entries(root, classes))
            {
                (seen[entry.Class]++ % 5 == 2 ? test : train).Add(entry);
            }

            if (test.Count == 0)
            {
                throw new DataException(
                    $"{tree.Describe(root)} has no class of at least 3 images, of which one could be tested on. Add images, or " +
                    $"put those to test on into test/CLASS and the others into train/CLASS.");
            }

            string[] untested = [.. classes.Where((_, number) => seen[number] < 3)];
            Warn(untested.Length > 0, $"no image of {Names(untested)} is tested on: a class needs 3 for that");
            return new Listing(InTurn(train, classes.Length), InTurn(test, classes.Length), classes);
        }

        // A class without images would silently be no class.
        string[] Classes(string start)
        {
            string[] classes = Tops(images, start);
            string? empty = tree.Folders.FirstOrDefault(folder =>
                folder.StartsWith(start, StringComparison.Ordinal) && folder.IndexOf('/', start.Length) < 0
                    && Array.BinarySearch(classes, folder[start.Length..], StringComparer.Ordinal) < 0);
            return empty is null ? classes
                : throw new DataException(
                    $"{tree.Describe(empty)} has no PNG or JPEG images, and stands where each folder is a class. Put images " +
                    $"there, or move it elsewhere.");
        }

        List<Entry> Entries(string start, string[] classes)
        {
            List<Entry> found = [];
            foreach (string name in images.Where(
                name => name.StartsWith(start, StringComparison.Ordinal) && Depth(name, start) > 0))
            {
                int number =
                    Array.BinarySearch(classes, name[start.Length..name.IndexOf('/', start.Length)], StringComparer.Ordinal);
                found.Add(number >= 0 ? new Entry(name, number)
                    : throw new DataException(
                        $"{tree.Describe(name)} is of a class that train has no folder for. Remove it, or add images to train " +
                        $"on."));
            }

            return found;
        }

        bool HasClasses(string top) =>
            Array.Exists(images, name => name.StartsWith(root + top + "/", StringComparison.Ordinal) && Depth(name, root) > 1);

        void Warn(bool known, string sentence)
        {
            if (known)
            {
                warnings.Add(Printable.Message(sentence + "."));
            }
        }
    }

    /// <summary>
    /// The names of folders that more than one class has: there the classes may be, below sets by names that are not known.
    /// </summary>
    private static string[] SharedFolders(Listing listing) =>
    [
        .. from entry in listing.Train.Concat(listing.Test)
           let parts = entry.Name.Split('/')
           where parts.Length > 2
           group entry.Class by parts[^2] into found
           where found.Distinct().Count() > 1
           orderby found.Key
           select found.Key,
    ];

    /// <summary>Through links one file could be trained and tested on, or be of two classes.</summary>
    private static void RefuseTwice(FileTree tree, Listing listing)
    {
        if (!tree.HasLinks)
        {
            return;
        }

        Dictionary<string, string> files = new(StringComparer.Ordinal);
        foreach (Entry entry in listing.Train.Concat(listing.Test))
        {
            if (!files.TryAdd(tree.Identity(entry.Name), entry.Name))
            {
                throw new DataException(
                    $"{tree.Describe(entry.Name)} and {tree.Describe(files[tree.Identity(entry.Name)])} are one file, by " +
                    $"links. Remove one of them.");
            }
        }
    }

    private static bool IsSplit(string name) => Is(name, TrainNames) || Is(name, TestNames);

    private static bool Is(string name, string[] names) => names.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>How many folders an image lies in below a start.</summary>
    private static int Depth(string name, string start) => name.AsSpan(start.Length).Count('/');

    /// <summary>The folders below a start that have images.</summary>
    private static string[] Tops(string[] images, string start) =>
    [
        .. (from name in images
            where name.StartsWith(start, StringComparison.Ordinal) && name.IndexOf('/', start.Length) > 0
            select name[start.Length..name.IndexOf('/', start.Length)]).Distinct().Order(StringComparer.Ordinal),
    ];

    private static string Names(string[] names)
    {
        const int Most = 5;
        string[] shown = [.. names.Take(Most).Select(Printable.Name)];
        return names.Length > Most ? $"{string.Join(", ", shown)} and {names.Length - Most} more"
            : shown.Length < 2 ? string.Concat(shown) : $"{string.Join(", ", shown[..^1])} and {shown[^1]}";
    }
}
