using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace PacGen.Nn.Data;

/// <summary>
/// The files below a folder or in a zip archive, by their names with forward slashes. Archives are read in passing, nothing is
/// written, so a name may say what it likes. Several threads may read.
/// </summary>
internal sealed class FileTree : IDisposable
{
    private readonly Dictionary<string, ZipArchiveEntry>? entries;
    private readonly ZipArchive? archive;
    private readonly Lock gate = new();

    private FileTree(string path, ZipArchive? archive)
    {
        Path = path;
        this.archive = archive;
        if (archive is null)
        {
            Names =
            [
                .. from file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                   let name = System.IO.Path.GetRelativePath(path, file).Replace('\\', '/')
                   orderby name
                   select name,
            ];
        }
        else
        {
            entries = new(StringComparer.Ordinal);
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                if (!entry.FullName.EndsWith('/'))
                {
                    entries[entry.FullName] = entry;
                }
            }

            Names = [.. entries.Keys];
        }

        Array.Sort(Names, StringComparer.Ordinal);
    }

    /// <summary>The folder or archive.</summary>
    public string Path { get; }

    /// <summary>All names, in ordinal order.</summary>
    public string[] Names { get; }

    /// <summary>Opens a folder or an archive.</summary>
    /// <exception cref="DataException">It can't be read.</exception>
    public static FileTree Open(string path) => Guarded(path, () =>
    {
        if (Directory.Exists(path))
        {
            return new FileTree(path, null);
        }

        ZipArchive archive = ZipFile.OpenRead(path);
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

    /// <summary>What a person calls a file.</summary>
    public string Describe(string name) => archive is null ? System.IO.Path.Combine(Path, name) : $"{Path}: {name}";

    /// <summary>Whether there is a file of that name.</summary>
    public bool Contains(string name) => Array.BinarySearch(Names, name, StringComparer.Ordinal) >= 0;

    /// <summary>Reads a file whole.</summary>
    /// <exception cref="DataException">It can't be read, or is larger than an image may be.</exception>
    public byte[] Read(string name) => Guarded(Describe(name), () =>
    {
        if (entries is null)
        {
            using FileStream file = new(System.IO.Path.Combine(Path, name), FileMode.Open, FileAccess.Read);
            return ReadAll(file);
        }

        // One thread at a time: the entries share the archive's file.
        lock (gate)
        {
            using Stream entry = entries[name].Open();
            return ReadAll(entry);
        }

        byte[] ReadAll(Stream content)
        {
            // What the archive claims is not believed: the memory grows with what has been read.
            using MemoryStream all = new();
            byte[] block = new byte[8192];
            while (content.Read(block) is int read and > 0)
            {
                all.Write(block, 0, read);
                if (all.Length > ImageDecoder.LargestFile)
                {
                    throw new DataException($"{Describe(name)} has more than {ImageDecoder.LargestFile} bytes. Replace it or remove it.");
                }
            }

            return all.ToArray();
        }
    });

    /// <summary>Reads a text file's lines.</summary>
    public string[] ReadLines(string name) => Encoding.UTF8.GetString(Read(name)).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A hash of the names, sizes and times of the files: it differs where what was decoded is out of date.</summary>
    public byte[] Fingerprint(string settings) => Guarded(Path, () =>
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append($"{settings}\n{System.IO.Path.GetFullPath(Path)}\n");
        if (archive is null)
        {
            foreach (string name in Names)
            {
                Append(name, new FileInfo(System.IO.Path.Combine(Path, name)));
            }
        }
        else
        {
            Append("", new FileInfo(Path));
        }

        return hash.GetHashAndReset();

        void Append(string text, FileInfo? file = null) =>
            hash.AppendData(Encoding.UTF8.GetBytes(file is null ? text : $"{text}\0{file.Length}\0{file.LastWriteTimeUtc.Ticks}\n"));
    });

    /// <inheritdoc/>
    public void Dispose() => archive?.Dispose();

    private static T Guarded<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{what} is not there: name a folder or a zip file that exists.", error);
        }
        catch (Exception error) when (error is InvalidDataException or NotSupportedException or ArgumentException or OverflowException or EndOfStreamException)
        {
            throw new DataException($"{what} is truncated or corrupted, or no zip archive. Replace it with a whole copy.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{what} cannot be read: {error.Message.ReplaceLineEndings(" ")}", error);
        }
    }
}
