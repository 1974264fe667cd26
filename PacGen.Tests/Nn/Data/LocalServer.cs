using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PacGen.Tests.Nn;

/// <summary>A web server on this machine that answers each path well or badly, as asked.</summary>
internal sealed class LocalServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource closing = new();
    private readonly ConcurrentDictionary<string, Func<Stream, CancellationToken, Task>> answers = [];
    private readonly ConcurrentQueue<string> asked = new();
    private readonly Task serving;

    public LocalServer()
    {
        listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>The paths asked for, in order.</summary>
    public string[] Asked => [.. asked];

    /// <summary>Answers with a whole file.</summary>
    public void Give(string path, byte[] content) => answers[path] = (stream, _) => SendAsync(stream, content.Length, content);

    /// <summary>Answers with a file that says nothing of its length.</summary>
    public void GiveWithoutLength(string path, byte[] content) => answers[path] = (stream, _) => SendAsync(stream, null, content);

    /// <summary>Announces a whole file, sends its beginning and hangs up.</summary>
    public void HangUp(string path, byte[] content, int sent) => answers[path] = (stream, _) =>
        SendAsync(stream, content.Length, content[..sent]);

    /// <summary>Announces a whole file, sends its beginning and falls silent.</summary>
    public void FallSilent(string path, byte[] content, int sent) => answers[path] = async (stream, closed) =>
    {
        await SendAsync(stream, content.Length, content[..sent]);
        await Task.Delay(Timeout.Infinite, closed);
    };

    /// <summary>Sends the asker elsewhere.</summary>
    public void Redirect(string path, string location) => answers[path] = async (stream, closed) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), closed);

    /// <summary>Announces a whole file and sends it byte by byte, for ever.</summary>
    public void Trickle(string path, byte[] content) => answers[path] = async (stream, closed) =>
    {
        await SendAsync(stream, content.Length, []);
        foreach (byte one in content)
        {
            await stream.WriteAsync(new[] { one }, closed);
            await Task.Delay(20, closed);
        }
    };

    /// <summary>Never stops sending.</summary>
    public void SendForever(string path) => answers[path] = async (stream, closed) =>
    {
        await SendAsync(stream, null, []);
        byte[] block = new byte[1 << 16];
        while (true)
        {
            await stream.WriteAsync(block, closed);
        }
    };

    public void Dispose()
    {
        closing.Cancel();
        listener.Stop();
        serving.Wait();
        closing.Dispose();
    }

    private static async Task SendAsync(Stream stream, int? length, byte[] content)
    {
        string announced = length is int known ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {known}\r\n") : "";
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{announced}Connection: close\r\n\r\n"));
        await stream.WriteAsync(content);
        await stream.FlushAsync();
    }

    private async Task ServeAsync()
    {
        while (!closing.IsCancellationRequested)
        {
            try
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(closing.Token);
                await using NetworkStream stream = client.GetStream();
                using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
                string path = (await reader.ReadLineAsync(closing.Token))!.Split(' ')[1].TrimStart('/');
                while (await reader.ReadLineAsync(closing.Token) is { Length: > 0 })
                {
                }

                asked.Enqueue(path);
                if (answers.TryGetValue(path, out Func<Stream, CancellationToken, Task>? answer))
                {
                    // Hanging up is noticed by whoever waits for more; the next connection is accepted then.
                    using CancellationTokenSource closed = CancellationTokenSource.CreateLinkedTokenSource(closing.Token);
                    Task answering = answer(stream, closed.Token), hungUp = stream.ReadAsync(new byte[1], closed.Token).AsTask();
                    await Task.WhenAny(answering, hungUp);
                    await closed.CancelAsync();
                    await answering;
                }
                else
                {
                    await stream.WriteAsync(
                        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
                }
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or SocketException)
            {
                // The client went away, or the server is closing.
            }
        }
    }
}
