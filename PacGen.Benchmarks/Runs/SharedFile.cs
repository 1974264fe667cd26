using System.Globalization;

namespace PacGen.Benchmarks.Runs;

/// <summary>Files that other machines may write, as NFS shows them.</summary>
internal static class SharedFile
{
    private const int Tries = 20;

    /// <summary>
    /// Reads a file that others replace as a whole. Where that happens between its opening and its reading, NFS has no such file
    /// any more (ESTALE): then the new one is read.
    /// </summary>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="IOException">It can't be read.</exception>
    public static string? Read(string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return File.ReadAllText(path);
            }
            catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
            catch (IOException) when (attempt < Tries)
            {
                Thread.Sleep(attempt);
            }
        }
    }

    /// <summary>
    /// Brings what this machine knows of a folder up to date. NFS remembers for up to a minute that a file was not there, unless
    /// the folder is changed from here.
    /// </summary>
    public static void Refresh(string folder)
    {
        if (Directory.Exists(folder))
        {
            string mark = Path.Combine(
                folder, string.Create(CultureInfo.InvariantCulture, $".look-{Environment.ProcessId}-{Guid.NewGuid():N}"));
            using FileStream made = new(
                mark, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
    }
}
