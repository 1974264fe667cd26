using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PacGen.Nn;

/// <summary>
/// A file of lines that several processes may append to at a time: each line is one write, which the system puts at the file's
/// end. It is held open with a shared lock, so that whoever finds no lock on it is alone with it.
/// </summary>
internal sealed partial class LineFile : IDisposable
{
    private const int Chunk = 1 << 16, Page = 1 << 12;
    private const byte Blank = (byte)' ', NewLine = (byte)'\n';
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly FileStream file;
    private readonly SafeFileHandle? appending;

    /// <summary>Opens a file, or makes it.</summary>
    /// <exception cref="IOException">It can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public LineFile(string path)
    {
        file = OpenShared(path, FileMode.OpenOrCreate);
        try
        {
            appending = OperatingSystem.IsWindows() ? null : OpenToAppend(file.Name);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The file's full path.</summary>
    public string Name => file.Name;

    /// <summary>
    /// Takes back lines that a run wrote, but for its first ones. What others wrote stays where it is: the lines before theirs
    /// become blanks, which JSON passes over; at the end of a file that nobody else has open they are cut off. A last line that
    /// ends too early to tell whose it is goes too.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="start">What each of the run's lines begins with, and no other's.</param>
    /// <param name="keep">How many of them stay.</param>
    /// <returns>How many there are now.</returns>
    /// <exception cref="IOException">It can't be read or written.</exception>
    public static int Cut(string path, byte[] start, int keep)
    {
        if (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            return 0;
        }

        using FileStream file = OpenAlone(path, out bool alone);
        List<(long Start, long End, bool Whole)> own = Find(file, start);
        int kept = own.Take(keep).Count(line => line.Whole);
        foreach ((long from, long to, _) in own.Skip(kept))
        {
            byte[] blanks = new byte[to - from];
            Array.Fill(blanks, Blank);
            file.Position = from;
            file.Write(blanks);
        }

        if (alone && own.Count > kept)
        {
            file.SetLength(WithoutBlankEnd(file));
        }

        file.Flush(flushToDisk: true);
        return kept;
    }

    /// <summary>Appends a line; one that somebody left unfinished is ended first.</summary>
    /// <param name="line">The line with its end.</param>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Append(byte[] line)
    {
        if (appending is null)
        {
            AppendLocked(line);
            return;
        }

        byte[] bytes = IsTorn() ? [NewLine, .. line] : line;
        nint written = Write(appending, bytes, bytes.Length);
        if (written != bytes.Length)
        {
            throw new IOException(
                written < 0 ? $"{Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}." : "The disk is full.");
        }
    }

    /// <summary>Waits until all lines are on the disk.</summary>
    public void Flush() => file.Flush(flushToDisk: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        appending?.Dispose();
        file.Dispose();
    }

    private static FileStream OpenShared(string path, FileMode mode)
    {
        for (DateTime end = DateTime.UtcNow + Patience; ; Thread.Sleep(10))
        {
            try
            {
                FileStream opened = new(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
                if (opened.CanSeek)
                {
                    return opened;
                }

                opened.Dispose();
                throw new NotSupportedException();
            }
            catch (NotSupportedException)
            {
                throw new IOException("It is no ordinary file.");
            }
            catch (IOException) when (File.Exists(path) && DateTime.UtcNow < end)
            {
                // Another run has it alone for a moment.
            }
        }
    }

    private static FileStream OpenAlone(string path, out bool alone)
    {
        try
        {
            FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            alone = true;
            return file;
        }
        catch (IOException)
        {
            alone = false;
            return OpenShared(path, FileMode.Open);
        }
    }

    /// <summary>
    /// The lines that begin with some bytes behind blanks, and where a torn last line may be one of them, that.
    /// </summary>
    private static List<(long Start, long End, bool Whole)> Find(FileStream file, byte[] start)
    {
        const int Another = -1;
        List<(long, long, bool)> found = [];
        byte[] bytes = new byte[Chunk];
        long at = 0, lineStart = 0;
        int matched = 0;
        long length = file.Length;
        for (int read; at < length && (read = file.Read(bytes, 0, (int)Math.Min(Chunk, length - at))) > 0; at += read)
        {
            for (int i = 0; i < read; i++)
            {
                byte value = bytes[i];
                if (value == NewLine)
                {
                    if (matched == start.Length)
                    {
                        found.Add((lineStart, at + i + 1, true));
                    }

                    (lineStart, matched) = (at + i + 1, 0);
                }
                else if (matched >= 0 && matched < start.Length)
                {
                    matched = value == start[matched] ? matched + 1 : matched == 0 && value == Blank ? 0 : Another;
                }
            }
        }

        if (matched > 0)
        {
            found.Add((lineStart, at, false));
        }

        return found;
    }

    private static long WithoutBlankEnd(FileStream file)
    {
        byte[] bytes = new byte[Chunk];
        for (long end = file.Length; end > 0;)
        {
            int count = (int)Math.Min(Chunk, end);
            file.Position = end - count;
            file.ReadExactly(bytes, 0, count);
            int last = bytes.AsSpan(0, count).LastIndexOfAnyExcept(Blank);
            if (last >= 0)
            {
                return end - count + last + 1;
            }

            end -= count;
        }

        return 0;
    }

    /// <summary>Whether the file's last line was begun and not ended; blanks are no beginning.</summary>
    private bool EndsWithin(long length)
    {
        Span<byte> last = stackalloc byte[1];
        return length > 0 && RandomAccess.Read(file.SafeFileHandle, last, length - 1) == 1 && last[0] is not (NewLine or Blank);
    }

    /// <summary>
    /// Whether somebody left the file's last line unfinished. While a write goes on, others see it up to the end of a page: such
    /// a line is looked at again until it grows, for some time.
    /// </summary>
    private bool IsTorn()
    {
        for (DateTime end = DateTime.UtcNow + Patience; ; Thread.Sleep(1))
        {
            long length = file.Length;
            if (!EndsWithin(length))
            {
                return false;
            }

            if (length % Page != 0 || DateTime.UtcNow >= end)
            {
                return true;
            }
        }
    }

    /// <summary>
    /// Where the system has no call that appends, a lock on a place behind all files' ends keeps writers apart.
    /// </summary>
    private void AppendLocked(byte[] line)
    {
        const long Gate = long.MaxValue - 1;
        for (DateTime end = DateTime.UtcNow + Patience; ; Thread.Sleep(1))
        {
            try
            {
#pragma warning disable CA1416 // Only where there is no libc: on Windows.
                file.Lock(Gate, 1);
#pragma warning restore CA1416
                break;
            }
            catch (IOException) when (DateTime.UtcNow < end)
            {
            }
        }

        try
        {
            long length = file.Length;
            file.Position = length;
            file.Write(EndsWithin(length) ? [NewLine, .. line] : line);
        }
        finally
        {
#pragma warning disable CA1416
            file.Unlock(Gate, 1);
#pragma warning restore CA1416
        }
    }

    private static SafeFileHandle OpenToAppend(string path)
    {
        // The numbers of fcntl.h: write only, append, close in child processes.
        int flags = OperatingSystem.IsLinux() ? 0x1 | 0x400 | 0x8_0000
            : 0x1 | 0x8 | (OperatingSystem.IsFreeBSD() ? 0x10_0000 : 0x100_0000);
        SafeFileHandle handle = Open(path, flags);
        return !handle.IsInvalid ? handle : throw new IOException(
            $"{Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Write(SafeFileHandle file, byte[] bytes, nint count);
}
