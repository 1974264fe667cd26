using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PacGen.Core.Files;

/// <summary>
/// A file that is there as a whole or not at all, whenever the process or the machine stops. It is written beside its place,
/// under a random name that ends with <c>.partial</c>. The process that writes it holds a lock on it: what nobody holds is a dead
/// process's, and the next write of the same file removes it.
/// </summary>
public static partial class AtomicFile
{
    /// <summary>What the name of a file that is still being written ends with.</summary>
    public const string Ending = ".partial";

    private const int RandomBytes = 8;

    /// <summary>Writes under a name of its own, flushes to the disk, moves it into place, and flushes the folder.</summary>
    /// <param name="path">The file, which is replaced.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="throughLink">Whether a link in the file's place stays and the file that it names is replaced; otherwise the
    /// link is.</param>
    /// <exception cref="IOException">It can't be written; what was there before is still there.</exception>
    public static void Write(string path, Action<Stream> write, bool throughLink = true)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(write);
        path = Path.GetFullPath(path);
        string beside = path;
        try
        {
            path = throughLink && File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName
                ?? path : path;
            RemoveLeftovers(path);
            beside = Beside(path);
            using FileStream stream = new(beside, FileMode.CreateNew, FileAccess.Write, FileShare.Delete);
            try
            {
                write(stream);
                stream.Flush(flushToDisk: true);
                File.Move(beside, path, overwrite: true);
            }
            catch
            {
                stream.Dispose();
                File.Delete(beside);
                throw;
            }
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(error.Message, error);
        }

        FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Tries whether a file can be written here, and leaves nothing of the try.</summary>
    /// <param name="path">The file; what is there stays.</param>
    /// <exception cref="IOException">It can't.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static void Try(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        path = Path.GetFullPath(path);
        RemoveLeftovers(path);
        new FileStream(Beside(path), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose)
            .Dispose();
    }

    /// <summary>A name for a file that is being written, which no other has.</summary>
    internal static string Beside(string path) =>
        $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes))}{Ending}";

    /// <summary>Deletes what processes left that ended while they wrote the file.</summary>
    private static void RemoveLeftovers(string path)
    {
        string start = $"{Path.GetFileName(path)}.";
        int length = start.Length + (2 * RandomBytes) + Ending.Length;
        foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(path)!))
        {
            string name = Path.GetFileName(file);
            if (name.Length != length || !name.StartsWith(start, StringComparison.Ordinal)
                || !name.EndsWith(Ending, StringComparison.Ordinal)
                || !ulong.TryParse(
                    name.AsSpan(start.Length, 2 * RandomBytes), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                    out _))
            {
                continue;
            }

            try
            {
                new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
                File.Delete(file);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Somebody writes it, or it isn't ours to delete.
            }
        }
    }

    /// <summary>
    /// Makes a rename last through a power failure, where the system has a call for it; elsewhere the file system's own journal
    /// must do.
    /// </summary>
    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const int ReadOnly = 0;
        int descriptor = OpenFolder(folder, ReadOnly);
        if (descriptor >= 0)
        {
            _ = Flush(descriptor);
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
