namespace PacGen.Nn.Checkpoints;

/// <summary>
/// A folder that one process at a time writes into. The claim is a lock on a file in it, which the system gives up with the process,
/// however that ends.
/// </summary>
public sealed class FolderClaim : IDisposable
{
    private const string FileName = "in-use";

    private readonly FileStream file;

    /// <summary>Claims a folder until this is disposed.</summary>
    /// <param name="folder">The folder; made where it isn't there.</param>
    /// <exception cref="IOException">Another process, or another claim of this one, has it; or it can't be made or written.</exception>
    public FolderClaim(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{folder} can't be made: {error.Message} Choose another folder.", error);
        }

        try
        {
            file = new FileStream(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{folder} can't be used: another run works in it, or it can't be written ({error.Message}) Wait for that, or choose another folder.", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
