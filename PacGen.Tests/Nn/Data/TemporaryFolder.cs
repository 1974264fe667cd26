namespace PacGen.Tests.Nn;

/// <summary>A folder for one test, removed with all that is in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("pacgen-tests-").FullName;

    /// <summary>A path below the folder.</summary>
    public string this[params string[] parts] => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>All files and folders below, by their relative paths.</summary>
    public string[] Contents => [.. from entry in Directory.EnumerateFileSystemEntries(
        Path, "*", SearchOption.AllDirectories) select System.IO.Path.GetRelativePath(Path, entry)];

    public string Write(byte[] content, params string[] parts)
    {
        string path = this[parts];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
