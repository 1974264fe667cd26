namespace PacGen.Tests.Benchmarks;

/// <summary>A folder of a test's own, gone after it.</summary>
internal sealed class Folder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("pacgen-tests-");

    public string this[string file] => Path.Combine(folder.FullName, file);

    public string[] Files => [.. folder.EnumerateFiles().Select(file => file.Name).Order()];

    public void Dispose() => folder.Delete(recursive: true);
}
