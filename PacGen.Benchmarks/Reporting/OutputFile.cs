namespace PacGen.Benchmarks.Reporting;

/// <summary>A file that the program will write: checked before the work begins, and never there in half.</summary>
internal static class OutputFile
{
    /// <summary>Checks that a file's extension does not promise another format than it will have, then that it can be written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that names it.</param>
    /// <param name="what">What is written, such as <c>a picture</c>.</param>
    /// <param name="extensions">The extensions that it may have, with their dot; "" for none, which is always allowed.</param>
    /// <exception cref="UsageException">The extension is another one.</exception>
    /// <exception cref="IOException">It can't be written; the message says why and what to do.</exception>
    public static void Check(string path, string option, string what, params string[] extensions)
    {
        string extension = Path.GetExtension(path);
        if (extension.Length > 0 && !extensions.Contains(extension, StringComparer.OrdinalIgnoreCase))
        {
            string[] named = [.. extensions.Where(one => one.Length > 0)];
            string possible = named.Length == 1 ? named[0] : $"{string.Join(", ", named[..^1])} or {named[^1]}";
            throw new UsageException($"{option} {path}: {what} is written as {possible}, not {extension}; name the file so.");
        }

        Check(path, option);
    }

    /// <summary>Checks that a file can be written, and leaves no trace of the check.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="IOException">It can't be written; the message says why and what to do.</exception>
    public static void Check(string path, string option)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full) ?? full;
        if (!OperatingSystem.IsWindows() && (full.StartsWith("/dev/", StringComparison.Ordinal) || full.StartsWith("/proc/", StringComparison.Ordinal)))
        {
            throw new IOException($"{option} {path}: a device is no file to keep things in. Choose another file.");
        }

        if (Directory.Exists(full))
        {
            throw new IOException($"{option} {path}: this is a folder. Name a file in it.");
        }

        if (!Directory.Exists(folder))
        {
            throw new IOException($"{option} {path}: there is no folder {folder}. Make it, or choose another file.");
        }

        try
        {
            if (File.Exists(full))
            {
                new FileStream(full, FileMode.Open, FileAccess.Write).Dispose();
            }

            new FileStream(Beside(full), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{option} {path} can't be written: {error.Message} Choose another file.", error);
        }
    }

    /// <summary>Writes a file as a whole: under a name of its own first, then moved into place.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that names it.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">It can't be written; what was there before is still there.</exception>
    public static void Write(string path, string option, Action<Stream> write)
    {
        path = Path.GetFullPath(path);
        path = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;
        string beside = Beside(path);
        try
        {
            using (FileStream stream = new(beside, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            File.Delete(beside);
            throw new IOException($"{option} {path} can't be written: {error.Message} Nothing was left behind.", error);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    private static string Beside(string full) => $"{full}.{Environment.ProcessId}.partial";
}
