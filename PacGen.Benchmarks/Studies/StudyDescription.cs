using System.Globalization;
using System.Text.Json;
using PacGen.Benchmarks.CommandLine;
using PacGen.Core.Text;
using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary>What a study trains and measures, as its JSON file says it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Base">The values of settings that all its grids have.</param>
/// <param name="Variants">Grids: each has its own values where it names a setting, and those of the base elsewhere.</param>
/// <param name="Seeds">The seeds, of which each setting has a run.</param>
internal sealed record StudyDescription(
    string Name,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Base,
    IReadOnlyList<IReadOnlyDictionary<string, IReadOnlyList<string>>> Variants,
    IReadOnlyList<ulong> Seeds)
{
    /// <summary>The training images that measures see without another number.</summary>
    public const int DefaultMeasureImages = 2000;

    private const int MostRuns = 100_000;
    private const string All = "all";

    /// <summary>What a description may have, as the schema lists it.</summary>
    public static IReadOnlyCollection<string> Properties { get; } =
        ["$schema", "name", "settings", "variants", "seeds", "moments", "measures", "measures-by-epoch", "measure-images"];

    /// <summary>At which moments weights are kept and measured.</summary>
    public StudyMoments Moments { get; init; } = new(["end"]);

    /// <summary>The measures that are taken at the end and where a loss is reached.</summary>
    public IReadOnlyList<string> Measures { get; init; } = [.. Nn.Measures.All.Select(measure => measure.Name)];

    /// <summary>The measures that are taken at moments of an epoch's number.</summary>
    public IReadOnlyList<string> MeasuresByEpoch { get; init; } = [];

    /// <summary>How many training images measures see, a run's first; 0 for all.</summary>
    public int MeasureImages { get; init; } = DefaultMeasureImages;

    /// <summary>Reads a description.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="UsageException">It is not there or no description; the message says where.</exception>
    public static StudyDescription Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path), Path.GetFileNameWithoutExtension(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or UsageException)
        {
            throw new UsageException($"{path} can't be used: {error.Message}");
        }
    }

    /// <summary>Reads a description.</summary>
    /// <param name="json">Its text.</param>
    /// <param name="name">Its name, where it states none.</param>
    /// <exception cref="UsageException">It is none; the message says where.</exception>
    public static StudyDescription Parse(string json, string name)
    {
        using JsonDocument document = Document(json);
        JsonElement root = document.RootElement;
        Require(root.ValueKind == JsonValueKind.Object, "it is no JSON object");
        foreach (JsonProperty property in root.EnumerateObject())
        {
            string near = Nearest.To(property.Name, Properties) is { } meant ? $"; did you mean {meant}?" : "";
            Require(Properties.Contains(property.Name), $"it has '{Printable.Name(property.Name)}', which no study has{near}");
        }

        StudyDescription made = new(
            Has(root, "name", out JsonElement named) ? Word(named, "name") : name,
            Has(root, "settings", out JsonElement settings) ? Grid(settings, "settings") : Grid(default, ""),
            Has(root, "variants", out JsonElement variants) ? Items(variants, "variants", one => Grid(one, "a variant")) : [],
            Has(root, "seeds", out JsonElement seeds) ? ReadSeeds(seeds) : [1]);
        return made with
        {
            Moments = Has(root, "moments", out JsonElement moments)
                ? new StudyMoments(Items(moments, "moments", one => Word(one, "moments"))) : made.Moments,
            Measures = Has(root, "measures", out JsonElement measures) ? MeasureNames(measures, "measures") : made.Measures,
            MeasuresByEpoch = Has(root, "measures-by-epoch", out JsonElement byEpoch)
                ? MeasureNames(byEpoch, "measures-by-epoch") : made.MeasuresByEpoch,
            MeasureImages = Has(root, "measure-images", out JsonElement images)
                ? images.TryGetInt32(out int count) && count >= 0 ? count
                    : throw new UsageException("measure-images must be a whole number, 0 for all.")
                : made.MeasureImages,
        };
    }

    /// <summary>
    /// The runs: for each grid all combinations of its values, each with every seed; what two grids have in common once.
    /// </summary>
    /// <param name="settings">Reads settings.</param>
    /// <exception cref="UsageException">A setting is unknown or out of range, or there are too many runs.</exception>
    public IReadOnlyList<StudyRun> Runs(StudySettings settings)
    {
        string[] known = [.. settings.Names];
        foreach (string name in Variants.Append(Base).SelectMany(grid => grid.Keys))
        {
            string near = Nearest.To(name, known) is { } meant ? $"; did you mean {meant}?" : ".";
            Require(known.Contains(name), name == "seed" ? "seeds stand beside the settings, as \"seeds\""
                : $"there is no setting '{Printable.Name(name)}'{near}");
        }

        List<Dictionary<string, string>> all = [];
        foreach (IReadOnlyDictionary<string, IReadOnlyList<string>> variant in Variants.DefaultIfEmpty(
            new Dictionary<string, IReadOnlyList<string>>()))
        {
            // In the order of the options, so that the same study written otherwise has the same runs.
            (string Name, IReadOnlyList<string> Values)[] lists =
            [
                .. from name in known
                   let values = variant.GetValueOrDefault(name) ?? Base.GetValueOrDefault(name)
                   where values is not null
                   select (name, values),
            ];
            double count = lists.Aggregate(1.0, (product, list) => product * list.Values.Count) * Seeds.Count;
            Require(count + all.Count <= MostRuns, $"it has more than {MostRuns:N0} runs");
            IEnumerable<Dictionary<string, string>> grid = [[]];
            foreach ((string name, IReadOnlyList<string> values) in lists)
            {
                grid = [.. from one in grid from value in values select new Dictionary<string, string>(one) { [name] = value }];
            }

            all.AddRange(grid);
        }

        StudyDefaults defaults = new();
        Dictionary<string, string>[] distinct = [.. all.DistinctBy(Text).DistinctBy(defaults.Identity)];
        string[] varied = [.. known.Where(name => distinct.Select(one => one.GetValueOrDefault(name)).Distinct().Count() > 1)];
        return
        [
            .. from one in distinct
               from seed in Seeds
               let differing = varied.Where(one.ContainsKey).Select(name => $"{name} {one[name]}")
               select new StudyRun(one, seed)
               {
                   Training = settings.Read(one, seed),
                   Name = string.Join(", ", differing.Append($"seed {seed}")),
               },
        ];
    }

    /// <summary>Settings as one text, by which they are distinguished.</summary>
    public static string Text(IReadOnlyDictionary<string, string> settings) =>
        JsonSerializer.Serialize(new SortedDictionary<string, string>(settings.ToDictionary(), StringComparer.Ordinal));

    private static JsonDocument Document(string json)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions
            {
                AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, AllowDuplicateProperties = false,
            });
        }
        catch (JsonException error)
        {
            throw new UsageException($"it is no JSON: {error.Message}");
        }
    }

    private static bool Has(JsonElement root, string name, out JsonElement value) => root.TryGetProperty(name, out value);

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new UsageException($"{otherwise.TrimEnd('.')}{(otherwise.EndsWith('?') ? "" : ".")}");
        }
    }

    /// <summary>Values by setting: each is one value or a list of them.</summary>
    private static Dictionary<string, IReadOnlyList<string>> Grid(JsonElement element, string where)
    {
        Require(element.ValueKind is JsonValueKind.Object or JsonValueKind.Undefined, $"{where} must be a JSON object");
        Dictionary<string, IReadOnlyList<string>> grid = [];
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in element.EnumerateObject())
            {
                string name = Printable.Name(property.Name);
                List<string> values = property.Value.ValueKind == JsonValueKind.Array
                    ? Items(property.Value, name, one => Word(one, name)) : [Word(property.Value, name)];
                Require(values.Count > 0 && values.Distinct().Count() == values.Count, $"{name} must have different values");
                grid[property.Name] = values;
            }
        }

        return grid;
    }

    private static List<T> Items<T>(JsonElement element, string where, Func<JsonElement, T> read)
    {
        Require(element.ValueKind == JsonValueKind.Array, $"{where} must be a list");
        return [.. element.EnumerateArray().Select(read)];
    }

    /// <summary>A word as an option takes it; a number in its shortest form, so that 0.10 is 0.1.</summary>
    private static string Word(JsonElement element, string where) => element.ValueKind switch
    {
        JsonValueKind.String => Number(element.GetString()!),
        JsonValueKind.Number => Number(element.GetRawText()),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => throw new UsageException($"{where} must be a number, a text, or true or false."),
    };

    /// <summary>A word, in its shortest form where it is a number.</summary>
    public static string Number(string word) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number.ToString("R", CultureInfo.InvariantCulture) : word;

    private static ulong[] ReadSeeds(JsonElement element)
    {
        ulong[] seeds = element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int count)
            && count is >= 1 and <= 1000 ? [.. Enumerable.Range(1, count).Select(seed => (ulong)seed)]
            : element.ValueKind != JsonValueKind.Array ? []
            : [.. Items(element, "seeds", one => one.ValueKind == JsonValueKind.Number && one.TryGetUInt64(out ulong seed)
                ? seed : throw new UsageException("seeds must be whole numbers."))];
        Require(
            seeds.Length > 0 && seeds.Distinct().Count() == seeds.Length,
            "seeds must be their number, 1 to 1000, or a list of different whole numbers");
        return seeds;
    }

    private static IReadOnlyList<string> MeasureNames(JsonElement element, string where) =>
        KnownMeasures(Items(element, where, one => Word(one, where)));

    /// <summary>The measures of a list of names, in which <c>all</c> stands for all.</summary>
    /// <exception cref="UsageException">There is none of a name.</exception>
    public static IReadOnlyList<string> KnownMeasures(IReadOnlyList<string> names)
    {
        string[] known = [.. Nn.Measures.All.Select(measure => measure.Name)];
        foreach (string name in names.Where(name => name != All && !known.Contains(name)))
        {
            string near = Nearest.To(name, known) is { } meant ? $"; did you mean {meant}?" : ".";
            throw new UsageException(
                $"there is no measure '{Printable.Name(name)}'{near} There are {string.Join(", ", known)}, and {All}.");
        }

        return names.Contains(All) ? known : [.. known.Where(names.Contains)];
    }
}
