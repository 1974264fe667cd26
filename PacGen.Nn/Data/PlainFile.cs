namespace PacGen.Nn;

/// <summary>
/// Tells files that can be read to their end from those at which a reader would wait for ever: named pipes, sockets, devices.
/// </summary>
internal static class PlainFile
{
    /// <summary>What is said of a file without content.</summary>
    public const string NoContent = "is empty, or is a pipe, a socket or a device";

    /// <summary>The sentence on a file that isn't there, with the whole path where a part of it was given.</summary>
    public static string Absent(string path) =>
        $"{path} is not there{(Path.IsPathFullyQualified(path) ? "" : $": it would be {Path.GetFullPath(path)}")}.";

    /// <summary>
    /// Whether there is something to read. The system gives pipes, sockets and devices a length of 0, so a file without a length
    /// need not, and must not, be opened.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It is a folder, can't be looked at, or is a link that leads to itself.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be looked at.</exception>
    public static bool HasContent(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException("it is a folder");
        }

        FileInfo file = new(path);
        return ((file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo) ?? file).Length > 0;
    }

    /// <summary>What reading a file gives; an error of the file says which it is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="remedy">What to do about a file without content.</param>
    /// <param name="read">Reads it.</param>
    /// <exception cref="DataException">It is not there, has no content, or can't be read.</exception>
    public static T Read<T>(string path, string remedy, Func<T> read)
    {
        try
        {
            return HasContent(path) ? read() : throw new DataException($"{path} {NoContent}. {remedy}");
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException(Absent(path), error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DataException(
                Directory.Exists(path) ? $"{path} is a folder: name a file in it." : $"{path} cannot be read: {error.Message}",
                error);
        }
    }
}
