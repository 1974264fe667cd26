using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>
/// The options that keep a run on disk and take one up again. A checkpoint is data, often somebody else's: of the options that
/// are stored in it, those that name a path are taken as plain names in its own folder, or are given again by the person who
/// resumes.
/// </summary>
/// <param name="outputs">The options that name what the run writes beside its checkpoints.</param>
/// <param name="inputs">Those that name what it reads.</param>
/// <param name="dataset">The data set, which may be a folder.</param>
/// <param name="model">The network.</param>
internal sealed class CheckpointSettings(
    Option<string?>[] outputs, Option<string?>[] inputs, Option<string> dataset, ModelOptions model) : OptionGroup
{
    /// <summary>The text of a checkpoint's metadata that holds the command line, as a JSON array.</summary>
    private const string ArgumentsText = "pacgen.arguments";

    /// <summary>Training needs at least so many arrays of the parameters' number at once: weights and gradient.</summary>
    private const int TrainingArrays = 2;

    /// <summary>The text that holds the names of what the run keeps beside its checkpoints, as a JSON object by option.</summary>
    private const string FilesText = "pacgen.files";
    private const string EachEpoch = "epoch";

    private readonly Option<string?> folder = Options.Path(
        "--checkpoint",
        "A folder to write checkpoints into, from which train --resume goes on; the best epoch's is best.safetensors", "folder");

    private readonly Option<string?> every = Options.Make<string?>(
        "--checkpoint-every",
        "steps",
        Prose.Line($"""
            The steps between two checkpoints, besides one after each epoch; 1 or more, or {EachEpoch} for none besides. Without
            it {EachEpoch}
            """),
        word => (word, word == EachEpoch
            || (long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long steps) && steps >= 1)
            ? null
            : $"--checkpoint-every is '{word}', but must be a whole number of steps, 1 or more, or {EachEpoch}."));

    private readonly Option<int?> keep = Options.Count("--keep", "How many of the last checkpoints stay; without it 3");

    private readonly Option<string?> resume = Options.Path(
        "--resume",
        Prose.Line("""
            Goes on from the newest whole checkpoint in a folder, with the options of its run: the same bits as without the
            interruption
            """),
        "folder");

    private readonly Option<string?> without = Without([.. outputs.Concat(inputs).Select(Word)]);

    public override string Title => "Checkpoints";

    public override IReadOnlyList<Option> All => [folder, every, keep, resume, without];

    /// <summary>Whether checkpoints are written.</summary>
    public bool Keeps(ParseResult parsed) => parsed.IsGiven(folder) || parsed.IsGiven(resume);

    /// <summary>The folder to take a run up from, or null.</summary>
    public string? Resume(ParseResult parsed) => parsed.GetValue(resume);

    /// <summary>
    /// The command line with the options that the resumed run was started with, where this line does not give them itself; the
    /// line itself where nothing is resumed.
    /// </summary>
    /// <exception cref="UsageException">Two folders are named, a path must be given again, or the network is another.</exception>
    /// <exception cref="CheckpointException">There is no checkpoint to resume.</exception>
    /// <exception cref="IOException">Another run works in the folder.</exception>
    public ParseResult Complete(ParseResult parsed, Command command)
    {
        parsed.Needs(Keeps(parsed), "--checkpoint FOLDER", every, keep);
        parsed.Needs(parsed.IsGiven(resume), "--resume FOLDER", without);
        if (Resume(parsed) is not { } from)
        {
            return parsed;
        }

        if (parsed.IsGiven(folder))
        {
            throw new UsageException("--resume goes on writing into the folder that it names: leave --checkpoint out.");
        }

        if (LaunchedRank.Prints && Directory.Exists(from))
        {
            // A run that is still at work is reported as such, and not as whatever its files look like meanwhile.
            new FolderClaim(from).Dispose();
        }

        using SafetensorsFile file = new CheckpointFolder(from).OpenNewest(out _);
        string[] stored;
        Dictionary<string, string> files;
        try
        {
            stored = JsonSerializer.Deserialize<string[]>(file.Metadata.GetValueOrDefault(ArgumentsText) ?? "null")
                ?? throw new CheckpointException(
                    $"The checkpoints in {from} are not of pacgen train: resume them with the program that wrote them.");
            files = JsonSerializer.Deserialize<Dictionary<string, string>>(file.Metadata.GetValueOrDefault(FilesText) ?? "{}")
                ?? [];
        }
        catch (JsonException error)
        {
            throw new CheckpointException(
                $"The checkpoints in {from} hold no command line of this version: {error.Message}", error);
        }

        if (Array.IndexOf(stored, null) >= 0)
        {
            throw new CheckpointException($"The checkpoints in {from} hold no command line of this version: a word is null.");
        }

        ParseResult before = command.Parse(stored, Options.Parsing);
        if (ParseErrors.Describe(before) is { } problem)
        {
            throw new CheckpointException(
                $"The checkpoints in {from} were made with options that this version refuses: {problem}");
        }

        string[] leftOut = parsed.GetValue(without)?.Split(',') ?? [];
        List<Option> again = [];
        List<string> words = [];
        foreach (Option option in command.Options)
        {
            if (parsed.IsGiven(option))
            {
                if (model.All.Contains(option) && before.IsGiven(option) && !IsPath(before, option)
                    && !before.Words(option).SequenceEqual(parsed.Words(option)))
                {
                    throw new UsageException(Prose.Line($"""
                        The run that {from} holds has {string.Join(' ', Tokens(before, option).Select(ShellWord.OrPath))}: leave
                        {option.Name} out to go on with it, or start a new run in another folder.
                        """));
                }

                words.AddRange(option == without ? [] : Tokens(parsed, option));
            }
            else if (option == folder || option == resume || option == without || leftOut.Contains(Word(option)))
            {
                continue;
            }
            else if (Array.IndexOf(outputs, option) >= 0 && files.TryGetValue(option.Name, out string? name))
            {
                words.AddRange([option.Name, new CheckpointFolder(from).Inside(name ?? "")]);
            }
            else if (IsPath(before, option))
            {
                again.Add(option);
            }
            else
            {
                words.AddRange(Tokens(before, option));
            }
        }

        if (again.Count > 0)
        {
            throw new UsageException(Again(parsed, before, command, from, again));
        }

        ParseResult completed = command.Parse(words, Options.Parsing);
        Option[] asked = [.. model.All.Where(parsed.IsGiven)];
        if (asked.Length > 0 && !asked.Any(option => IsPath(parsed, option))
            && ParseErrors.Describe(completed) is null && !model.Create(completed).IsSameAs(model.Create(before)))
        {
            throw new UsageException(Prose.Line($"""
                The run that {from} holds has another network: leave
                {string.Join(", ", asked.Select(option => option.Name))} out to go on with it, or start a new run in another
                folder.
                """));
        }

        return completed;
    }

    /// <summary>Whether the line gives a path by an option.</summary>
    private bool IsPath(ParseResult line, Option option) =>
        line.IsGiven(option) && (outputs.Concat(inputs).Contains(option) || line.Words(option).Any(OnnxSource.IsOne)
            || (option == dataset
            && Datasets.PrefixOf(line.GetValue(dataset)!) is not null));

    /// <summary>What must be given again, as a command.</summary>
    private string Again(ParseResult parsed, ParseResult before, Command command, string from, List<Option> again)
    {
        string[] given = [.. command.Options.Where(parsed.IsGiven).SelectMany(option => Tokens(parsed, option)),
            .. again.SelectMany(option => Tokens(before, option))];
        string line = string.Join(' ', given.Select(ShellWord.OrPath));
        string[] free = [.. again.Where(option => outputs.Concat(inputs).Contains(option)).Select(Word)];
        return Prose.Line($"""
            The run in {from} also used {string.Join(", ", again.Select(option => option.Name))} outside of its folder, and a path
            isn't taken from a checkpoint, which may be somebody else's. If these are yours, give them again: pacgen
            {command.Name} {line}
            """)
            + (free.Length > 0 ? $" ; or leave them out: --without {string.Join(',', free)}." : " .");
    }

    /// <summary>
    /// The network; where a run is resumed, one that its newest checkpoint has the arrays of, before anything of its size is
    /// built.
    /// </summary>
    /// <param name="given">The command line as it was given.</param>
    /// <param name="choice">Which network the completed command line has.</param>
    /// <param name="images">What it is trained on.</param>
    /// <param name="device">Where.</param>
    /// <exception cref="CheckpointException">The checkpoint is of another network.</exception>
    /// <exception cref="UsageException">It is of another network than the command line asks for.</exception>
    public Module Build(ParseResult given, ModelChoice choice, Dataset images, Device device)
    {
        if (Resume(given) is not { } from)
        {
            return choice.Create(images, device, TrainingArrays);
        }

        using SafetensorsFile file = new CheckpointFolder(from).OpenNewest(out _);
        try
        {
            return WeightsFile.Build(file, choice, images, device, TrainingArrays);
        }
        catch (CheckpointException error) when (given.IsGiven(dataset))
        {
            throw new UsageException($"{error.Message} Give the samples of the run that {from} holds to go on with it.");
        }
    }

    /// <summary>What the trainer is given; null where nothing is kept.</summary>
    /// <param name="parsed">The completed command line.</param>
    /// <param name="command">Its verb.</param>
    /// <param name="notes">Which model and images the weights are of.</param>
    public CheckpointOptions? Create(ParseResult parsed, Command command, Func<Dictionary<string, string>> notes)
    {
        if ((Resume(parsed) ?? parsed.GetValue(folder)) is not { } path)
        {
            return null;
        }

        Dictionary<string, string> files = outputs
            .Where(parsed.IsGiven)
            .Select(option => (option.Name, File: Beside(path, parsed.GetValue(option)!)))
            .Where(pair => pair.File is not null)
            .ToDictionary(pair => pair.Name, pair => pair.File!);
        string[] arguments =
        [
            .. command.Options.Where(
                option => option != resume && option != folder && option != without && !files.ContainsKey(option.Name))
                .SelectMany(option => Tokens(parsed, option)),
        ];
        return new CheckpointOptions(path)
        {
            EverySteps = parsed.GetValue(every) is { } word && word != EachEpoch
                ? long.Parse(word, CultureInfo.InvariantCulture)
                : null,
            Keep = parsed.GetValue(keep) ?? 3,
            Notes = new Dictionary<string, string>(notes())
            {
                [ArgumentsText] = JsonSerializer.Serialize(arguments),
                [FilesText] = JsonSerializer.Serialize(files),
            },
        };
    }

    /// <summary>Refuses outputs by names of the checkpoints' own; makes their folder where others lie in it.</summary>
    /// <param name="parsed">The completed command line.</param>
    /// <exception cref="UsageException">Another option names one of them.</exception>
    public void RequireApart(ParseResult parsed)
    {
        if ((Resume(parsed) ?? parsed.GetValue(folder)) is not { } own)
        {
            return;
        }

        string home = OutputFile.Canonical(own);
        foreach (Option<string?> option in outputs.Where(parsed.IsGiven))
        {
            string full = OutputFile.Canonical(parsed.GetValue(option)!);
            if (Path.GetDirectoryName(full) != home)
            {
                continue;
            }

            if (!CheckpointFolder.CanName(Path.GetFileName(full)))
            {
                throw new UsageException(Prose.Line($"""
                    {option.Name} {parsed.GetValue(option)}: checkpoints, or what belongs to them, may go by that name in {own}.
                    Choose another.
                    """));
            }

            // Where an option names a file in it, the folder is there before the first checkpoint.
            Directory.CreateDirectory(own);
        }
    }

    /// <summary>The name of something that lies beside the checkpoints; null where it lies elsewhere.</summary>
    private static string? Beside(string folder, string path)
    {
        string full = Path.GetFullPath(path), name = Path.GetFileName(full);
        return Path.GetDirectoryName(full) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))
            && CheckpointFolder.CanName(name) && new FileInfo(full).LinkTarget is null
            ? name : null;
    }

    private static string Word(Option option) => option.Name.TrimStart('-');

    private static Option<string?> Without(string[] words)
    {
        string known = string.Join(", ", words);
        return Options.Make<string?>(
            "--without",
            "options",
            $"With --resume: options of the run that are left out from now on, with commas between them: {known}",
            given => (given, given.Split(',').FirstOrDefault(word => !words.Contains(word)) is { } unknown
                ? $"--without takes {known}, with commas between them, not '{unknown}'." : null));
    }

    private static IEnumerable<string> Tokens(ParseResult parsed, Option option) =>
        parsed.IsGiven(option) ? [option.Name, .. parsed.Words(option)] : [];
}
