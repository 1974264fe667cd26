using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using Spectre.Console;

namespace PacGen.Benchmarks.Studies;

/// <summary><c>study show</c>: what is in a study's folder, also while it runs.</summary>
internal sealed class StudyShowVerb : Verb
{
    private const string What = """
        Shows what is in a study's folder, also while it runs: its settings, where each run stands, and which moments have which
        measures.
        """;

    private readonly Option<string?> folder = StudyOptions.Folder("The study's folder");
    private readonly Option<string?> csv = Options.Path(
        CsvText.Option, "A file to write the runs into, as comma-separated values; study export gives epochs and measures");

    private readonly Option<bool> json = JsonOption("Writes it as one JSON object on standard output");

    public StudyShowVerb(Host host)
        : base(host, new Command("show", Prose.Line(What)))
    {
        folder.Required = true;
        Add(folder, csv, json);
    }

    protected override int Run(ParseResult parsed)
    {
        string? file = parsed.GetValue(csv);
        CsvText.Check(file, "run,");
        using StudyStore store = StudyStore.Read(parsed.GetValue(folder)!);
        StudyTable table = StudyTable.Of(store);
        IReadOnlyList<StoredMeasure> measures = store.Measures(layers: false);
        ILookup<int, StoredEpoch> epochs = table.AllEpochs.ToLookup(epoch => epoch.Run);
        string name = store.Note("name") ?? "study";
        string images = store.Note("measure-images") is { } some and not "0" ? $"at most {some} images" : "all training images";
        if (file is not null)
        {
            CsvText.Write(file, table.RunsWith(epochs));
            TerminalOf(parsed).Line($"runs → {file}");
        }

        if (WantsJson(parsed))
        {
            Write(Json(name, images, table, measures, epochs));
            return 0;
        }

        Terminal terminal = TerminalOf(parsed);
        IEnumerable<string> states = table.Runs.GroupBy(run => run.State).OrderByDescending(group => group.Key).Select(
            group => $"{group.Count()} {Name(group.Key)}");
        terminal.Line(Prose.Line($"""
            {name}: {Prose.Count(table.Runs.Count, "run")}{string.Concat(states.Select(state => $", {state}"))}; measured on
            {images} of each{(store.Note("machine") is { } machine ? $"; {machine}" : "")}
            """));
        (string Name, string[] Values)[] settings =
        [
            .. table.Settings.Select(
                one => (one, table.Runs.Select(run => run.Settings.GetValueOrDefault(one, "")).Distinct().ToArray())),
        ];
        foreach ((string setting, string[] values) in settings.Where(one => one.Values.Length == 1))
        {
            terminal.Line($"  {setting} {values[0]}");
        }

        string[] varied = [.. settings.Where(one => one.Values.Length > 1).Select(one => one.Name)];
        string[] headings = ["run", .. varied, "seed", "state", "epochs", "training loss", "test loss", "test accuracy"];
        Show(terminal, headings, table.Runs.Select(
            run => (string[])
            [
                $"{run.Run}", .. varied.Select(one => run.Settings.GetValueOrDefault(one, "")), $"{run.Seed}", Name(run.State),
                $"{epochs[run.Run].Count()}",
                .. epochs[run.Run].LastOrDefault() is { } last
                    ? (string[])[
                        $"{last.TrainLoss:G4}", $"{last.TestLoss:G4}",
                        double.IsNaN(last.TestAccuracy) ? "–" : $"{last.TestAccuracy:P2}"] : ["", "", ""],
            ]));
        foreach (StoredRun run in table.Runs.Where(run => run.Failure is not null))
        {
            terminal.Line($"run {run.Run} failed: {run.Failure}");
        }

        Show(terminal, ["moment", "kept", "measure", "values", "could not be taken"], Taken(table, measures)
            .GroupBy(one => (Moment: StudyMoments.IsByEpoch(one.Moment) ? "epoch:K" : one.Moment, one.Measure))
            .Select(all => (string[])
            [
                all.Key.Moment, $"{all.Sum(one => one.Networks)}", all.Key.Measure ?? "none yet", $"{all.Sum(one => one.Values)}",
                $"{all.Sum(one => one.Obstacles)}",
            ]));
        return 0;
    }

    private static string Name(StudyRunState state) => state switch
    {
        StudyRunState.Training => "training or interrupted",
        _ => state.ToString().ToLowerInvariant(),
    };

    /// <summary>How many networks have each measure at each moment; a moment that has none is there once, without one.</summary>
    private static IEnumerable<TakenMeasure> Taken(StudyTable table, IReadOnlyList<StoredMeasure> measures) =>
        table.Moments.GroupBy(row => row.Moment).SelectMany(moment => measures.Where(one => one.Moment == moment.Key)
            .GroupBy(one => one.Name)
            .Select(all => new TakenMeasure(
                moment.Key, moment.Count(), all.Key, all.Count(one => one.Obstacle is null),
                all.Count(one => one.Obstacle is not null)))
            .DefaultIfEmpty(new TakenMeasure(moment.Key, moment.Count(), null, 0, 0)));

    private static void Show(Terminal terminal, string[] headings, IEnumerable<string[]> rows)
    {
        Table table = Terminal.Table(headings);
        foreach (string[] row in rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        terminal.Write(table);
    }

    private static JsonObject Json(
        string name, string images, StudyTable table, IReadOnlyList<StoredMeasure> measures, ILookup<int, StoredEpoch> epochs) =>
        new()
        {
            ["name"] = name,
            ["measuredOn"] = images,
            ["runs"] = new JsonArray([.. table.Runs.Select(run => new JsonObject
            {
                ["run"] = run.Run,
                ["settings"] = JsonSerializer.SerializeToNode(run.Settings),
                ["seed"] = run.Seed,
                ["state"] = run.State.ToString().ToLowerInvariant(),
                ["failure"] = run.Failure,
                ["epochs"] = epochs[run.Run].Count(),
            })]),
            ["moments"] = new JsonArray([.. Taken(table, measures).Select(one => new JsonObject
            {
                ["moment"] = one.Moment,
                ["networks"] = one.Networks,
                ["measure"] = one.Measure,
                ["values"] = one.Values,
                ["obstacles"] = one.Obstacles,
            })]),
        };

    private sealed record TakenMeasure(string Moment, int Networks, string? Measure, int Values, int Obstacles);
}
