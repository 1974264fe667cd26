using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PacGen.Nn.Data;

namespace PacGen.Benchmarks.CommandLine;

/// <summary>Makes options that say their unit, range and default in the help, and in one sentence what is wrong with a value.</summary>
internal static class Options
{
    private const int MostSeeds = 100;

    /// <summary>How a command line is read: each word as it stands. <c>@FILE</c> is a word, and no file with more words.</summary>
    public static ParserConfiguration Parsing { get; } = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    /// <summary>Refuses a number of parts that doesn't divide the batch.</summary>
    /// <exception cref="UsageException">It doesn't; the message lists those that do.</exception>
    public static void RequireDivisor(int parts, int batch)
    {
        if (batch % parts != 0)
        {
            throw new UsageException($"--accumulate is {parts}, but a batch of {batch} can be passed in {string.Join(", ", Enumerable.Range(1, batch).Where(count => batch % count == 0))} equal parts: use one of these, or another --batch-size.");
        }
    }

    /// <summary>One of some words.</summary>
    public static Option<string> Choice(string name, string what, string? fallback, params string[] allowed) => new(name)
    {
        Description = $"{what}: {string.Join(", ", allowed)}",
        HelpName = "name",
        DefaultValueFactory = fallback is null ? null : _ => fallback,
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (allowed.FirstOrDefault(one => one.Equals(word, StringComparison.OrdinalIgnoreCase)) is { } chosen)
            {
                return chosen;
            }

            string? near = Nearest.To(word, allowed);
            result.AddError($"{name} takes {string.Join(", ", allowed)}, not '{word}'{(near is null ? "." : $"; did you mean {near}?")}");
            return "";
        },
    };

    /// <summary>A data set: one of those known by name, or <c>folder:PATH</c>.</summary>
    public static Option<string> Dataset(string what, string? fallback)
    {
        Option<string> option = Choice("--dataset", what, fallback, [.. Datasets.Names]);
        option.Description += $", or {Datasets.FolderPrefix}PATH for class folders of PNG or JPEG images";
        Func<ArgumentResult, string?> known = option.CustomParser!;
        option.CustomParser = result =>
        {
            string name = result.Tokens[0].Value;
            if (!name.StartsWith(Datasets.FolderPrefix, StringComparison.OrdinalIgnoreCase))
            {
                return known(result);
            }

            if (string.IsNullOrWhiteSpace(name[Datasets.FolderPrefix.Length..]))
            {
                result.AddError($"--dataset {Datasets.FolderPrefix} lacks its path: write --dataset {Datasets.FolderPrefix}PATH, PATH a folder or a zip of class folders.");
            }

            return name;
        };
        return option;
    }

    /// <summary>A number.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What it is and, where the fallback is null, what happens without it.</param>
    /// <param name="range">The values that are allowed.</param>
    /// <param name="fallback">The default, or null.</param>
    public static Option<double?> Number(string name, string what, Interval range, double? fallback = null) => new(name)
    {
        Description = $"{what}; {range}",
        HelpName = "number",
        DefaultValueFactory = fallback is null ? null : _ => fallback,
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            bool isNumber = double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && range.Contains(value);
            string lost = isNumber ? range.Lost(value) : "";
            if (isNumber && lost.Length == 0)
            {
                return value;
            }

            result.AddError($"{name} is '{word}', but must be a number in {range}{lost}.");
            return null;
        },
    };

    /// <summary>A whole number.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What it is and, where the fallback is null, what happens without it.</param>
    /// <param name="least">The smallest value that is allowed.</param>
    /// <param name="fallback">The default, or null.</param>
    public static Option<int?> Count(string name, string what, int least = 1, int? fallback = null) => new(name)
    {
        Description = $"{what}; {least} or more",
        HelpName = "count",
        DefaultValueFactory = fallback is null ? null : _ => fallback,
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least)
            {
                return value;
            }

            result.AddError($"{name} is '{word}', but must be a whole number, {least} or more{(value < least ? "" : $", at most {int.MaxValue}")}.");
            return null;
        },
    };

    /// <summary>A seed.</summary>
    /// <param name="what">What it decides.</param>
    /// <param name="fallback">The default.</param>
    public static Option<ulong> Seed(string what = "first weights, order of images, dropout and perturbations", ulong fallback = 1) => new("--seed")
    {
        Description = $"Decides {what}: the same seed, the same bits; 0 to 18446744073709551615",
        HelpName = "number",
        DefaultValueFactory = _ => fallback,
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value))
            {
                return value;
            }

            result.AddError($"--seed is '{word}', but must be a whole number from 0 to {ulong.MaxValue}.");
            return 0;
        },
    };

    /// <summary>Seeds: how many, or which.</summary>
    /// <param name="what">What there is one of for each.</param>
    /// <param name="fallback">The default: so many seeds, from 1.</param>
    public static Option<ulong[]> Seeds(string what, int fallback) => new("--seeds")
    {
        Description = $"{what}: how many seeds, counted from 1 (at most {MostSeeds}), or two or more seeds with commas between them, such as 4,7",
        HelpName = "seeds",
        DefaultValueFactory = _ => From1(fallback),
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            string[] parts = word.Split(',');
            if (parts.Length == 1 && int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= MostSeeds)
            {
                return From1(count);
            }

            ulong[] seeds = [.. parts.Select(part => ulong.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed) ? seed : (ulong?)null).OfType<ulong>()];
            if (parts.Length is > 1 and <= MostSeeds && seeds.Length == parts.Length && seeds.Distinct().Count() == seeds.Length)
            {
                return seeds;
            }

            result.AddError($"--seeds is '{word}', but must be a number of seeds, 1 to {MostSeeds}, or different seeds with commas between them.");
            return [];
        },
    };

    private static ulong[] From1(int count) => [.. Enumerable.Range(1, count).Select(seed => (ulong)seed)];

    /// <summary>Different numbers with commas between them, in ascending order.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What they are and what happens without them: the value is then empty.</param>
    /// <param name="range">The values that are allowed.</param>
    public static Option<double[]> Numbers(string name, string what, Interval range) => new(name)
    {
        Description = $"{what}; numbers in {range} with commas between them",
        HelpName = "numbers",
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            List<double> values = [];
            foreach (string part in word.Split(','))
            {
                if (!double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || !range.Contains(value) || range.Lost(value).Length > 0 || values.Contains(value))
                {
                    result.AddError($"{name} is '{word}', but must be different numbers in {range} with commas between them.");
                    return [];
                }

                values.Add(value);
            }

            values.Sort();
            return [.. values];
        },
    };

    /// <summary>Whole numbers with commas between them.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What they are and what happens without them: the value is then empty.</param>
    public static Option<int[]> Counts(string name, string what) => new(name)
    {
        Description = $"{what}; whole numbers of 1 or more with commas between them, such as 256,128",
        HelpName = "counts",
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            List<int> values = [];
            foreach (string part in word.Split(','))
            {
                if (!int.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value < 1)
                {
                    result.AddError($"{name} is '{word}', but must be whole numbers of 1 or more with commas between them.");
                    return [];
                }

                values.Add(value);
            }

            return [.. values];
        },
    };

    /// <summary>The name of a file or folder.</summary>
    public static Option<string?> Path(string name, string what, string kind = "file") => new(name)
    {
        Description = what,
        HelpName = kind,
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (word.Length == 0 || word.StartsWith("--", StringComparison.Ordinal))
            {
                result.AddError($"{name} needs the name of a {kind}, not '{word}'.");
            }

            return word;
        },
    };

    /// <summary>Something that is wanted or not.</summary>
    public static Option<bool> Flag(string name, string what) => new(name) { Description = what };

    /// <summary>Whether the command line itself has the option.</summary>
    public static bool IsGiven(this ParseResult parsed, Option option) => parsed.GetResult(option) is OptionResult { Implicit: false };
}
