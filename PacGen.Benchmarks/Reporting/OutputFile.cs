using PacGen.Benchmarks.CommandLine;
using PacGen.Core.Files;
using PacGen.Nn;
using PacGen.Plots;

namespace PacGen.Benchmarks.Reporting;

/// <summary>A file that the program will write: checked before the work begins, and never there in half.</summary>
internal static class OutputFile
{
    private const int DeepestLink = 40;

    /// <summary>Whether this process writes files; of several that share a run one does.</summary>
    public static bool Writes { get; set; } = true;

    /// <summary>How a PNG file begins.</summary>
    private static readonly byte[] Png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>
    /// Checks that a file's extension does not promise another format than it will have, then that it can be written.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that names it.</param>
    /// <param name="what">What is written, such as <c>a picture</c>.</param>
    /// <param name="replaced">What may be there already where there is no extension to tell.</param>
    /// <param name="extensions">The extensions that it may have, with their dot; "" for none, which is always allowed.</param>
    /// <exception cref="UsageException">The extension is another one.</exception>
    /// <exception cref="IOException">It can't be written; the message says why and what to do.</exception>
    public static void Check(string path, string option, string what, OutputKind replaced, params string[] extensions)
    {
        string extension = Path.GetExtension(path);
        if (extension.Length > 0 && !extensions.Contains(extension, StringComparer.OrdinalIgnoreCase))
        {
            string[] named = [.. extensions.Where(one => one.Length > 0)];
            string possible = named.Length == 1 ? named[0] : $"{string.Join(", ", named[..^1])} or {named[^1]}";
            throw new UsageException($"{option} {path}: {what} is written as {possible}, not {extension}; name the file so.");
        }

        // An extension tells pictures and weights; what a log is appended to is looked at.
        Check(path, option, extension.Length > 0 && replaced != OutputKind.Json ? OutputKind.Any : replaced);
    }

    /// <summary>
    /// Checks, before the work begins, that a picture's extension names a format that can be written and that the file can be.
    /// </summary>
    /// <inheritdoc cref="Check(string, string, string, OutputKind, string[])"/>
    public static void CheckPicture(string path, string option) =>
        Check(path, option, "a picture", OutputKind.Picture, PictureFile.Extensions);

    /// <summary>Checks that a file can be written, and leaves no trace of the check.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that names it.</param>
    /// <param name="replaced">
    /// What is there already and may be replaced or appended to: files of this kind, and empty ones.
    /// </param>
    /// <exception cref="IOException">It can't be written; the message says why and what to do.</exception>
    public static void Check(string path, string option, OutputKind replaced = OutputKind.Any)
    {
        if (!Writes)
        {
            return;
        }

        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full) ?? full;
        if (!OperatingSystem.IsWindows()
            && (full.StartsWith("/dev/", StringComparison.Ordinal) || full.StartsWith("/proc/", StringComparison.Ordinal)))
        {
            throw new IOException($"{option} {path}: a device is no file to keep things in. Choose another file.");
        }

        if (Directory.Exists(full))
        {
            throw new IOException($"{option} {path}: this is a folder. Name a file in it.");
        }

        if (!Directory.Exists(folder))
        {
            throw new IOException($"{option} {path}: there is no folder {folder}. Make it, or choose another file.");
        }

        bool foreign = false;
        try
        {
            if (File.Exists(full))
            {
                // To write alone would wait at a pipe for who reads it.
                new FileStream(full, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
                foreign = !Is(replaced, full);
            }

            AtomicFile.Try(Canonical(full));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{option} {path} can't be written: {error.Message.TrimEnd('.')}. Choose another file.", error);
        }

        if (foreign)
        {
            throw new IOException(Prose.Line($"""
                {option} {path}: this file is there and is {Name(replaced)}, so it is left alone. Choose another file, or delete
                it.
                """));
        }
    }

    /// <summary>
    /// Refuses options that name one file, in whatever spelling or through whatever links: the later would replace the earlier.
    /// </summary>
    /// <param name="outputs">The options' names and values; null where one isn't given.</param>
    /// <exception cref="UsageException">Two of them do.</exception>
    public static void RequireDistinct(params IEnumerable<(string Option, string? Path)> outputs)
    {
        Dictionary<string, string> seen = new(
            OperatingSystem.IsLinux() ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);
        foreach ((string option, string? path) in outputs)
        {
            if (path is not null && !seen.TryAdd(Canonical(path), option))
            {
                throw new UsageException(Prose.Line($"""
                    {seen[Canonical(path)]} and {option} both name {path}: one would replace the other. Name another for one of
                    them.
                    """));
            }
        }
    }

    /// <summary>A path without links and detours, as far as it exists.</summary>
    /// <exception cref="IOException">Links lead in a circle.</exception>
    public static string Canonical(string path) => Canonical(Path.GetFullPath(path), DeepestLink);

    /// <summary>Writes a file as a whole: under a name of its own first, then moved into place.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that names it.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">It can't be written; what was there before is still there.</exception>
    public static void Write(string path, string option, Action<Stream> write)
    {
        if (!Writes)
        {
            return;
        }

        try
        {
            AtomicFile.Write(path, write);
        }
        catch (IOException error)
        {
            throw new IOException(
                $"{option} {path} can't be written: {error.Message.TrimEnd('.')}. Nothing was left behind.", error);
        }
    }

    private static string Canonical(string full, int links)
    {
        string root = Path.GetPathRoot(full)!, resolved = root;
        foreach (string part in full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(resolved, part);
            string? target = new FileInfo(next).LinkTarget;
            resolved = target is null ? next
                : links > 0 ? Canonical(Path.GetFullPath(Path.Combine(resolved, target)), links - 1)
                : throw new IOException($"The links on the way to {full} lead in a circle.");
        }

        return resolved;
    }

    private static bool Is(OutputKind kind, string path)
    {
        if (kind == OutputKind.Any || new FileInfo(path).Length == 0)
        {
            return true;
        }

        if (kind == OutputKind.Weights)
        {
            try
            {
                SafetensorsFile.Open(path).Dispose();
                return true;
            }
            catch (CheckpointException error)
            {
                // One that is damaged is replaced as a whole one would be.
                return error.InnerException is not (IOException or UnauthorizedAccessException)
                    && path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase);
            }
        }

        byte[] start = new byte[Png.Length];
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        int read = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return kind == OutputKind.Picture ? start.AsSpan().SequenceEqual(Png)
            : start.AsSpan(0, read).TrimStart(" \r\n"u8) is not [var first, ..] || first == (byte)'{';
    }

    private static string Name(OutputKind kind) => kind switch
    {
        OutputKind.Picture => "no PNG picture",
        OutputKind.Weights => "no file of weights",
        _ => "no JSON",
    };
}
