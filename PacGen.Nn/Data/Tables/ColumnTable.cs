using System.Globalization;
using PacGen.Core.Text;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Columns of one length, and how they become samples and targets.</summary>
/// <param name="path">The file, for errors.</param>
/// <param name="columns">The columns, in the file's order; each name comes once.</param>
/// <param name="place">Where a row stands in the file, in words.</param>
internal sealed class ColumnTable(string path, IReadOnlyList<TableColumn> columns, Func<int, string> place)
{
    private const int MostClasses = 20, MostCategories = 1000;

    /// <summary>A column of fewer steps of single precision from its least to its largest number is warned of.</summary>
    private const int FewestSteps = 1000;

    /// <summary>In a smaller table whole numbers in a row may be chance.</summary>
    private const int FewestNumbered = 20;

    /// <summary>The category of cells without a value.</summary>
    private const string Gap = "?";

    private static readonly string[] UsualTargets = ["target", "label", "class", "y"];

    /// <summary>What was seen in the file that may not be what was meant.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Makes a data set.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="options">Which columns are targets, and what is done to the others.</param>
    /// <param name="trained">How many of the rows, the first, are trained on, where the file says so; 0 to choose some.</param>
    /// <exception cref="DataException">The columns don't fit the options.</exception>
    public Dataset ToDataset(string name, TableOptions options, int trained = 0)
    {
        TableColumn[] targets = Targets(options);
        if (options.Features.Count == 0)
        {
            foreach (string ignored in options.Ignored)
            {
                Find(ignored, "--ignore");
            }
        }

        TableColumn[] features = Features(targets, options);
        if (features.Length == 0)
        {
            throw new DataException($"{path} has no column beside the target to learn from.");
        }

        int[] rows = Kept(features, targets, options.Missing, ref trained);
        features = Array.ConvertAll(features, column => column.Rows(rows));
        targets = Array.ConvertAll(targets, column => column.Rows(rows));
        List<string> warnings = [.. Warnings, .. trained > 0 ? options.SplitWarnings : []];
        int test = trained > 0 ? rows.Length - trained : Part(options.TestPart, rows.Length);
        int[] order = trained > 0 ? [.. Enumerable.Range(0, rows.Length)] : Dataset.SplitOrder(
            rows.Length, test, options.SplitSeed);
        int[] train = order[..^test];
        Feature[] made = Array.ConvertAll(features, column => FeatureOf(column, train, rows, options.Features, warnings));
        string[] names = [.. made.SelectMany(feature => feature.Names)];
        if (options.Features.Count > 0 && !names.SequenceEqual(options.Features))
        {
            throw Differs(names, options.Features);
        }

        int width = made.Sum(feature => feature.Width);
        DataMemory.Require(
            (long)rows.Length * width * sizeof(float), $"{path}: its {rows.Length} rows of {width} numbers", "Use fewer.");
        float[] samples = new float[checked(rows.Length * width)];
        for (int row = 0, at = 0; row < rows.Length; row++)
        {
            foreach (Feature feature in made)
            {
                feature.Write(order[row], samples.AsSpan(at, feature.Width));
                at += feature.Width;
            }
        }

        (SampleSet set, string[] classes) = SetOf(samples, new Shape(width), targets, order, options);
        TableColumn[] scaled = set.Target.Kind == TargetKind.Values ? [.. features, .. targets] : features;
        warnings.AddRange(scaled.Select(column => Coarse(column, train)).OfType<string>());
        if (options.Features.Count == 0)
        {
            warnings.AddRange(features.Select(Numbering).OfType<string>());
        }

        if (options.Classes.Count == 0)
        {
            warnings.AddRange(classes.Length > 0
                ? ClassWarnings.Of(
                    targets[0].Name, classes.Length, one => classes[one], set.Labels[..train.Length], set.Labels[train.Length..],
                    "row")
                : targets.Where(IsConstant).Select(target =>
                    $"{Printable.Name(target.Name)} is {target.Text(0)} in all rows: there is nothing to predict."));
        }

        int[] places = [.. Enumerable.Range(0, rows.Length)];
        Dataset data = new(name, set.Take(train.Length), set.Subset(places.AsSpan(train.Length)))
        {
            Origin = path,
            ClassNames = classes,
            Features = names,
            Warnings = warnings,
            Table = options with
            {
                Targets = [.. targets.Select(target => target.Name)], Kind = set.Target.Kind, Features = names, Classes = classes,
            },
        };
        data = options.StandardizeTargets ? data.WithStandardizedTargets() : data;
        return options.Normalize ? data.Normalized() : data;
    }

    /// <summary>The columns that samples are made of, in their order.</summary>
    private TableColumn[] Features(TableColumn[] targets, TableOptions options)
    {
        TableColumn[] others =
            [.. columns.Where(column => !targets.Contains(column) && !options.Ignored.Contains(column.Name))];
        if (options.Features.Count == 0)
        {
            return others;
        }

        List<TableColumn> wanted = [];
        foreach (string name in options.Features)
        {
            TableColumn column = others.Where(
                one => one.Name == name || (one.Numbers is null && name.StartsWith($"{one.Name}=", StringComparison.Ordinal)))
                .MaxBy(one => one.Name.Length) ?? throw new DataException(
                    $"{path} has no column for {Printable.Name(name)}, which the network takes: it has {Listed()}.");
            if (!wanted.Contains(column))
            {
                wanted.Add(column);
            }
        }

        return [.. wanted];
    }

    private DataException Differs(string[] names, IReadOnlyList<string> wanted)
    {
        int at = Enumerable.Range(0, Math.Max(names.Length, wanted.Count)).First(
            i => names.ElementAtOrDefault(i) != wanted.ElementAtOrDefault(i));
        return new DataException(
            $"{path} gives {Shown(names)} where the network takes {Shown(wanted)}, as number {at + 1} of a sample.");

        string Shown(IReadOnlyList<string> list) => at < list.Count ? Printable.Name(list[at]) : "nothing";
    }

    private TableColumn[] Targets(TableOptions options)
    {
        if (options.Targets.Count > 0)
        {
            return [.. options.Targets.Select(target => Find(target, "--target"))];
        }

        TableColumn[] usual = [.. columns.Where(column => UsualTargets.Contains(column.Name, StringComparer.OrdinalIgnoreCase))];
        return usual.Length == 1 ? usual : throw new DataException(
            $"{path} does not say which column is to be predicted: give --target COLUMN, one of {Listed()}.");
    }

    private TableColumn Find(string name, string option) => columns.FirstOrDefault(column => column.Name == name)
        ?? throw new DataException($"{path} has no column {Printable.Name(name)} ({option}): it has {Listed()}.");

    private string Listed()
    {
        const int Most = 30;
        string names = string.Join(", ", columns.Take(Most).Select(column => Printable.Name(column.Name)));
        return columns.Count > Most ? $"{names} and {columns.Count - Most} more" : names;
    }

    /// <summary>The rows that are used.</summary>
    private int[] Kept(TableColumn[] features, TableColumn[] targets, MissingValues missing, ref int trained)
    {
        int count = columns[0].Count, kept = trained;
        List<int> rows = new(count);
        for (int row = 0; row < count; row++)
        {
            TableColumn? empty = Array.Find(targets, column => column.IsMissing(row))
                ?? (missing == MissingValues.Impute ? null : Array.Find(features, column => column.IsMissing(row)));
            if (empty is null)
            {
                rows.Add(row);
            }
            else if (missing != MissingValues.Drop)
            {
                throw new DataException(
                    $"{path} has no value for {Printable.Name(empty.Name)} in {place(row)}: " + (targets.Contains(empty)
                        ? "leave such rows out (--missing drop)."
                            : "impute such values or leave their rows out (--missing impute, drop)."));
            }
            else if (row < trained)
            {
                kept--;
            }
        }

        if (rows.Count == 0 || (trained > 0 && (kept == 0 || kept == rows.Count)))
        {
            throw new DataException(
                $"{path} has no rows to train or to test on: {count} rows, of which {count - rows.Count} lack a value.");
        }

        trained = kept;
        return [.. rows];
    }

    private int Part(double share, int count)
    {
        int test = share is > 0 and < 1 ? (int)Math.Round(share * count) : 0;
        return test > 0 && test < count ? test : throw new DataException(
            $"{path} has {count} {(count == 1 ? "row" : "rows")}: a part of {share.ToString(CultureInfo.InvariantCulture)} to " +
                $"test on leaves one of the parts empty. Add rows{(count > 1 ? ", or choose another part (--test-part)" : "")}.");
    }

    /// <summary>
    /// A column of as many whole numbers as there are rows, one after the other in some order, is no more than their numbers.
    /// </summary>
    private static string? Numbering(TableColumn column)
    {
        if (column.Numbers is not { Length: >= FewestNumbered } numbers || !numbers.All(double.IsInteger))
        {
            return null;
        }

        (double low, double high) = (numbers.Min(), numbers.Max());
        return high - low == numbers.Length - 1 && numbers.Distinct().Count() == numbers.Length
            ? string.Create(
                CultureInfo.InvariantCulture, $"{Printable.Name(column.Name)} has each whole number from {low} to {high} once, " +
                $"as numbers of rows do; the network learns from it as from any other column: --ignore " +
                $"{Printable.Name(column.Name)} leaves it out.")
            : null;
    }

    /// <summary>Numbers that differ by little beside their size lose that in single precision.</summary>
    private static string? Coarse(TableColumn column, int[] train)
    {
        if (column.Numbers is not { } numbers)
        {
            return null;
        }

        double[] known = [.. train.Select(row => numbers[row]).Where(value => !double.IsNaN(value))];
        double low = known.DefaultIfEmpty().Min(), high = known.DefaultIfEmpty().Max(), size = Math.Max(-low, high);
        float step = MathF.BitIncrement((float)size) - (float)size;
        return high > low && high - low < FewestSteps * step
            ? string.Create(
                CultureInfo.InvariantCulture, $"{Printable.Name(column.Name)} is from {low} to {high}, which single precision " +
                $"tells apart in steps of {step}: subtract a constant from it first.")
            : null;
    }

    private static bool IsConstant(TableColumn column) => column.Numbers is { } numbers
        && Array.TrueForAll(numbers, value => value == numbers[0]);

    private Feature FeatureOf(
        TableColumn column, int[] train, int[] lines, IReadOnlyList<string> trained, List<string> warnings)
    {
        string shown = Printable.Name(column.Name);
        bool gaps = Enumerable.Range(0, column.Count).Any(column.IsMissing);
        if (gaps)
        {
            warnings.Add($"Missing values of {shown} are imputed" + (column.Numbers is null ? " as a category of their own."
                : " by the median of the training part, so that a certificate's prior knows of all its rows through that " +
                    "number."));
        }

        if (column.Numbers is { } numbers)
        {
            double[] known = [.. train.Select(row => numbers[row]).Where(value => !double.IsNaN(value)).Order()];
            double median = known.Length == 0 ? 0 : (known[known.Length / 2] + known[(known.Length - 1) / 2]) / 2;
            int beyond = Array.FindIndex(numbers, value => Math.Abs(value) > float.MaxValue);
            if (beyond >= 0)
            {
                throw new DataException(
                    $"{path}: {shown} has {numbers[beyond].ToString(CultureInfo.InvariantCulture)} in {place(lines[beyond])}, " +
                    "which is not finite in single precision: leave the cell empty, the row out, or scale the column.");
            }

            return new Feature([column.Name], (row, to) => to[0] = (float)(double.IsNaN(numbers[row]) ? median : numbers[row]));
        }

        string[] categories =
            [.. column.Texts!.OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        if (trained.Count > 0)
        {
            string head = $"{column.Name}=", gap = $"{head}{Gap}";
            string[] taken = [.. trained.Where(name => name.StartsWith(head, StringComparison.Ordinal))];
            gaps |= taken.Contains(gap);
            string? strange = categories.FirstOrDefault(category => !taken.Contains(head + category));
            categories = strange is null ? [.. taken.Where(name => name != gap).Select(name => name[head.Length..])]
                : throw new DataException(
                    $"{path}: {shown} has {Printable.Name(strange)}, which the network was not trained on: it takes " +
                        $"{string.Join(", ", taken.Take(20).Select(name => Printable.Name(name[head.Length..])))}.");
        }

        if (trained.Count == 0 && categories.Length > 2 && 2 * categories.Length > column.Count
            && !Warnings.Any(warning => warning.StartsWith($"{shown} has ", StringComparison.Ordinal)))
        {
            warnings.Add(
                $"{shown} has {categories.Length} different texts in {column.Count} rows: what it says of one says next to " +
                    $"nothing " +
                $"of others; leave it out (--ignore).");
        }

        if (categories.Length > MostCategories)
        {
            throw new DataException(
                $"{path}: {shown} has {categories.Length} different texts, too many for categories: leave the column out " +
                    $"(--ignore).");
        }

        Dictionary<string, int> places = categories.Select((text, place) => (text, place)).ToDictionary(StringComparer.Ordinal);
        string[] names = [
            .. categories.Select(category => $"{column.Name}={category}"), .. gaps ? [$"{column.Name}={Gap}"]
            : Array.Empty<string>()];
        return new Feature(names, (row, to) =>
        {
            to.Clear();
            to[column.Texts![row] is { } text ? places[text] : categories.Length] = 1;
        });
    }

    private (SampleSet Set, string[] Classes) SetOf(
        float[] samples, Shape shape, TableColumn[] targets, int[] order, TableOptions options)
    {
        TableColumn first = targets[0];
        if (targets.Length > 1)
        {
            targets = Array.ConvertAll(targets, column => OfTruth(column) ?? column);
        }

        TargetKind usual = targets.Length == 1 ? UsualKind(first)
            : Array.TrueForAll(targets, IsTruth) ? TargetKind.Bits : TargetKind.Values;
        if ((options.Kind ?? usual) is var chosen
            && chosen == TargetKind.Class)
        {
            return targets.Length == 1 ? Classes(samples, shape, first, order, options.Classes) : throw new DataException(
                $"{path}: classes stand in one column, but {targets.Length} are given as targets.");
        }

        float[] values = new float[order.Length * targets.Length];
        for (int i = 0; i < values.Length; i++)
        {
            TableColumn column = targets[i % targets.Length];
            values[i] = column.Numbers is { } numbers ? (float)numbers[order[i / targets.Length]] : throw new DataException(
                $"{path}: {Printable.Name(column.Name)} has texts such as {Printable.Name(column.Text(0))}, which are no " +
                    $"numbers: choose another --target, or write numbers.");
        }

        try
        {
            return (
                new ArraySet(samples, shape, values, new TargetForm(chosen, targets.Length)) { IsTable = true }, []);
        }
        catch (ArgumentException error)
        {
            throw new DataException($"{path}: {error.Message}", error);
        }
    }

    private (SampleSet Set, string[] Classes) Classes(
        float[] samples, Shape shape, TableColumn column, int[] order, IReadOnlyList<string> known)
    {
        string[] names = column.Numbers is { } numbers
            ? [.. numbers.Distinct().Order().Select(value => value.ToString("R", CultureInfo.InvariantCulture))]
            : [.. column.Texts!.OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        if (names.Length > MostCategories)
        {
            throw new DataException(
                $"{path}: {Printable.Name(column.Name)} has {names.Length} different values, too many for classes: predict " +
                    $"them as values (--target-kind values).");
        }

        if (known.Count > 0)
        {
            names = names.FirstOrDefault(name => !known.Contains(name)) is not { } strange ? [.. known] : throw new DataException(
                $"{path}: {Printable.Name(column.Name)} has {Printable.Name(strange)}, which is none of the network's classes " +
                    $"{string.Join(", ", known.Take(20).Select(Printable.Name))}.");
        }

        Dictionary<string, int> places = names.Select((text, place) => (text, place)).ToDictionary(StringComparer.Ordinal);
        int[] labels = Array.ConvertAll(order, row => places[column.Text(row)]);
        return (new ArraySet(samples, shape, labels, names.Length) { IsTable = true }, names);
    }

    /// <summary>A column of the words true and false as one of 1 and 0; null for another.</summary>
    private static TableColumn? OfTruth(TableColumn column) =>
        column.Texts is { } texts && texts.All(text => bool.TryParse(text, out _))
            ? new TableColumn(column.Name, Array.ConvertAll(texts, text => bool.Parse(text!) ? 1.0 : 0), null) { IsTruth = true }
            : null;

    private static bool IsTruth(TableColumn column) =>
        column.IsTruth || column.Numbers?.All(value => value is 0 or 1) == true;

    private static TargetKind UsualKind(TableColumn column) =>
        column.Numbers is not { } numbers || column.IsTruth
            || (Array.TrueForAll(numbers, value => value == Math.Floor(value))
                && numbers.Distinct().Take(MostClasses + 1).Count() <= MostClasses)
            ? TargetKind.Class : TargetKind.Values;

    /// <summary>What a column gives a sample.</summary>
    private sealed record Feature(string[] Names, FeatureAction Write)
    {
        public int Width => Names.Length;
    }

    /// <summary>Writes a row's numbers.</summary>
    private delegate void FeatureAction(int row, Span<float> to);
}
