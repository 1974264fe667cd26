using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using PacGen.Nn;

namespace PacGen.Benchmarks.Runs;

/// <summary>
/// A run that one process works on, of those that share a folder, on one machine or on many. On one machine the system's lock
/// and its list of processes tell whether the owner lives. Across machines, where a lock may not reach, the owner counts up in a
/// file, and whoever waits sees by its own clock that the count stands still: no clock is compared with another's.
/// </summary>
/// <remarks>
/// Owners are numbered by files NAME.owner-1, -2, …, of which the last counts. A dead owner's claim is taken over by making the
/// next: a file that is made anew is made by one process alone, on NFS too. A listing may lag behind there, but not behind a file
/// that was made in the folder, so it is looked at again then. An owner that finds another behind it, such as a machine that
/// slept, stops.
/// </remarks>
internal sealed class RunClaim : IDisposable
{
    private const string Infix = ".owner-";

    /// <summary>How long the count stands still before the owner is dead, and how often it counts.</summary>
    private static readonly TimeSpan Dead = TimeSpan.FromMinutes(2), Beat = TimeSpan.FromSeconds(10);

    /// <summary>What was seen of other owners, and since when, by this process's clock.</summary>
    private static readonly ConcurrentDictionary<string, (string Text, long Since)> Seen = new();

    private readonly FolderClaim held;
    private readonly string folder, name, path;
    private readonly CancellationTokenSource lost = new();
    private readonly Timer timer;
    private long count;

    private RunClaim(FolderClaim held, string folder, string name, string path)
    {
        (this.held, this.folder, this.name, this.path) = (held, folder, name, path);
        timer = new Timer(_ => CountUp(), null, Beat, Beat);
    }

    /// <summary>Cancelled where another process took the run over.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Claims a run, if no living process has it.</summary>
    /// <param name="folder">The folder of runs, which is there.</param>
    /// <param name="name">The run's name.</param>
    /// <param name="dead">After how long without a sign an owner on another machine is dead; null for two minutes.</param>
    /// <param name="listed">The owners that a listing showed some time ago; null to look.</param>
    /// <returns>Null where another has it, or may have.</returns>
    /// <exception cref="IOException">The folder can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Nobody may write there.</exception>
    public static RunClaim? TryTake(string folder, string name, TimeSpan? dead = null, IReadOnlyList<int>? listed = null)
    {
        if (FolderClaim.TryTake(folder, $"{name}.lock") is not { } held)
        {
            return null;
        }

        string? own = null;
        try
        {
            IReadOnlyList<int> before = listed ?? Owners(folder, name);
            int newest = before.DefaultIfEmpty().Max();
            if (newest > 0 && Lives(PathOf(folder, name, newest), dead ?? Dead))
            {
                held.Dispose();
                return null;
            }

            string path = PathOf(folder, name, newest + 1);
            using (FileStream made = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite))
            {
                own = path;
                made.Write(Text(0));
            }

            if (Owners(folder, name).Except(before).Any(number => number != newest + 1))
            {
                // The listing lagged: another was faster.
                File.Delete(path);
                held.Dispose();
                return null;
            }

            foreach (int gone in before)
            {
                File.Delete(PathOf(folder, name, gone));
            }

            return new RunClaim(held, folder, name, path);
        }
        catch (IOException error) when (error.HResult is 17 or unchecked((int)0x80070050))
        {
            // Another made it first.
            held.Dispose();
            return null;
        }
        catch
        {
            // It would be this process's for as long as the process lives.
            if (own is not null)
            {
                Remove(own);
            }

            held.Dispose();
            throw;
        }
    }

    /// <summary>Nothing is left to claim: the files go.</summary>
    public void Delete() => held.Delete();

    /// <inheritdoc/>
    public void Dispose()
    {
        using (ManualResetEvent done = new(false))
        {
            timer.Dispose(done);
            done.WaitOne();
        }

        Remove(path);
        held.Dispose();
        lost.Dispose();
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It stands still from now on.
        }
    }

    private static string PathOf(string folder, string name, int number) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}{Infix}{number}"));

    private static int[] Owners(string folder, string name) =>
    [
        .. Directory.EnumerateFiles(folder, $"{name}{Infix}*").Select(file => int.TryParse(
            Path.GetFileName(file).AsSpan(name.Length + Infix.Length), CultureInfo.InvariantCulture, out int number) ? number : 0)
            .Where(number => number > 0),
    ];

    private static bool Lives(string path, TimeSpan dead)
    {
        if (SharedFile.Read(path) is not { } text)
        {
            return false;
        }

        // This machine's processes, in the same container, are known by their number and start; the lock that they held is free.
        if (text.Split(' ') is [var place, var process, _] && place == Place)
        {
            return process == ProcessText(process.Split('@')[0]);
        }

        (string Text, long Since) seen = Seen.AddOrUpdate(
            path, _ => (text, Stopwatch.GetTimestamp()), (_, before) => before.Text == text ? before
                : (text, Stopwatch.GetTimestamp()));
        return Stopwatch.GetElapsedTime(seen.Since) < dead;
    }

    /// <summary>The machine since its start, and the container in it.</summary>
    private static string Place { get; } = string.Join(
        '/', Environment.MachineName, Line("/proc/sys/kernel/random/boot_id"), new FileInfo("/proc/self/ns/pid").LinkTarget ?? "")
        .Replace(' ', '_');

    /// <summary>A process's number and when it started; empty where there is none.</summary>
    private static string ProcessText(string number)
    {
        if (OperatingSystem.IsLinux())
        {
            // proc(5): behind the name in brackets, the 22nd field of all is when it started, in ticks since the machine did.
            const int Start = 19;
            string[] fields = Line($"/proc/{number}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length > Start ? $"{number}@{fields[Start]}" : "";
        }

        try
        {
            using Process process = Process.GetProcessById(int.Parse(number, CultureInfo.InvariantCulture));
            return string.Create(CultureInfo.InvariantCulture, $"{process.Id}@{process.StartTime.ToUniversalTime():s}");
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or FormatException
            or System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }

    private static byte[] Text(long count) => System.Text.Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{Place} {ProcessText($"{Environment.ProcessId}")} {count:D12}"));

    private static string Line(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private void CountUp()
    {
        try
        {
            if (!File.Exists(path) || PathOf(folder, name, Owners(folder, name).DefaultIfEmpty().Max()) != path)
            {
                lost.Cancel();
                return;
            }

            // As long as before: whoever reads meanwhile sees the old count or the new one.
            using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.Write(Text(++count));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // A server that doesn't answer: the next time.
        }
    }
}
