using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using nietras.SeparatedValues;

namespace PacGen.Nn;

/// <summary>
/// Tables in text, a row a line, read by Sep: the separator is found from the first line, cells may be quoted, the file may be in
/// gzip. A column is numbers where each cell that has a value is one. A first line of numbers alone is a row, and the columns'
/// names are then their numbers from 1.
/// </summary>
internal static partial class CsvFile
{
    private const string Remedy = "Replace it with a whole copy.";
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private const long LargestFile = 1L << 36;
    private static readonly HashSet<string> NoValue =
        new(["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "?"], StringComparer.Ordinal);

    /// <summary>Reads a table.</summary>
    /// <exception cref="DataException">It can't be read, or is no table.</exception>
    public static ColumnTable Read(string path) => Read(path, act => ContentFile.Read(path, LargestFile, Remedy, (stream, _) =>
    {
        ForEachRow(path, stream, act);
        return true;
    }));

    /// <summary>Reads a table that is a part of the library.</summary>
    public static ColumnTable ReadEmbedded(string name) => Read(name, act =>
    {
        using Stream stream = typeof(CsvFile).Assembly.GetManifestResourceStream(name)!;
        ForEachRow(name, stream, act);
    });

    private static ColumnTable Read(string path, Action<RowAction> forEachRow)
    {
        try
        {
            // The first look finds which columns are numbers, the second keeps them.
            string[] names = [];
            bool hasNames = false;
            bool[] texts = [];
            long[] numbers = [];
            string[] firstTexts = [];
            long rows = 0;
            forEachRow(row =>
            {
                if (names.Length == 0)
                {
                    (names, hasNames) = NamesOf(path, row);
                    (texts, numbers, firstTexts) = (new bool[names.Length], new long[names.Length], new string[names.Length]);
                    if (hasNames)
                    {
                        return;
                    }
                }

                rows++;
                for (int i = 0; i < texts.Length; i++)
                {
                    bool isNumber = TryNumber(row[i].Span, out double number);
                    numbers[i] += isNumber && !double.IsNaN(number) ? 1 : 0;
                    if (!isNumber && !texts[i])
                    {
                        texts[i] = true;
                        firstTexts[i] = $"'{Core.Text.Printable.Name(row[i].ToString())}' in line {row.LineNumberFrom}";
                    }
                }
            });
            if (rows == 0)
            {
                throw new DataException($"{path} has no rows of data. {Remedy}");
            }

            DataMemory.Require(
                rows * names.Length * sizeof(double), $"{path}: its {rows} rows of {names.Length} cells", "Use fewer.");
            int[] lines = new int[rows];
            TableColumn[] columns = Columns(path, forEachRow, names, texts, hasNames, lines);
            return new ColumnTable(path, columns, row => $"line {lines[row]}")
            {
                Warnings = [.. from i in Enumerable.Range(0, names.Length)
                    where texts[i] && (numbers[i] > rows / 2 || CommaNumber().IsMatch(firstTexts[i]))
                    select $"{Core.Text.Printable.Name(names[i])} has " + (CommaNumber().IsMatch(firstTexts[i])
                        ? $"{firstTexts[i]}: the column is taken as texts; write numbers with a point and without commas."
                        : $"numbers, but {firstTexts[i]}: the column is taken as texts.")],
            };
        }
        catch (DecoderFallbackException error)
        {
            throw new DataException(
                $"{path} is not in UTF-8 (a byte {error.BytesUnknown![0]:X2} that is no letter there), so that names could be " +
                "taken for each other. Save it in UTF-8: iconv -f WINDOWS-1252 -t UTF-8, or as your spreadsheet calls it.",
                error);
        }
        catch (Exception error) when (
            error is InvalidDataException or ArgumentException or NotSupportedException or IndexOutOfRangeException
                or OverflowException)
        {
            throw new DataException($"{path} is no table of cells: {FirstLine(error.Message)}. {Remedy}", error);
        }
    }

    private static TableColumn[] Columns(
        string path, Action<RowAction> forEachRow, string[] names, bool[] texts, bool hasNames, int[] lines)
    {
        int rows = lines.Length;
        double[]?[] numbers = Array.ConvertAll(texts, text => text ? null : new double[rows]);
        string?[]?[] words = Array.ConvertAll(texts, text => text ? new string?[rows] : null);
        Dictionary<string, string> kept = new(StringComparer.Ordinal);
        var lookup = kept.GetAlternateLookup<ReadOnlySpan<char>>();
        int at = hasNames ? -1 : 0;
        forEachRow(row =>
        {
            for (int i = 0; i < texts.Length && at >= 0; i++)
            {
                ReadOnlySpan<char> cell = row[i].Span.Trim();
                if (numbers[i] is { } column)
                {
                    column[at] = TryNumber(cell, out double value) ? value : throw Changed(path);
                    continue;
                }

                if (!lookup.TryGetValue(cell, out string? word))
                {
                    kept[word = cell.ToString()] = word;
                }

                words[i]![at] = NoValue.Contains(word) ? null : word;
            }

            if (at >= 0)
            {
                lines[at] = row.LineNumberFrom;
            }

            at = at < rows ? at + 1 : throw Changed(path);
        });
        return at == rows ? [.. names.Select((name, i) => new TableColumn(name, numbers[i], words[i]))] : throw Changed(path);
    }

    private static DataException Changed(string path) => new($"{path} changed while it was read.");

    private static (string[] Names, bool AreNames) NamesOf(string path, SepReader.Row row)
    {
        string[] cells = new string[row.ColCount];
        bool areNames = false;
        for (int i = 0; i < cells.Length; i++)
        {
            ReadOnlySpan<char> cell = row[i].Span.Trim();
            areNames |= !TryNumber(cell, out _);
            cells[i] = cell.ToString();
        }

        if (!areNames)
        {
            return ([.. Enumerable.Range(1, cells.Length).Select(number => number.ToString(CultureInfo.InvariantCulture))],
                false);
        }

        // The first column of a table that a program wrote with its rows' numbers has no name.
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < cells.Length; i++)
        {
            cells[i] = cells[i].Length > 0 ? cells[i] : (i + 1).ToString(CultureInfo.InvariantCulture);
            if (!seen.Add(cells[i]))
            {
                throw new DataException(
                    $"{path} has two columns called {Core.Text.Printable.Name(cells[i])}: give each a name of its own.");
            }
        }

        return (cells, true);
    }

    /// <summary>A number, or NaN where the cell has no value.</summary>
    private static bool TryNumber(ReadOnlySpan<char> cell, out double value)
    {
        cell = cell.Trim();
        if (NoValue.GetAlternateLookup<ReadOnlySpan<char>>().Contains(cell))
        {
            value = double.NaN;
            return true;
        }

        ReadOnlySpan<char> magnitude = cell.TrimStart("+-");
        if (magnitude.Equals("inf", StringComparison.OrdinalIgnoreCase))
        {
            value = cell[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return cell.Length - magnitude.Length <= 1;
        }

        return double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    private static void ForEachRow(string path, Stream stream, RowAction act)
    {
        using SepReader reader = Sep.Reader(options => options with
        {
            HasHeader = false, Unescape = true, CultureInfo = CultureInfo.InvariantCulture, DisableColCountCheck = true,
        }).From(new StreamReader(stream, Strict));
        int cells = 0;
        foreach (SepReader.Row row in reader)
        {
            // Empty lines are no rows, as a file may end with some.
            if (row.ColCount == 1 && cells > 1 && row[0].Span.Trim().IsEmpty)
            {
                continue;
            }

            cells = cells == 0 ? row.ColCount : cells;
            if (row.ColCount != cells)
            {
                throw new DataException(
                    $"{path} has {row.ColCount} cells in line {row.LineNumberFrom}, but {cells} in its first: it is no table, " +
                        $"or is truncated. {Remedy}");
            }

            act(row);
        }
    }

    [GeneratedRegex(@"^'[+-]?\d+(,\d+)+'")]
    private static partial Regex CommaNumber();

    private static string FirstLine(string message) => message.Split('\n')[0].Trim().TrimEnd('.');

    private delegate void RowAction(SepReader.Row row);
}
