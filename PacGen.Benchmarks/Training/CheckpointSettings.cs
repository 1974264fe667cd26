using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using PacGen.Benchmarks.CommandLine;
using PacGen.Kernels.Devices;
using PacGen.Nn;
using PacGen.Nn.Checkpoints;
using PacGen.Nn.Data;

namespace PacGen.Benchmarks.Training;

/// <summary>The options that keep a run on disk and take one up again.</summary>
internal sealed class CheckpointSettings
{
    /// <summary>The text of a checkpoint's metadata that holds the command line, as a JSON array.</summary>
    private const string ArgumentsText = "pacgen.arguments";

    /// <summary>Training needs at least so many arrays of the parameters' number at once: weights and gradient.</summary>
    private const int TrainingArrays = 2;
    private const string EachEpoch = "epoch";

    private readonly Option<string?> folder = Options.Path(
        "--checkpoint", "A folder to write checkpoints into, from which train --resume goes on; the best epoch's is best.safetensors", "folder");

    private readonly Option<string?> every = new("--checkpoint-every")
    {
        Description = $"The steps between two checkpoints, besides one after each epoch; 1 or more, or {EachEpoch} for none besides. Without it {EachEpoch}",
        HelpName = "steps",
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (word != EachEpoch && !(long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long steps) && steps >= 1))
            {
                result.AddError($"--checkpoint-every is '{word}', but must be a whole number of steps, 1 or more, or {EachEpoch}.");
            }

            return word;
        },
    };

    private readonly Option<int?> keep = Options.Count("--keep", "How many of the last checkpoints stay; without it 3");

    private readonly Option<string?> resume = Options.Path(
        "--resume", "Goes on from the newest whole checkpoint in a folder, with the options of its run: the same bits as without the interruption", "folder");

    /// <summary>Gives a verb these options.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { folder, every, keep, resume })
        {
            command.Add(option);
        }
    }

    /// <summary>Whether checkpoints are written.</summary>
    public bool Keeps(ParseResult parsed) => parsed.IsGiven(folder) || parsed.IsGiven(resume);

    /// <summary>The folder to take a run up from, or null.</summary>
    public string? Resume(ParseResult parsed) => parsed.GetValue(resume);

    /// <summary>
    /// The command line with the options that the resumed run was started with, where this line does not give them itself; the line
    /// itself where nothing is resumed.
    /// </summary>
    /// <exception cref="UsageException">Two folders are named.</exception>
    /// <exception cref="CheckpointException">There is no checkpoint to resume.</exception>
    /// <exception cref="IOException">Another run works in the folder.</exception>
    public ParseResult Complete(ParseResult parsed, Command command)
    {
        OptimizerOptions.Needs(parsed, Keeps(parsed), "--checkpoint FOLDER", every, keep);
        if (Resume(parsed) is not { } from)
        {
            return parsed;
        }

        if (parsed.IsGiven(folder))
        {
            throw new UsageException("--resume goes on writing into the folder that it names: leave --checkpoint out.");
        }

        if (Directory.Exists(from))
        {
            // A run that is still at work is told as such, and not as whatever its files look like meanwhile.
            new FolderClaim(from).Dispose();
        }

        using SafetensorsFile file = new CheckpointFolder(from).OpenNewest(out _);
        string[] stored;
        try
        {
            stored = JsonSerializer.Deserialize<string[]>(file.Metadata.GetValueOrDefault(ArgumentsText) ?? "null")
                ?? throw new CheckpointException($"The checkpoints in {from} are not of pacgen train: resume them with the program that wrote them.");
        }
        catch (JsonException error)
        {
            throw new CheckpointException($"The checkpoints in {from} hold no command line of this version: {error.Message}", error);
        }

        ParseResult before = command.Parse(stored);
        if (ParseErrors.Describe(before) is { } problem)
        {
            throw new CheckpointException($"The checkpoints in {from} were made with options that this version refuses: {problem}");
        }

        return command.Parse([.. command.Options.SelectMany(option => Tokens(parsed.IsGiven(option) ? parsed : before, option))]);
    }

    /// <summary>The network; where a run is resumed, one that its newest checkpoint has the arrays of, before anything of its size is built.</summary>
    /// <exception cref="CheckpointException">The checkpoint is of another network.</exception>
    public Module Build(ParseResult parsed, ModelChoice choice, Dataset images, Device device)
    {
        if (Resume(parsed) is not { } from)
        {
            return choice.Create(images, device, TrainingArrays);
        }

        using SafetensorsFile file = new CheckpointFolder(from).OpenNewest(out _);
        return WeightsFile.Build(file, choice, images, device, TrainingArrays);
    }

    /// <summary>What the trainer is told; null where nothing is kept.</summary>
    /// <param name="parsed">The completed command line.</param>
    /// <param name="command">Its verb.</param>
    /// <param name="notes">Which model and images the weights are of.</param>
    public CheckpointOptions? Create(ParseResult parsed, Command command, Dictionary<string, string> notes)
    {
        if ((Resume(parsed) ?? parsed.GetValue(folder)) is not { } path)
        {
            return null;
        }

        string[] arguments = [.. command.Options.Where(option => option != resume && option != folder).SelectMany(option => Tokens(parsed, option))];
        return new CheckpointOptions(path)
        {
            EverySteps = parsed.GetValue(every) is { } word && word != EachEpoch ? long.Parse(word, CultureInfo.InvariantCulture) : null,
            Keep = parsed.GetValue(keep) ?? 3,
            Notes = new Dictionary<string, string>(notes) { [ArgumentsText] = JsonSerializer.Serialize(arguments) },
        };
    }

    private static IEnumerable<string> Tokens(ParseResult parsed, Option option) =>
        parsed.IsGiven(option) ? [option.Name, .. ((OptionResult)parsed.GetResult(option)!).Tokens.Select(token => token.Value)] : [];
}
