using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Devices;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Runs;
using PacGen.Benchmarks.Training;
using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary>How a study is done: in which folder, how many networks at once, where, and from which files of images.</summary>
internal sealed class StudyOptions : OptionGroup
{
    private readonly StudySettings settings = new();
    private readonly JobOptions jobs = new("trained or measured", shared: false);
    private readonly DataSource data = new();

    private readonly Option<int> seconds = Options.Count(
        "--checkpoint-seconds",
        "The least time between two checkpoints of a network, after the end of an epoch: what an interruption may cost", 0, 5);

    public override string Title => "Study";

    public override IReadOnlyList<Option> All => [.. jobs.All, seconds, .. data.OfFiles];

    /// <summary>The option that names a study's folder.</summary>
    /// <param name="what">What it is.</param>
    public static Option<string?> Folder(string what) => Options.Path("--folder", what, "folder");

    /// <summary>Does a study.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="host">May stop it.</param>
    /// <param name="terminal">Where a person reads.</param>
    /// <param name="description">The study.</param>
    /// <param name="store">Where it is kept.</param>
    /// <param name="shard">Which of its runs are done here; null for all, with what other processes did of it.</param>
    /// <returns>The runs, with their numbers, where all is done; null where it was stopped.</returns>
    /// <exception cref="UsageException">A setting is unknown, out of range or without effect.</exception>
    /// <exception cref="CheckpointException">What is there is another study's.</exception>
    public IReadOnlyList<StudyRun>? Do(
        ParseResult parsed, Host host, Terminal terminal, StudyDescription description, StudyStore store, Shard? shard = null)
    {
        const string MeasureImages = "measure-images";
        string measured = $"{description.MeasureImages}";
        if (store.Note(MeasureImages) is { } before && before != measured && store.HasMeasures)
        {
            throw new CheckpointException(Prose.Line($"""
                The study in {store.Folder} was measured on {Images(before)} of each run, and not on {Images(measured)}: use as
                many, or another folder.
                """));
        }

        IReadOnlyList<StudyRun> runs = [.. description.Runs(settings).Where((_, i) => shard?.Has(i) ?? true)];
        Dictionary<string, Dataset> loaded = [], whole = [];
        string[] where = [.. data.OfFiles.Where(parsed.IsGiven).SelectMany(
            option => (string[])[option.Name, .. parsed.Words(option)])];
        List<StudyRun> planned = [];
        foreach (StudyRun run in runs)
        {
            string images = settings.ImagesText(run.Settings);
            if (!loaded.TryGetValue(images, out Dataset? set))
            {
                loaded[images] = set = settings.Images(run.Settings, where, whole, terminal, host.Stop.Token);
            }

            StudyRun one = run with { Images = set };
            Runs.TrainingRunOptions.RequireBatch(one.Training.Options, set.Train);
            planned.Add(one);
        }

        using Jobs opened = jobs.Open(parsed);

        // A model that doesn't fit its images is found before hours are spent on others.
        foreach (StudyRun run in planned.DistinctBy(one => (one.Training.Model.Describe(one.Images!), one.Images!.Name)))
        {
            run.Training.Model.RequireRoom(run.Images!, opened.Device, 2);
            run.Training.Model.Make(run.Images!);
        }

        store.Note(MeasureImages, measured);
        store.Note("name", description.Name);
        store.Note("machine", Machine.Text);
        StudySweep sweep = new(
            store, description, opened, TimeSpan.FromSeconds(parsed.GetValue(seconds)), host, terminal);
        IReadOnlyList<StudyRun> numbered = store.Add(planned);
        if (shard is null)
        {
            StudyShards.Gather(store, terminal);
        }

        return sweep.Do(numbered) ? numbered : null;
    }

    private static string Images(string count) => count == "0" ? "all images" : $"{count} images";
}
