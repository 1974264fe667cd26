using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PacGen.Nn;

namespace PacGen.Benchmarks.CommandLine;

/// <summary>
/// Makes options that say their unit, range and default in the help, and in one sentence what is wrong with a value.
/// </summary>
internal static class Options
{
    private const int MostSeeds = 100;

    /// <summary>
    /// How a command line is read: each word as it stands. <c>@FILE</c> is a word, and no file with more words.
    /// </summary>
    public static ParserConfiguration Parsing { get; } = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    /// <summary>Refuses options that would have no effect.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="satisfied">Whether they have an effect.</param>
    /// <param name="need">What gives them one.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="UsageException">One is given and has no effect.</exception>
    public static void Needs(this ParseResult parsed, bool satisfied, string need, params IReadOnlyList<Option> options)
    {
        if (!satisfied && options.FirstOrDefault(parsed.IsGiven) is { } idle)
        {
            throw new UsageException($"{idle.Name} has an effect only with {need}: add that, or leave {idle.Name} out.");
        }
    }

    /// <summary>Whether the command line itself has the option.</summary>
    public static bool IsGiven(this ParseResult parsed, Option option) =>
        parsed.GetResult(option) is OptionResult { Implicit: false };

    /// <summary>The words that the command line gives an option.</summary>
    public static IEnumerable<string> Words(this ParseResult parsed, Option option) =>
        parsed.IsGiven(option) ? ((OptionResult)parsed.GetResult(option)!).Tokens.Select(token => token.Value) : [];

    /// <summary>One of some words.</summary>
    public static Option<string> Choice(string name, string what, string? fallback, params string[] allowed) =>
        Choice(name, what, "", fallback, allowed);

    /// <summary>One of some words, or what its parser lets pass before.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What it is.</param>
    /// <param name="also">What it takes beside the words, such as <c>, or FILE.onnx</c>.</param>
    /// <param name="fallback">Its value where it is not given.</param>
    /// <param name="allowed">The words.</param>
    public static Option<string> Choice(string name, string what, string also, string? fallback, string[] allowed)
    {
        Option<string> option = Make(
            name,
            "name",
            $"{what}: {string.Join(", ", allowed)}{also}",
            word =>
            {
                string? chosen = allowed.FirstOrDefault(one => one.Equals(word, StringComparison.OrdinalIgnoreCase));
                string meant = chosen is null && Nearest.To(word, allowed) is { } near ? $"; did you mean {near}?" : ".";
                string taken = $"{string.Join(", ", allowed)}{also}{(also.Length > 0 ? ";" : ",")}";
                return (chosen ?? "", chosen is null ? $"{name} takes {taken} not '{word}'{meant}" : null);
            },
            fallback is null ? null : () => fallback);
        option.CompletionSources.Add(allowed);
        return option;
    }

    /// <summary>A data set: one of those known by name, or a path behind what kind of files there are.</summary>
    public static Option<string> Dataset(string what, string? fallback)
    {
        Option<string> option = Choice(
            "--dataset", what, ", or folder:PATH for class folders of PNG or JPEG images, csv:FILE, npz:FILE, parquet:FILE",
            fallback, [.. Datasets.Names]);
        option.CompletionSources.Add([.. Datasets.Prefixes]);
        Func<ArgumentResult, string?> known = option.CustomParser!;
        option.CustomParser = result =>
        {
            string name = result.Tokens[0].Value;
            if (Datasets.PrefixOf(name) is not { } prefix)
            {
                if (name.Contains(':'))
                {
                    string kinds = string.Join(", ", Datasets.Prefixes.Select(one => one + "PATH"));
                    result.AddError($"--dataset takes {kinds}, or a set by its name; not '{name}'.");
                    return name;
                }

                if (PrefixFor(name) is { } lacking)
                {
                    result.AddError($"--dataset {name} is a path on this machine: write --dataset {lacking}{name}.");
                    return name;
                }

                return known(result);
            }

            if (string.IsNullOrWhiteSpace(name[prefix.Length..]))
            {
                result.AddError($"--dataset {prefix} lacks its path: write --dataset {prefix}PATH, PATH " +
                    (prefix == Datasets.FolderPrefix ? "a folder or a zip of class folders." : "a file."));
            }

            return name;
        };
        return option;
    }

    /// <summary>The prefix that the name of a file or folder lacks; null where it is the name of neither.</summary>
    private static string? PrefixFor(string name) =>
        Datasets.Names.Contains(name, StringComparer.OrdinalIgnoreCase) ? null
        : Directory.Exists(name) || name.EndsWith(".zip", StringComparison.OrdinalIgnoreCase) ? Datasets.FolderPrefix
        : Datasets.Prefixes.FirstOrDefault(
            prefix => name.EndsWith($".{prefix.TrimEnd(':')}", StringComparison.OrdinalIgnoreCase));

    /// <summary>A number.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What it is and what happens without it.</param>
    /// <param name="range">The values that are allowed.</param>
    public static Option<double?> Number(string name, string what, Interval range) =>
        Make<double?>(name, "number", $"{what}; {range}", word => ReadNumber(name, word, range));

    /// <summary>A number with a default.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What it is.</param>
    /// <param name="range">The values that are allowed.</param>
    /// <param name="fallback">The default.</param>
    public static Option<double> Number(string name, string what, Interval range, double fallback) =>
        Make(name, "number", $"{what}; {range}", word => ReadNumber(name, word, range), () => fallback);

    /// <summary>A whole number.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What it is and, where the fallback is null, what happens without it.</param>
    /// <param name="least">The smallest value that is allowed.</param>
    /// <param name="fallback">The default, or null.</param>
    public static Option<int?> Count(string name, string what, int least = 1, int? fallback = null) => Make<int?>(
        name, "count", $"{what}; {least} or more", word => ReadCount(name, word, least),
        fallback is null ? null : () => fallback);

    /// <summary>A whole number with a default.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What it is.</param>
    /// <param name="least">The smallest value that is allowed.</param>
    /// <param name="fallback">The default.</param>
    public static Option<int> Count(string name, string what, int least, int fallback) =>
        Make(name, "count", $"{what}; {least} or more", word => ReadCount(name, word, least), () => fallback);

    /// <summary>A whole number between two others, with a default.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What it is.</param>
    /// <param name="range">The smallest and the largest value that are allowed.</param>
    /// <param name="fallback">The default.</param>
    public static Option<int> Count(string name, string what, (int Least, int Most) range, int fallback) => Make(
        name, "count", $"{what}; {range.Least} to {range.Most}",
        word => ReadCount(name, word, range.Least) switch
        {
            (var value, null) when value > range.Most => (0, $"{name} is {value}, but must be at most {range.Most}."),
            var read => read,
        },
        () => fallback);

    /// <summary>A seed.</summary>
    /// <param name="what">What it decides.</param>
    /// <param name="fallback">The default.</param>
    public static Option<ulong> Seed(
        string what = "first weights, order of images, dropout and perturbations", ulong fallback = 1) => Make(
        "--seed",
        "number",
        $"Decides {what}: the same seed, the same bits; 0 to 18446744073709551615",
        word => ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? (value, null) : (0, $"--seed is '{word}', but must be a whole number from 0 to {ulong.MaxValue}."),
        () => fallback);

    /// <summary>Seeds: how many, or which.</summary>
    /// <param name="what">What there is one of for each.</param>
    /// <param name="fallback">The default: so many seeds, from 1; null for none.</param>
    public static Option<ulong[]> Seeds(string what, int? fallback = null) => Make<ulong[]>(
        "--seeds",
        "seeds",
        Prose.Line($"""
            {what}: how many seeds, counted from 1 (at most {MostSeeds}), or two or more seeds with commas between them, such as
            4,7
            """),
        word =>
        {
            string[] parts = word.Split(',');
            bool isWhole = int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int count);
            if (isWhole && count is >= 1 and <= MostSeeds)
            {
                return (From1(count), null);
            }

            ulong[]? seeds = List(parts, (string part, out ulong seed) =>
                ulong.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out seed));
            return seeds?.Length is > 1 and <= MostSeeds && seeds.Distinct().Count() == seeds.Length ? (seeds, null)
                : ([], Prose.Line($"""
                    --seeds is '{word}', but must be a number of seeds, 1 to {MostSeeds}, or different seeds with commas between
                    them.
                    """));
        },
        fallback is { } usual ? () => From1(usual) : null);

    /// <summary>Different numbers with commas between them, in ascending order.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What they are and what happens without them: the value is then empty.</param>
    /// <param name="range">The values that are allowed.</param>
    public static Option<double[]> Numbers(string name, string what, Interval range) => Make<double[]>(
        name,
        "numbers",
        $"{what}; numbers in {range} with commas between them",
        word => List(
            word.Split(','), (string part, out double value) => IsNumber(part, range, out value) && range.Lost(value).Length == 0)
            is { } values && values.Distinct().Count() == values.Length
                ? (values.Order().ToArray(), null)
                : ([], $"{name} is '{word}', but must be different numbers in {range} with commas between them."));

    /// <summary>Whole numbers with commas between them.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What they are and what happens without them: the value is then empty.</param>
    public static Option<int[]> Counts(string name, string what) => Make<int[]>(
        name,
        "counts",
        $"{what}; whole numbers of 1 or more with commas between them, such as 256,128",
        word => List(word.Split(','), (string part, out int value) =>
            int.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= 1) is { } values
                ? (values, null)
                : ([], $"{name} is '{word}', but must be whole numbers of 1 or more with commas between them."));

    /// <summary>Names with commas between them.</summary>
    public static Option<string[]> Names(string name, string what) => Make<string[]>(
        name, "names", what, word => word.Split(',').Select(part => part.Trim()).ToArray() is var parts && !parts.Contains("")
            ? (parts, null) : ([], $"{name} is '{word}', but must be names with commas between them."));

    /// <summary>The name of a file or folder.</summary>
    public static Option<string?> Path(string name, string what, string kind = "file") => Make(
        name,
        kind,
        what,
        word => ((string?)word, word.Length == 0 || word.StartsWith("--", StringComparison.Ordinal)
            ? $"{name} needs the name of a {kind}, not '{word}'." : null));

    /// <summary>Something that is wanted or not.</summary>
    public static Option<bool> Flag(string name, string what) => new(name) { Description = what };

    /// <summary>An option that takes a word.</summary>
    /// <param name="name">The option.</param>
    /// <param name="kind">What the help calls the word.</param>
    /// <param name="description">What the help says.</param>
    /// <param name="read">The word's value, and what is wrong with it or null.</param>
    /// <param name="fallback">Makes the default; null where there is none.</param>
    public static Option<T> Make<T>(
        string name, string kind, string description, Func<string, (T Value, string? Wrong)> read, Func<T>? fallback =
            null) => new(name)
    {
        Description = description,
        HelpName = kind,
        DefaultValueFactory = fallback is null ? null : _ => fallback(),
        CustomParser = result =>
        {
            (T value, string? wrong) = read(result.Tokens[0].Value);
            if (wrong is not null)
            {
                result.AddError(wrong);
            }

            return value;
        },
    };

    private static bool IsNumber(string word, Interval range, out double value) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && range.Contains(value);

    private static (double Value, string? Wrong) ReadNumber(string name, string word, Interval range)
    {
        bool fits = IsNumber(word, range, out double value);
        string lost = fits ? range.Lost(value) : "";
        return (value, fits && lost.Length == 0 ? null : $"{name} is '{word}', but must be a number in {range}{lost}.");
    }

    private static (int Value, string? Wrong) ReadCount(string name, string word, int least)
    {
        bool fits = int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= least;
        string most = value < least ? "" : $", at most {int.MaxValue}";
        return (value, fits ? null : $"{name} is '{word}', but must be a whole number, {least} or more{most}.");
    }

    private delegate bool Reader<T>(string part, out T value);

    /// <summary>The values of some words; null where one can't be read.</summary>
    private static T[]? List<T>(string[] parts, Reader<T> read)
    {
        T[] values = new T[parts.Length];
        return parts.Select((part, i) => read(part, out values[i])).All(isValue => isValue) ? values : null;
    }

    private static ulong[] From1(int count) => [.. Enumerable.Range(1, count).Select(seed => (ulong)seed)];
}
