using System.Buffers;
using System.Globalization;
using PacGen.Core.Files;
using PacGen.Core.Text;

namespace PacGen.Nn;

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
    private const int LongestName = 200;

    /// <summary>Letters that are no part of a name on one system or another.</summary>
    private static readonly SearchValues<char> Forbidden = SearchValues.Create("/\\:*?\"<>|");

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

    /// <summary>
    /// The path of a file or folder that a run keeps beside its checkpoints, by its name. A checkpoint is data, often somebody
    /// else's: what it names stays in its folder.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <exception cref="CheckpointException">It is no name for that (see <see cref="CanName"/>), or a link stands
    /// there.</exception>
    public string Inside(string name)
    {
        if (!CanName(name))
        {
            throw new CheckpointException(
                $"The checkpoints in {Path} name '{Printable.Name(name)}' as a file beside them, which is no plain name: they " +
                $"were changed, or are damaged.");
        }

        string path = System.IO.Path.Combine(Path, name);
        return new FileInfo(path).LinkTarget is null ? path
            : throw new CheckpointException(
                $"{path} is a link, which a run does not write through: replace it by what it leads to.");
    }

    /// <summary>
    /// Whether a run may keep something by a name beside its checkpoints: a plain name on every system, and none of theirs.
    /// </summary>
    /// <param name="name">The name.</param>
    public static bool CanName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsPlain(name)
            && !(name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) && IsOfCheckpoint(name))
            && !name.EndsWith(AtomicFile.Ending, StringComparison.OrdinalIgnoreCase)
            && !name.Equals(EpochHistory.FileName, StringComparison.OrdinalIgnoreCase)
            && !name.Equals(FolderClaim.FileName, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a name is, or could be taken for, that of a checkpoint.</summary>
    private static bool IsOfCheckpoint(string name) =>
        name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            || name.Equals("best" + Suffix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a name is one of a file in a folder, on every system, and nothing else.</summary>
    internal static bool IsPlain(string name) =>
        name.Length is > 0 and <= LongestName && name is not ("." or "..") && name[0] is not ('-' or '@' or ' ')
            && name[^1] is not ('.' or ' ')
        && !name.AsSpan().ContainsAny(Forbidden) && !name.Any(letter => char.IsControl(letter) || char.IsSurrogate(letter));

    /// <summary>The first of the files that a run's checkpoints are made of, or null where there is none.</summary>
    internal string? Found => Checkpoints.Concat([Best, System.IO.Path.Combine(Path, EpochHistory.FileName)]).FirstOrDefault(
        System.IO.Path.Exists);

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
            catch (CheckpointException error) when (
                error.InnerException is FileNotFoundException && new CheckpointFolder(Path).Checkpoints is [var newest, ..]
                && newest != path)
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
            ? File.Exists(Path) ? $"{Path} is a file: name the folder of the run that wrote it."
                : $"There is no checkpoint in {Path}: name the folder of a run that wrote some, or start one."
            : $"None of the {problems.Count} checkpoints in {Path} can be used; the newest: {problems[0]}");
    }

    /// <summary>
    /// Whether a file could not be read for a reason that may pass: it is not damaged, and to go on from an older one would
    /// delete it.
    /// </summary>
    private static bool IsOutOfReach(CheckpointException error) =>
        error.InnerException is UnauthorizedAccessException or (
            IOException and not EndOfStreamException and not FileNotFoundException and not DirectoryNotFoundException);

    /// <summary>The file of the checkpoint after some steps.</summary>
    internal string PathOf(long steps) =>
        System.IO.Path.Combine(Path, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{steps:D10}{Suffix}"));

    /// <summary>
    /// Deletes all but the last checkpoints up to some steps, and what an interrupted write left. Those after more steps go as
    /// well: they were passed over as damaged, and would be taken for the newest.
    /// </summary>
    internal void Prune(long steps, int keep)
    {
        IReadOnlyList<string> all = Checkpoints;
        int newer = all.TakeWhile(file => StepsOf(file) > steps).Count();
        foreach (string old in all.Where((_, i) => i < newer || i >= newer + keep).Concat(
            Directory.EnumerateFiles(Path, $"*{Suffix}.*{AtomicFile.Ending}")))
        {
            File.Delete(old);
        }
    }

    private static long? StepsOf(string file)
    {
        string name = System.IO.Path.GetFileName(file);
        return name.Length > Prefix.Length + Suffix.Length
            && long.TryParse(
                name.AsSpan(Prefix.Length..^Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long steps)
                ? steps : null;
    }
}
