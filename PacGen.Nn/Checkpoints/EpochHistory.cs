using System.Security.Cryptography;
using System.Text.Json;
using PacGen.Core.Files;

namespace PacGen.Nn;

/// <summary>
/// The results of a run's epochs, a line of JSON each, in a file beside its checkpoints. It grows with the run, so it is only
/// appended to; a checkpoint names how much of it is its own and that part's digest, and stays as small as it was at first.
/// </summary>
internal sealed class EpochHistory : IDisposable
{
    /// <summary>The file's name.</summary>
    public const string FileName = "epochs.jsonl";

    private const int Chunk = 1 << 16;

    private readonly string path;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private FileStream? file;
    private int count;
    private long length;

    /// <summary>
    /// Begins a file with what a run goes on from. Whatever is in its place is replaced, and not written through a link.
    /// </summary>
    /// <param name="folder">The folder of the run's checkpoints.</param>
    /// <param name="source">The folder of those that it goes on from.</param>
    /// <param name="mark">How much of the history there; null for none.</param>
    /// <exception cref="IOException">It can't be read or written.</exception>
    public EpochHistory(string folder, string source, HistoryMark? mark)
    {
        path = Path.Combine(folder, FileName);
        if (mark is not { Length: > 0 })
        {
            return;
        }

        AtomicFile.Write(
            path,
            stream =>
            {
                using FileStream before = OpenToRead(Path.Combine(source, FileName));
                ForEachChunk(before, mark.Length, bytes =>
                {
                    stream.Write(bytes);
                    hash.AppendData(bytes);
                });
            },
            throughLink: false);
        (count, length) = (mark.Count, mark.Length);
    }

    /// <summary>How much there is.</summary>
    public HistoryMark Mark => new(count, length, Convert.ToHexStringLower(hash.GetCurrentHash()));

    /// <summary>Reads a history as far as a checkpoint says.</summary>
    /// <exception cref="CheckpointException">It isn't there, or isn't what the checkpoint was written with.</exception>
    public static List<EpochResult> Read(string folder, HistoryMark mark, string checkpoint)
    {
        if (mark.Length == 0 && mark.Count == 0)
        {
            return [];
        }

        string path = Path.Combine(folder, FileName);
        try
        {
            using FileStream file = OpenToRead(path);
            if (file.Length < mark.Length)
            {
                throw Differs($"it has {file.Length} bytes of {mark.Length}");
            }

            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            ForEachChunk(file, mark.Length, bytes => hash.AppendData(bytes));
            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != mark.Sha256)
            {
                throw Differs($"its first {mark.Length} bytes do not have the checksum that the checkpoint states");
            }

            file.Position = 0;
            List<EpochResult> results = [];
            using StreamReader reader = new(file, bufferSize: Chunk, leaveOpen: true);
            while (results.Count < mark.Count && reader.ReadLine() is { } line)
            {
                results.Add(
                    JsonSerializer.Deserialize(line, RunJson.Default.EpochResult)
                    ?? throw new JsonException("a line is null"));
            }

            return results.Count == mark.Count ? results : throw Differs($"it has {results.Count} epochs of {mark.Count}");
        }
        catch (Exception error) when (
            error is JsonException or NotSupportedException or ArgumentException or InvalidOperationException)
        {
            throw Differs(error.Message.ReplaceLineEndings(" "), error);
        }
        catch (FileNotFoundException error)
        {
            throw Differs("it isn't there", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Differs(error.Message, error);
        }

        CheckpointException Differs(string what, Exception? cause = null) => new(
            $"{checkpoint} can't be resumed without the results of its epochs, {path}: {what.TrimEnd('.')}. Copy that file " +
                $"along with the checkpoints.", cause!);
    }

    /// <summary>Appends the results behind those that are there, and flushes them to the disk.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Append(IReadOnlyList<EpochResult> results)
    {
        if (results.Count == count)
        {
            return;
        }

        if (file is null)
        {
            if (count == 0)
            {
                AtomicFile.Write(path, _ => { }, throughLink: false);
            }

            file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);
        }

        // What a failed write left is behind the place.
        file.Position = length;
        for (; count < results.Count; count++)
        {
            byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(results[count], RunJson.Default.EpochResult), (byte)'\n'];
            file.Write(line);
            hash.AppendData(line);
            length += line.Length;
        }

        file.SetLength(length);
        file.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        file?.Dispose();
        hash.Dispose();
    }

    private static FileStream OpenToRead(string path) => PlainFile.HasContent(path)
        ? new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1)
        : throw new IOException($"It {PlainFile.NoContent}.");

    private static void ForEachChunk(FileStream file, long bytes, Action<byte[]> act)
    {
        for (long left = bytes; left > 0;)
        {
            byte[] chunk = new byte[Math.Min(left, Chunk)];
            file.ReadExactly(chunk);
            act(chunk);
            left -= chunk.Length;
        }
    }
}
