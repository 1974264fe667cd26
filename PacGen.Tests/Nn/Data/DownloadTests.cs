using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class DownloadTests
{
    private static readonly byte[] TrainImages = Noise(300, 28, 28), TrainLabels = Idx.Labels(300), TestImages = Idx.Images(
        20, 28, 28), TestLabels = Idx.Labels(20);

    private static readonly (string Name, byte[] Content)[] Files =
    [
        ("train-images-idx3-ubyte", TrainImages), ("train-labels-idx1-ubyte", TrainLabels),
        ("t10k-images-idx3-ubyte", TestImages), ("t10k-labels-idx1-ubyte", TestLabels),
    ];

    private static readonly PublishedSet Small =
        new("small", "Small", new Normalization([0.5f], [0.5f]), [], File(0), File(1), File(2), File(3));

    private TemporaryFolder folder = null!;
    private LocalServer server = null!;

    [SetUp]
    public void Start()
    {
        folder = new TemporaryFolder();
        server = new LocalServer();
        foreach ((string name, byte[] content) in Files)
        {
            server.Give(name + ".gz", Idx.Compress(content));
        }
    }

    [TearDown]
    public void Stop()
    {
        server.Dispose();
        folder.Dispose();
    }

    [Test]
    public void DownloadsOnceIntoTheCache()
    {
        Received progress = new();
        Dataset data = Load(progress: progress);

        Assert.That(
            data.Train.Pixels.SequenceEqual(TrainImages.AsSpan(16)) && data.Test.Pixels.SequenceEqual(TestImages.AsSpan(16)));
        Assert.That(
            folder.Contents,
            Is.EquivalentTo((string[])["small", .. from file in Files select Path.Combine("small", file.Name + ".gz")]));
        foreach ((string name, byte[] content) in Files)
        {
            DownloadProgress[] reports = [.. from report in progress.Reports where report.File == name + ".gz" select report];
            int length = Idx.Compress(content).Length;
            Assert.That(
                reports[0], Is.EqualTo(new DownloadProgress(name + ".gz", new Uri(server.Address, name + ".gz"), 0, length)));
            Assert.That(reports[^1].Received, Is.EqualTo(length));
            Assert.That(from report in reports select report.Received, Is.Ordered);
        }

        int asked = server.Asked.Length;
        Assert.That(Load().Origin, Is.EqualTo(folder["small"]));
        Assert.That(server.Asked, Has.Length.EqualTo(asked));
    }

    [Test]
    public void DownloadsOnlyWhatTheCacheLacks()
    {
        folder.Write(TrainImages, "small", "train-images-idx3-ubyte");
        Load();
        Assert.That(server.Asked, Is.EqualTo((string[])[.. from file in Files[1..] select file.Name + ".gz"]));
    }

    [Test]
    public void NeedsNoAnnouncedLength()
    {
        server.GiveWithoutLength(Files[0].Name + ".gz", Idx.Compress(TrainImages));
        Received progress = new();
        Assert.That(Load(progress: progress).Train.Count, Is.EqualTo(300));
        Assert.That(progress.Reports[0].Total, Is.Null);
    }

    [Test]
    public void LeavesNothingOfATruncatedDownload([Values(0, 1, 10_000)] int sent, [Values] bool announced)
    {
        byte[] whole = Idx.Compress(TrainImages);
        if (announced)
        {
            server.HangUp(Files[0].Name + ".gz", whole, sent);
        }
        else
        {
            server.GiveWithoutLength(Files[0].Name + ".gz", whole[..sent]);
        }

        Fails(announced ? sent > 0 ? "the connection broke after" : "" : "the checksum is wrong");
    }

    [Test]
    public void LeavesNothingOfAWrongDownload()
    {
        byte[] other = (byte[])TrainImages.Clone();
        other[^1] ^= 1;
        foreach (byte[] wrong in (
            byte[][])[Idx.Compress(other), TrainImages, [.. Idx.Compress(TrainImages), 0], Idx.Compress([.. TrainImages, 0]),
            "<html>Log in</html>"u8.ToArray(), []])
        {
            server.Give(Files[0].Name + ".gz", wrong);
            Fails("the checksum is wrong");
        }

        server.SendForever(Files[0].Name + ".gz");
        Fails("it sends more than the file has");
    }

    [Test]
    public void SaysWhatTheServerAnswers()
    {
        using LocalServer empty = new();
        Fails($"{empty.Address}train-images-idx3-ubyte.gz: the server answers 404 Not Found", empty.Address);
    }

    [Test]
    public void GivesUpASilentServer()
    {
        server.FallSilent(Files[0].Name + ".gz", Idx.Compress(TrainImages), 5000);
        Assert.That(
            () => Load(patience: TimeSpan.FromMilliseconds(200)),
            Throws.TypeOf<DataException>().With.Message.Contains("the server was silent for 0.2 seconds"));
        Assert.That(folder.Contents, Is.Empty);
    }

    [Test]
    public void SaysWhatToDoWithoutANetwork()
    {
        Uri nobody = Nobody();
        DataException error = Assert.Throws<DataException>(() => Load(mirrors: [nobody]));
        Assert.That(
            error.Message, Does.StartWith("Small is not on this machine and train-images-idx3-ubyte.gz cannot be " +
            "downloaded").And.Contain(nobody.ToString()).And.Contain("--data").And.Not.Contain("\n"));
        Assert.That(folder.Contents, Is.Empty);
    }

    [Test]
    public void TriesTheNextMirror()
    {
        using LocalServer empty = new();
        using LocalServer broken = new();
        broken.HangUp(Files[0].Name + ".gz", Idx.Compress(TrainImages), 1000);

        // Without the slash at its end, too.
        Dataset data = Load(mirrors: [Nobody(), empty.Address, broken.Address, new Uri(server.Address.AbsoluteUri.TrimEnd('/'))]);

        Assert.That(data.Train.Pixels.SequenceEqual(TrainImages.AsSpan(16)));
        Assert.That(folder.Contents, Has.Length.EqualTo(5));
        Assert.That(empty.Asked, Has.Length.EqualTo(4));
        Assert.That(broken.Asked, Has.Length.EqualTo(4));
    }

    /// <summary>Whatever a mirror answers, the next is asked: here each of the first answers nonsense.</summary>
    [TestCase("file:///etc/hostname")]
    [TestCase("ftp://127.0.0.1/file")]
    [TestCase("gopher://x")]
    [TestCase("data:,x")]
    [TestCase("http://[")]
    [TestCase("http://127.0.0.1:99999/")]
    [TestCase("\\\\server\\share")]
    public void ARedirectionToNowhereEndsNoSearch(string location)
    {
        using LocalServer odd = new();
        foreach ((string name, _) in Files)
        {
            odd.Redirect(name + ".gz", location);
        }

        Assert.That(Load(mirrors: [odd.Address, server.Address]).Train.Count, Is.EqualTo(300));
        Assert.That(folder.Contents, Has.Length.EqualTo(5));
    }

    [Test]
    public void AMirrorThatIsNoWebAddressEndsNoSearch() =>
        Assert.That(
            Load(mirrors: [new Uri("file:///etc/"), new Uri("ftp://127.0.0.1/"), server.Address]).Train.Count, Is.EqualTo(300));

    /// <summary>Fifty bytes a second would take days for a set; every byte comes before the patience ends.</summary>
    [Test]
    public void GivesUpAServerThatTrickles()
    {
        using LocalServer slow = new();
        slow.Trickle(Files[0].Name + ".gz", Idx.Compress(TrainImages));
        Assert.That(
            () => Load(mirrors: [slow.Address], patience: TimeSpan.FromMilliseconds(300)),
            Throws.TypeOf<DataException>().With.Message.Contains("seconds, less than 1024 a second"));
        Assert.That(folder.Contents, Is.Empty);
    }

    /// <summary>
    /// What a process left that was ended goes at the next start; what one is still writing stays, and what is somebody else's.
    /// </summary>
    [Test]
    public void RemovesWhatProcessesThatAreGoneLeft()
    {
        string gone = folder.Write([1, 2, 3], "small", "train-images-idx3-ubyte.gz.abcdefgh.ijk.part");
        string written = folder.Write([1, 2, 3], "small", "train-labels-idx1-ubyte.gz.abcdefgh.ijk.part");
        string other = folder.Write([1, 2, 3], "small", "notes.part");
        Array.ForEach([gone, written, other], path => System.IO.File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-1)));
        using (new FileStream(written, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Load();
            Assert.That(
                (System.IO.File.Exists(gone), System.IO.File.Exists(written), System.IO.File.Exists(other)),
                Is.EqualTo((false, true, true)));
        }

        Load();
        Assert.That(
            (System.IO.File.Exists(written), System.IO.File.Exists(other)), Is.EqualTo((false, true)),
            "also where nothing is downloaded");
    }

    /// <summary>As a system's user without a folder has it: the folder's name counts, though it is not there.</summary>
    [Test]
    public void AHomeThatDoesNotExistIsStillTheHome() =>
        Assert.That(
            LimitedProcess.Run(64, CacheWithoutHome, folder["absent"]),
            Does.StartWith(OperatingSystem.IsLinux() ? folder["absent", ".cache"] : Path.GetPathRoot(folder.Path)!));

    private static void CacheWithoutHome(string[] arguments)
    {
        Environment.SetEnvironmentVariable("HOME", arguments[0]);
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", null);
        Console.WriteLine(new DataOptions().CacheFolder);
    }

    [Test]
    public void LeavesNothingWhenCancelled()
    {
        server.FallSilent(Files[0].Name + ".gz", Idx.Compress(TrainImages), 5000);
        using CancellationTokenSource cancellation = new();
        Received progress = new() { Then = report => { if (report.Received > 0) { cancellation.Cancel(); } } };

        Assert.That(
            () => Load(progress: progress, cancellation: cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(folder.Contents, Is.Empty);
    }

    [Test]
    public void KeepsWholeFilesWhenCancelledLater()
    {
        server.FallSilent(Files[1].Name + ".gz", Idx.Compress(TrainLabels), 5);
        using CancellationTokenSource cancellation = new();
        Received progress = new() { Then = report =>
            { if (report.File.StartsWith("train-labels", StringComparison.Ordinal)) { cancellation.Cancel(); } } };

        Assert.That(
            () => Load(progress: progress, cancellation: cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(folder.Contents, Is.EquivalentTo((string[])["small", Path.Combine("small", "train-images-idx3-ubyte.gz")]));
        server.Give(Files[1].Name + ".gz", Idx.Compress(TrainLabels));
        Load();
        Assert.That(server.Asked.Count(path => path.StartsWith("train-images", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    public void SaysThatTheCacheCannotBeWritten()
    {
        // A folder in the file's place, and a file in the folder's place.
        Directory.CreateDirectory(folder["small", "train-images-idx3-ubyte.gz"]);
        Assert.That(() => Load(), Throws.TypeOf<DataException>().With.Message.Contains(
            $"{folder["small", "train-images-idx3-ubyte.gz"]} cannot be written"));
        Assert.That(folder.Contents, Is.EquivalentTo((string[])["small", Path.Combine("small", "train-images-idx3-ubyte.gz")]));

        Directory.Delete(folder["small"], recursive: true);
        folder.Write([1], "small");
        Assert.That(() => Load(), Throws.TypeOf<DataException>().With.Message.Contains(
            $"The cache folder {folder["small"]} cannot be made"));
        Assert.That(folder.Contents, Is.EqualTo((string[])["small"]));
    }

    private Dataset Load(
        IReadOnlyList<Uri>? mirrors = null, IProgress<DownloadProgress>? progress = null, TimeSpan? patience = null,
        CancellationToken cancellation = default) => Small.Load(
        new DataOptions
        {
            EnvironmentFolder = null,
            WorkingFolder = folder["absent"],
            SystemFolder = folder["absent"],
            CacheFolder = folder.Path,
            Mirrors = mirrors ?? [server.Address],
            Progress = progress,
            Patience = patience ?? TimeSpan.FromSeconds(30),
        },
        [],
        cancellation);

    private void Fails(string message, Uri? mirror = null)
    {
        Assert.That(() => Load(mirrors: [mirror ?? server.Address]), Throws.TypeOf<DataException>().With.Message.Contains(
            message).And.Message.Contains("--data").And.Message.Not.Contains("\n"));
        Assert.That(folder.Contents, Is.Empty);
    }

    /// <summary>An address on this machine where nobody listens.</summary>
    private static Uri Nobody()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        return new Uri($"http://127.0.0.1:{port}/");
    }

    /// <summary>Images that do not compress, so that a download has several blocks.</summary>
    private static byte[] Noise(int count, int height, int width)
    {
        byte[] pixels = new byte[count * height * width];
        new Random(1).NextBytes(pixels);
        return Idx.File(pixels, count, height, width);
    }

    private static PublishedFile File(int index) =>
        new(Files[index].Name, Files[index].Content.Length, Convert.ToHexStringLower(SHA256.HashData(Files[index].Content)));

    private sealed class Received : IProgress<DownloadProgress>
    {
        public List<DownloadProgress> Reports { get; } = [];

        public Action<DownloadProgress>? Then { get; init; }

        public void Report(DownloadProgress value)
        {
            Reports.Add(value);
            Then?.Invoke(value);
        }
    }
}
