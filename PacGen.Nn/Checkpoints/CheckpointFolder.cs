using System.Globalization;

namespace PacGen.Nn.Checkpoints;

/// <summary>
/// The checkpoints of one run: <c>step-N.safetensors</c> after N steps, and <c>best.safetensors</c>, the one after the best
/// epoch by <see cref="TrainingOptions.BestBy"/>.
/// </summary>
/// <param name="Path">The folder.</param>
public sealed record CheckpointFolder(string Path)
{
    /// <summary>The path, safe to print.</summary>
    public override string ToString() => PacGen.Core.Text.Printable.Name(Path);

    private const string Prefix = "step-", Suffix = ".safetensors";

    /// <summary>The checkpoint after the best epoch, once there is one.</summary>
    public string Best => System.IO.Path.Combine(Path, "best" + Suffix);

    /// <summary>The checkpoints by steps, the newest first; none where there is no such folder.</summary>
    /// <exception cref="CheckpointException">The folder can't be read.</exception>
    public IReadOnlyList<string> Checkpoints
    {
        get
        {
            try
            {
                return !Directory.Exists(Path) ? [] :
                [
                    .. Directory.EnumerateFiles(Path, $"{Prefix}*{Suffix}")
                        .Select(file => (File: file, Steps: StepsOf(file)))
                        .Where(pair => pair.Steps is not null)
                        .OrderByDescending(pair => pair.Steps)
                        .Select(pair => pair.File),
                ];
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new CheckpointException($"The checkpoints in {Path} can't be read: {error.Message}", error);
            }
        }
    }

    /// <summary>Opens the newest checkpoint that is whole.</summary>
    /// <param name="damaged">One line for each newer checkpoint that is not.</param>
    /// <returns>The file, checked against its checksum.</returns>
    /// <exception cref="CheckpointException">There is no checkpoint, or none that is whole.</exception>
    public SafetensorsFile OpenNewest(out IReadOnlyList<string> damaged)
    {
        List<string> problems = [];
        damaged = problems;
        Queue<string> left = new(Checkpoints);
        while (left.TryDequeue(out string? path))
        {
            SafetensorsFile? file = null;
            try
            {
                file = SafetensorsFile.Open(path);
                file.VerifyChecksum();
                return file;
            }
            catch (CheckpointException error) when (error.InnerException is FileNotFoundException && new CheckpointFolder(Path).Checkpoints is [var newest, ..] && newest != path)
            {
                // A run that is still at work has replaced it.
                problems.Clear();
                left = new(Checkpoints);
            }
            catch (CheckpointException error) when (!IsOutOfReach(error))
            {
                file?.Dispose();
                problems.Add(error.Message);
            }
        }

        throw new CheckpointException(problems.Count == 0
            ? $"There is no checkpoint in {Path}: name the folder of a run that wrote some, or start one."
            : $"None of the {problems.Count} checkpoints in {Path} can be used; the newest: {problems[0]}");
    }

    /// <summary>Whether a file could not be read for a reason that may pass: it is not damaged, and to go on from an older one would delete it.</summary>
    private static bool IsOutOfReach(CheckpointException error) =>
        error.InnerException is UnauthorizedAccessException or (IOException and not EndOfStreamException and not FileNotFoundException and not DirectoryNotFoundException);

    /// <summary>The file of the checkpoint after some steps.</summary>
    internal string PathOf(long steps) => System.IO.Path.Combine(Path, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{steps:D10}{Suffix}"));

    /// <summary>
    /// Deletes all but the last checkpoints up to some steps, and what an interrupted write left. Those after more steps go as well: they
    /// were passed over as damaged, and would be taken for the newest.
    /// </summary>
    internal void Prune(long steps, int keep)
    {
        IReadOnlyList<string> all = Checkpoints;
        int newer = all.TakeWhile(file => StepsOf(file) > steps).Count();
        foreach (string old in all.Where((_, i) => i < newer || i >= newer + keep).Concat(Directory.EnumerateFiles(Path, $"*{Suffix}.*{AtomicFile.Ending}")))
        {
            File.Delete(old);
        }
    }

    private static long? StepsOf(string file)
    {
        string name = System.IO.Path.GetFileName(file);
        return name.Length > Prefix.Length + Suffix.Length
            && long.TryParse(name.AsSpan(Prefix.Length..^Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long steps) ? steps : null;
    }
}
