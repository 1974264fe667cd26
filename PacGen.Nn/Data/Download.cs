using System.Globalization;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// Downloads published files. A file is written beside its target under a passing name, its content's checksum verified,
/// flushed to the disk and only then given its name; whatever goes wrong before that, nothing is left behind.
/// </summary>
internal sealed class Download(TimeSpan patience, IProgress<DownloadProgress>? progress) : IDisposable
{
    /// <summary>
    /// A server that sends less, over the time that it may be silent, is given up for the next one: in bytes a second.
    /// </summary>
    private const int LeastSpeed = 1024;

    // The time limit is on each answer, not on the whole: a slow line may take as long as it needs, as long as it is one.
    // Nothing is read after a cancellation only to keep a connection.
    private readonly HttpClient client = new(
        new SocketsHttpHandler { ConnectTimeout = patience, ResponseDrainTimeout = TimeSpan.Zero }) { Timeout =
        Timeout.InfiniteTimeSpan };

    /// <summary>Downloads a file from the first mirror that gives it whole; returns null, or what went wrong at each.</summary>
    /// <exception cref="DataException">The disk does not take it.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<string?> FetchAsync(
        DownloadFile file, IReadOnlyList<Uri> mirrors, string target, CancellationToken cancellation)
    {
        List<string> failures = [];
        foreach (Uri mirror in mirrors)
        {
            Uri source = new($"{mirror.AbsoluteUri.TrimEnd('/')}/{file.Name}");
            string? failure = await TryFetchAsync(file, source, target, cancellation).ConfigureAwait(false);
            if (failure is null)
            {
                return null;
            }

            failures.Add($"{source}: {failure}");
        }

        return string.Join("; ", failures);
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <summary>What went wrong with this source, or null if the file is there.</summary>
    private async Task<string?> TryFetchAsync(DownloadFile file, Uri source, string target, CancellationToken cancellation)
    {
        string passing = PassingFile.NameFor(target);
        try
        {
            FileStream written = new(passing, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            await using (written.ConfigureAwait(false))
            {
                string? failure = await ReceiveAsync(file, source, written, cancellation).ConfigureAwait(false);
                if (failure is not null)
                {
                    return failure;
                }

                if (!file.IsWhole(written))
                {
                    return "the checksum is wrong: the download is damaged or another file";
                }

                written.Flush(flushToDisk: true);
                cancellation.ThrowIfCancellationRequested();
                if (!OperatingSystem.IsWindows())
                {
                    // Locked until it has its name: nobody takes it for abandoned.
                    File.Move(passing, target, overwrite: true);
                    return null;
                }
            }

            File.Move(passing, target, overwrite: true);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException(
                $"{target} cannot be written: {error.Message.TrimEnd('.')}. Make room or give another folder for the cache, or " +
                $"put the files somewhere and name the folder with --data.", error);
        }
        finally
        {
            PassingFile.Delete(passing);
        }
    }

    private async Task<string?> ReceiveAsync(DownloadFile file, Uri source, FileStream written, CancellationToken cancellation)
    {
        using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        long received = 0;
        bool ours = false;
        byte[] block = new byte[1 << 17];
        silence.CancelAfter(patience);
        try
        {
            using HttpResponseMessage response =
                await client.GetAsync(source, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"the server answers {(int)response.StatusCode} {Printable.Name(response.ReasonPhrase)}");
            }

            long? total = response.Content.Headers.ContentLength;
            Stream body = await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                Report(total);
                long since = Environment.TickCount64, before = 0;
                while (true)
                {
                    silence.CancelAfter(patience);
                    int read = await body.ReadAsync(block, silence.Token).ConfigureAwait(false);
                    if (read == 0)
                    {
                        break;
                    }

                    received += read;
                    if (received > file.Limit)
                    {
                        return "it sends more than the file has";
                    }

                    ours = true;
                    await written.WriteAsync(block.AsMemory(0, read), cancellation).ConfigureAwait(false);
                    ours = false;
                    Report(total);
                    double elapsed = Environment.TickCount64 - since;
                    if (elapsed >= patience.TotalMilliseconds)
                    {
                        if ((received - before) * 1000 < LeastSpeed * elapsed)
                        {
                            return string.Create(
                                CultureInfo.InvariantCulture, $"the server sent {received - before} bytes in " +
                                $"{elapsed / 1000:0.#} seconds, less than {LeastSpeed} a second");
                        }

                        (since, before) = (Environment.TickCount64, received);
                    }
                }
            }

            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return string.Create(CultureInfo.InvariantCulture, $"the server was silent for {patience.TotalSeconds:0.#} seconds");
        }
        catch (Exception error) when (!ours && error is not (OperationCanceledException or OutOfMemoryException))
        {
            // Whatever a server makes the client throw (a redirection to a scheme or an address that there isn't, a broken
            // answer), the next may
            // do better. A write that fails is not caught here: another mirror does not help a full disk.
            return received > 0 ? $"the connection broke after {received} bytes" : Printable.Name(error.Message.TrimEnd('.'));
        }

        void Report(long? total)
        {
            ours = true;
            progress?.Report(new DownloadProgress(file.Name, source, received, total));
            ours = false;
        }
    }
}
