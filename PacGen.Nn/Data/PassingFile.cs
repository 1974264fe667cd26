namespace PacGen.Nn;

/// <summary>
/// Files under passing names, while they are written. Each is open, and so locked, until it has its own name; one that nobody
/// holds is what a process left that was ended.
/// </summary>
internal static class PassingFile
{
    private const string Extension = ".part";

    /// <summary>Younger ones are left alone: a file is there an instant before it is locked.</summary>
    private static readonly TimeSpan Young = TimeSpan.FromSeconds(1);

    /// <summary>A name to write a file under that will be renamed.</summary>
    public static string NameFor(string target) => $"{target}.{Path.GetRandomFileName()}{Extension}";

    /// <summary>Removes from a folder of the cache what processes that are gone left.</summary>
    public static void RemoveAbandoned(string folder)
    {
        try
        {
            foreach (string path in Directory.Exists(folder) ? Directory.GetFiles(folder, "*" + Extension) : [])
            {
                Remove(path);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What can't be tidied up harms nobody.
        }
    }

    /// <summary>Removes a file, of whatever kind, if it can be.</summary>
    public static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A file that cannot even be deleted must not hide what went wrong before.
        }
    }

    private static void Remove(string path)
    {
        try
        {
            // The names that NameFor makes, and no others: FILE.xxxxxxxx.xxx.part.
            FileInfo file = new(path);
            string[] parts = file.Name.Split('.');
            if (parts.Length < 4 || parts[^2].Length != 3 || parts[^3].Length != 8 || file.LinkTarget is not null
                || DateTime.UtcNow - file.LastWriteTimeUtc < Young)
            {
                return;
            }

            // Whoever writes it holds its lock, and this fails.
            using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0))
            {
            }

            file.Delete();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Somebody is writing it.
        }
    }
}
