namespace PacGen.Nn;

/// <summary>
/// A folder that one process at a time writes into. The claim is a lock on a file in it, which the system gives up with the
/// process, however that ends. The empty file itself stays and means nothing.
/// </summary>
public sealed class FolderClaim : IDisposable
{
    /// <summary>The file that is locked.</summary>
    internal const string FileName = ".pacgen-lock";

    private readonly FileStream file;

    /// <summary>Claims a folder until this is disposed.</summary>
    /// <param name="folder">The folder; made where it isn't there.</param>
    /// <exception cref="IOException">Another process, or another claim of this one, has it; or it can't be made or
    /// written.</exception>
    public FolderClaim(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{folder} can't be made: {error.Message.TrimEnd('.')}. Choose another folder.", error);
        }

        string path = Path.Combine(folder, FileName);
        try
        {
            file = Create(path) ?? Open(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"{folder} can't be used: another run works in it, or it can't be written ({error.Message}) Wait for that, or " +
                $"choose another folder.", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>The new file, which no link leads away from; null where there is something of that name.</summary>
    private static FileStream? Create(string path)
    {
        try
        {
            return new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (IOException) when (Path.Exists(path) || new FileInfo(path).LinkTarget is not null)
        {
            return null;
        }
    }

    private static FileStream Open(string path) => new FileInfo(path).LinkTarget is null
        ? new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 1)
        : throw new IOException($"{path} is a link.");
}
