namespace PacGen.Core.Files;

/// <summary>The folder of the user's for what can be made or downloaded again.</summary>
public static class UserCache
{
    /// <summary>
    /// <c>pacgen</c> in <c>$XDG_CACHE_HOME</c>, else in <c>~/.cache</c> (Linux), <c>~/Library/Caches</c> (macOS) or the local
    /// application data (Windows); in the folder for temporary files where there is no home. It need not exist.
    /// </summary>
    public static string Folder =>
        FolderOf(Environment.GetEnvironmentVariable("XDG_CACHE_HOME"), Special(Environment.SpecialFolder.UserProfile));

    /// <summary>Always a whole path: nothing is put into the folder that a program happens to be started in.</summary>
    /// <param name="cache">What <c>XDG_CACHE_HOME</c> says; by its specification a path that is not whole does not count.</param>
    /// <param name="home">The home folder, there or not.</param>
    internal static string FolderOf(string? cache, string home)
    {
        string parent = Path.IsPathFullyQualified(cache ?? "") ? cache!
            : OperatingSystem.IsWindows() ? Special(Environment.SpecialFolder.LocalApplicationData)
            : OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Caches")
            : Path.Combine(home, ".cache");
        return Path.IsPathFullyQualified(parent) ? Path.Combine(parent, "pacgen")
            : Path.Combine(Path.GetFullPath(Path.GetTempPath()), $"pacgen-{Environment.UserName}");
    }

    /// <summary>A folder that does not exist has a name all the same.</summary>
    private static string Special(Environment.SpecialFolder folder) =>
        Environment.GetFolderPath(folder, Environment.SpecialFolderOption.DoNotVerify);
}
