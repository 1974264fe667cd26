using System.Runtime.InteropServices;

namespace PacGen.Nn.Checkpoints;

/// <summary>A file that is there as a whole or not at all, whenever the process or the machine stops.</summary>
internal static partial class AtomicFile
{
    /// <summary>What the name of a file that is still being written ends with.</summary>
    public const string Ending = ".partial";

    /// <summary>Writes under a name of its own, flushes to the disk, moves it into place, and flushes the folder.</summary>
    /// <exception cref="IOException">It can't be written; what was there before is still there.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        path = Path.GetFullPath(path);
        path = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;
        string beside = $"{path}.{Environment.ProcessId}{Ending}";
        try
        {
            using (FileStream stream = new(beside, FileMode.Create, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch (Exception error)
        {
            File.Delete(beside);
            if (error is UnauthorizedAccessException)
            {
                throw new IOException(error.Message, error);
            }

            throw;
        }

        FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes a rename last through a power failure, where the system has a call for it; elsewhere the file system's own journal must do.</summary>
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
