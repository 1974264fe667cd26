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

    private FolderClaim(FileStream file) => this.file = file;

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

    /// <summary>Claims a part of a folder that several processes write into, if no other has it.</summary>
    /// <param name="folder">The folder, which is there.</param>
    /// <param name="name">The name of the part's file, which is locked.</param>
    /// <returns>Null where another process, or another claim of this one, has it.</returns>
    /// <exception cref="IOException">The file can't be made or opened.</exception>
    /// <exception cref="UnauthorizedAccessException">Nobody may write there.</exception>
    public static FolderClaim? TryTake(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        try
        {
            return new FolderClaim(Create(path) ?? Open(path));
        }
        catch (IOException error) when (
            IsHeld(error) || ((error is FileNotFoundException || IsStale(error)) && Directory.Exists(folder)))
        {
            // Held, or given up and deleted between the two.
            return null;
        }
    }

    /// <summary>Deletes the file while it is still claimed: there is nothing more that could be claimed.</summary>
    public void Delete()
    {
        try
        {
            File.Delete(file.Name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // An open file can't be deleted everywhere. It is empty and means nothing.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>Whether another has the lock: EAGAIN of flock (Linux 11, macOS 35), or Windows' sharing violation.</summary>
    private static bool IsHeld(IOException error) => error.HResult is 11 or 35 or unchecked((int)0x80070020);

    /// <summary>Whether the file was deleted on another machine meanwhile: NFS's ESTALE on Linux and macOS.</summary>
    private static bool IsStale(IOException error) => error.HResult is 116 or 70;

    /// <summary>Whether there was a file, which may be gone by now: EEXIST, or Windows' ERROR_FILE_EXISTS.</summary>
    private static bool IsThere(IOException error) => error.HResult is 17 or unchecked((int)0x80070050);

    /// <summary>The new file, which no link leads away from; null where there is something of that name.</summary>
    private static FileStream? Create(string path)
    {
        try
        {
            return new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (IOException error) when (
            IsThere(error) || Path.Exists(path) || new FileInfo(path).LinkTarget is not null)
        {
            return null;
        }
    }

    private static FileStream Open(string path) => new FileInfo(path).LinkTarget is null
        ? new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 1)
        : throw new IOException($"{path} is a link.");
}
