using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// The files below a folder or in a zip archive, by their names with forward slashes. What programs leave behind is passed over
/// (<see cref="IsClutter"/>). Archives are read in passing, nothing is written, so a name may say what it likes; what would lead
/// out of the archive (<c>..</c>) is dropped from it. Several threads may read.
/// </summary>
internal sealed class FileTree : IDisposable
{
    /// <summary>How often folders may be reached again through links before that is refused.</summary>
    private const int MostRevisits = 1000;

    private static readonly string[] Clutter =
        ["__MACOSX", "Thumbs.db", "desktop.ini", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"];

    private readonly Dictionary<string, ZipArchiveEntry>? entries;
    private readonly ZipArchive? archive;
    private readonly Dictionary<string, string> linked = new(StringComparer.Ordinal);
    private readonly string root = "";
    private readonly Lock gate = new();

    private FileTree(string path, ZipArchive? archive)
    {
        Path = path;
        this.archive = archive;
        SortedSet<string> folders = new(StringComparer.Ordinal);
        if (archive is null)
        {
            root = RealPath(System.IO.Path.GetFullPath(path));
            List<string> names = [];
            Walk(names, folders);
            Names = [.. names];
        }
        else
        {
            entries = new(StringComparer.Ordinal);
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                string[] parts =
                    [.. from part in entry.FullName.Split('/', '\\') where part is not ("" or "." or "..") select part];
                if (parts.Length == 0 || Array.Exists(parts, IsClutter))
                {
                    continue;
                }

                bool isFolder = entry.FullName[^1] is '/' or '\\';
                for (int length = 1; length < parts.Length + (isFolder ? 1 : 0); length++)
                {
                    folders.Add(string.Join('/', parts[..length]));
                }

                if (!isFolder)
                {
                    entries[string.Join('/', parts)] = entry;
                }
            }

            Names = [.. entries.Keys];
        }

        Folders = [.. folders];
        Array.Sort(Names, StringComparer.Ordinal);
    }

    /// <summary>The folder or archive.</summary>
    public string Path { get; }

    /// <summary>All names of files, in ordinal order.</summary>
    public string[] Names { get; }

    /// <summary>All folders, empty ones too, in ordinal order.</summary>
    public string[] Folders { get; }

    /// <summary>
    /// Whether a file or folder of that name belongs to no data set: hidden ones, whose names begin with a dot
    /// (<c>.ipynb_checkpoints</c>, <c>.DS_Store</c>, and macOS's <c>._NAME</c> beside each <c>NAME</c>), and what systems leave:
    /// <c>__MACOSX</c>, <c>Thumbs.db</c>, …
    /// </summary>
    public static bool IsClutter(string name) => name.StartsWith('.') || Clutter.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Opens a folder or an archive.</summary>
    /// <exception cref="DataException">It can't be read.</exception>
    public static FileTree Open(string path) => Guarded(path, "name a folder or a zip file that exists", () =>
    {
        if (Directory.Exists(path))
        {
            return new FileTree(path, null);
        }

        if (!PlainFile.HasContent(path))
        {
            throw new DataException($"{path} {PlainFile.NoContent}. Name a folder or a zip file.");
        }

        ZipArchive archive;
        try
        {
            archive = ZipFile.OpenRead(path);
        }
        catch (InvalidDataException error)
        {
            throw new DataException(
                $"{path} is truncated or corrupted, or no zip archive. Replace it with a whole copy; unpack an archive of " +
                $"another kind and name the folder.", error);
        }

        try
        {
            return new FileTree(path, archive);
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    });

    /// <summary>What a person calls a file or folder.</summary>
    public string Describe(string name) => name.Length == 0 ? Path : archive is null ? System.IO.Path.Combine(Path, name)
        : $"{Path}: {Printable.Name(name)}";

    /// <summary>Whether there is a file of that name.</summary>
    public bool Contains(string name) => Array.BinarySearch(Names, name, StringComparer.Ordinal) >= 0;

    /// <summary>The file itself where links were followed: two names of one file have one identity.</summary>
    public string Identity(string name) => archive is null ? linked.GetValueOrDefault(name) ?? System.IO.Path.Combine(root, name)
        : name;

    /// <summary>Whether any file was reached through a link.</summary>
    public bool HasLinks => linked.Count > 0;

    /// <summary>How many bytes a file has, as the system or the archive says.</summary>
    public long Length(string name) =>
        Guarded(Describe(name), Vanished, () => entries is null ? new FileInfo(Identity(name)).Length : entries[name].Length);

    /// <summary>Reads a file whole.</summary>
    /// <exception cref="DataException">It can't be read, or is larger than an image may be.</exception>
    public byte[] Read(string name) => Guarded(Describe(name), Vanished, () =>
    {
        if (entries is null)
        {
            string path = System.IO.Path.Combine(Path, name);
            if (!PlainFile.HasContent(path))
            {
                throw new DataException($"{Describe(name)} {PlainFile.NoContent}. Replace it or remove it.");
            }

            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return ReadAll(file, file.Length);
        }

        // One thread at a time: the entries share the archive's file.
        lock (gate)
        {
            using Stream entry = entries[name].Open();
            return ReadAll(entry, entries[name].Length);
        }

        byte[] ReadAll(Stream content, long claimed)
        {
            // What the archive claims is not believed: the memory grows with what has been read, to just what is claimed where
            // that is true.
            byte[] all = new byte[Math.Clamp(claimed, 1, 8192)];
            for (int filled = 0; ;)
            {
                filled += content.ReadAtLeast(all.AsSpan(filled), all.Length - filled, throwOnEndOfStream: false);
                int next = filled == all.Length ? content.ReadByte() : -1;
                if (next < 0)
                {
                    return filled == all.Length ? all : all[..filled];
                }

                if (filled >= ImageDecoder.LargestFile)
                {
                    throw new DataException(
                        $"{Describe(name)} has more than {ImageDecoder.LargestFile} bytes. Replace it or remove it.");
                }

                long room = Math.Min(2L * all.Length, ImageDecoder.LargestFile);
                Array.Resize(ref all, (int)(claimed > all.Length ? Math.Min(room, claimed) : room));
                all[filled++] = (byte)next;
            }
        }
    });

    /// <summary>Reads a text file's lines.</summary>
    public string[] ReadLines(string name) => Encoding.UTF8.GetString(Read(name)).Split(
        '\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A hash of the names, sizes and times of the files: it differs where what was decoded is out of date.</summary>
    public byte[] Fingerprint(string settings) => Guarded(Path, Vanished, () =>
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append($"{settings}\n{System.IO.Path.GetFullPath(Path)}\n");
        if (archive is null)
        {
            foreach (string name in Names)
            {
                Append(name, new FileInfo(Identity(name)));
            }
        }
        else
        {
            Append("", new FileInfo(Path));
        }

        return hash.GetHashAndReset();

        // A link that leads nowhere has no length; what needs the file will say so.
        void Append(string text, FileInfo? file = null) => hash.AppendData(Encoding.UTF8.GetBytes(
            file is null ? text : file.Exists ? $"{text}\0{file.Length}\0{file.LastWriteTimeUtc.Ticks}\n" : $"{text}\0\n"));
    });

    /// <inheritdoc/>
    public void Dispose() => archive?.Dispose();

    /// <summary>
    /// Goes through the folders, links too, but through none that it is in: a link to a folder above itself leads to what is
    /// reached anyway.
    /// </summary>
    private void Walk(List<string> names, SortedSet<string> folders)
    {
        HashSet<string> seen = new(StringComparer.Ordinal) { root };
        int revisits = 0;
        Stack<Place> left = new();
        left.Push(new Place("", root, null));
        while (left.TryPop(out Place? place))
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(System.IO.Path.Combine(Path, place.Name)).EnumerateFileSystemInfos(
                "*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false }))
            {
                if (IsClutter(entry.Name) || (OperatingSystem.IsWindows() && entry.Attributes.HasFlag(FileAttributes.Hidden)))
                {
                    continue;
                }

                string name = place.Name + entry.Name, real = System.IO.Path.Combine(place.Real, entry.Name);
                bool isLink = entry.Attributes.HasFlag(FileAttributes.ReparsePoint) && entry.LinkTarget is not null;
                if (isLink)
                {
                    try
                    {
                        real = RealPath(real);
                    }
                    catch (IOException error)
                    {
                        throw new DataException(
                            $"{System.IO.Path.Combine(Path, name)} cannot be read: {error.Message.TrimEnd('.')}. Remove it.",
                            error);
                    }
                }

                if (entry is not DirectoryInfo)
                {
                    names.Add(name);
                    if (isLink || place.IsLinked)
                    {
                        linked.Add(name, real);
                    }

                    continue;
                }

                if (isLink && place.IsBelow(real))
                {
                    continue;
                }

                if (!seen.Add(real) && ++revisits > MostRevisits)
                {
                    throw new DataException(
                        $"{System.IO.Path.Combine(Path, name)}: links lead to the same folders again and again. Remove them.");
                }

                folders.Add(name);
                left.Push(new Place(name + "/", real, place) { IsLinked = isLink || place.IsLinked });
            }
        }
    }

    /// <summary>A path without links, as far as it exists.</summary>
    private static string RealPath(string path)
    {
        const int MostLinks = 40;
        string real = System.IO.Path.GetPathRoot(path)!;
        Stack<string> left = new(
            path[real.Length..].Split(System.IO.Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse());
        for (int links = 0; left.TryPop(out string? part);)
        {
            string next = System.IO.Path.GetFullPath(System.IO.Path.Combine(real, part));
            if (new DirectoryInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MostLinks)
            {
                throw new IOException("its links lead in a circle.");
            }

            string full = System.IO.Path.GetFullPath(System.IO.Path.Combine(real, target));
            real = System.IO.Path.GetPathRoot(full)!;
            foreach (string piece in full[real.Length..].Split(
                System.IO.Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                left.Push(piece);
            }
        }

        return real;
    }

    private const string Vanished = "it vanished while it was read, or its name is not valid Unicode; give it another name";

    private static T Guarded<T>(string what, string absent, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{what} is not there: {absent}.", error);
        }
        catch (Exception error) when (error is InvalidDataException or NotSupportedException or ArgumentException
            or OverflowException or EndOfStreamException)
        {
            throw new DataException($"{what} is truncated or corrupted. Replace it with a whole copy.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{what} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>
    /// A folder on the way: its name with a slash at its end, the folder itself, and where it was reached from.
    /// </summary>
    private sealed record Place(string Name, string Real, Place? Above)
    {
        /// <summary>Whether a link led here.</summary>
        public bool IsLinked { get; init; }

        /// <summary>Whether this place lies in a folder, or is it.</summary>
        public bool IsBelow(string folder)
        {
            for (Place? place = this; place is not null; place = place.Above)
            {
                if (place.Real == folder || place.Real.StartsWith(
                    folder.TrimEnd(System.IO.Path.DirectorySeparatorChar) + System.IO.Path.DirectorySeparatorChar,
                    StringComparison.Ordinal))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
