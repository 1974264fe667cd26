using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using nietras.SeparatedValues;

namespace PacGen.Nn;

/// <summary>
/// Tables in text, a row a line, read by Sep: the separator is found from the first line, cells may be quoted, the file may be in
/// gzip. A column is numbers where each cell that has a value is one. A first line of numbers alone is a row, and the columns'
/// names are then their numbers from 1. Between semicolons the comma is the mark of decimals, as spreadsheets write where numbers
/// have it, if some number shows that it is none of thousands, and no number has a point.
/// </summary>
internal static partial class CsvFile
{
    private const string Remedy = "Replace it with a whole copy.";
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly NumberFormatInfo DecimalComma = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = " " };
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
            // The first look finds which columns are numbers, with points and with commas; the second keeps them.
            string[] names = [];
            bool hasNames = false, hasPoints = false, hasCommas = false;
            Look withPoints = new(0), withCommas = new(0);
            long rows = 0;
            forEachRow((row, isSemicolon) =>
            {
                if (names.Length == 0)
                {
                    (names, hasNames) = NamesOf(path, row, isSemicolon);
                    (withPoints, withCommas) = (new Look(names.Length), new Look(names.Length));
                    if (hasNames)
                    {
                        return;
                    }
                }

                rows++;
                for (int i = 0; i < names.Length; i++)
                {
                    ReadOnlySpan<char> cell = row[i].Span.Trim();
                    bool isNumber = TryNumber(cell, out double number);
                    bool isComma = !isNumber && isSemicolon && TryComma(cell, out number);
                    hasPoints |= isNumber && cell.Contains('.');
                    hasCommas |= isComma && !Thousands().IsMatch(cell);
                    withPoints.Add(row, i, isNumber, number);
                    withCommas.Add(row, i, isNumber || isComma, number);
                }
            });
            if (rows == 0)
            {
                throw new DataException($"{path} has no rows of data. {Remedy}");
            }

            bool commas = hasCommas && !hasPoints;
            Look look = commas ? withCommas : withPoints;
            DataMemory.Require(
                rows * names.Length * sizeof(double), $"{path}: its {rows} rows of {names.Length} cells", "Use fewer.");
            int[] lines = new int[rows];
            TableColumn[] columns = Columns(path, forEachRow, names, look.IsText, commas, hasNames, lines);
            return new ColumnTable(path, columns, row => $"line {lines[row]}")
            {
                Warnings = [.. from i in Enumerable.Range(0, names.Length)
                    where look.IsText[i] && (look.Numbers[i] > rows / 2 || CommaNumber().IsMatch(look.FirstText[i]))
                    select $"{Core.Text.Printable.Name(names[i])} has " + (CommaNumber().IsMatch(look.FirstText[i])
                        ? $"{look.FirstText[i]}: the column is taken as texts; write numbers with a point and without commas."
                        : $"numbers, but {look.FirstText[i]}: the column is taken as texts.")],
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
        string path, Action<RowAction> forEachRow, string[] names, bool[] texts, bool commas, bool hasNames, int[] lines)
    {
        int rows = lines.Length;
        double[]?[] numbers = Array.ConvertAll(texts, text => text ? null : new double[rows]);
        string?[]?[] words = Array.ConvertAll(texts, text => text ? new string?[rows] : null);
        Dictionary<string, string> kept = new(StringComparer.Ordinal);
        var lookup = kept.GetAlternateLookup<ReadOnlySpan<char>>();
        int at = hasNames ? -1 : 0;
        forEachRow((row, _) =>
        {
            for (int i = 0; i < texts.Length && at >= 0; i++)
            {
                ReadOnlySpan<char> cell = row[i].Span.Trim();
                if (numbers[i] is { } column)
                {
                    column[at] = TryNumber(cell, out double value) || (commas && TryComma(cell, out value))
                        ? value : throw Changed(path);
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

    private static (string[] Names, bool AreNames) NamesOf(string path, SepReader.Row row, bool isSemicolon)
    {
        string[] cells = new string[row.ColCount];
        bool areNames = false;
        for (int i = 0; i < cells.Length; i++)
        {
            ReadOnlySpan<char> cell = row[i].Span.Trim();
            areNames |= !TryNumber(cell, out _) && !(isSemicolon && TryComma(cell, out _));
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

    private static bool TryComma(ReadOnlySpan<char> cell, out double value)
    {
        value = 0;
        return !cell.Contains('.') && double.TryParse(cell, NumberStyles.Float, DecimalComma, out value);
    }

    private static void ForEachRow(string path, Stream stream, RowAction act)
    {
        using QuotedText text = new(path, stream, Strict);
        Sep? separator = text.HasCommasInNumbers() ? new Sep(';') : null;
        using SepReader reader = Sep.Reader(options => options with
        {
            Sep = separator, HasHeader = false, Unescape = true, CultureInfo = CultureInfo.InvariantCulture,
            DisableColCountCheck = true,
        }).From(text);
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

            act(row, isSemicolon: reader.Spec.Sep.Separator == ';');
        }
    }

    [GeneratedRegex(@"^'[+-]?\d+(,\d+)+'")]
    private static partial Regex CommaNumber();

    [GeneratedRegex(@"^\s*[+-]?\d+,\d+\s*$")]
    private static partial Regex DecimalCommaNumber();

    [GeneratedRegex(@"^[+-]?[1-9]\d{0,2}(,\d{3})+$")]
    private static partial Regex Thousands();

    private static string FirstLine(string message) => message.Split('\n')[0].Trim().TrimEnd('.');

    private delegate void RowAction(SepReader.Row row, bool isSemicolon);

    /// <summary>A text whose quotes are looked at while it is read: a stray one would join rows to one cell.</summary>
    private sealed class QuotedText(string path, Stream stream, Encoding encoding) : StreamReader(stream, encoding)
    {
        private const string Form = "a cell with quotes in it stands in quotes, and each of its own is written twice.";

        private const int LongestHead = 1 << 16;

        private readonly StringBuilder head = new();
        private Place place;
        private int line = 1, opened, replayed;

        private enum Place
        {
            CellStart, Cell, Quoted, QuoteInQuoted,
        }

        /// <summary>
        /// Whether the first line, looked at before it is read, has numbers with commas between its semicolons, in which case
        /// it is not for the more frequent of the two to part the cells.
        /// </summary>
        public bool HasCommasInNumbers()
        {
            while (head.Length < LongestHead && base.Read() is >= 0 and int letter)
            {
                head.Append((char)letter);
                if (letter == '\n')
                {
                    break;
                }
            }

            string[] cells = head.ToString().Split(';');
            return cells.Length > 1 && cells.Any(cell => DecimalCommaNumber().IsMatch(cell));
        }

        /// <summary>All other ways to read come here.</summary>
        public override int Read(char[] buffer, int index, int count)
        {
            int read = Math.Min(count, head.Length - replayed);
            if (read > 0)
            {
                head.CopyTo(replayed, buffer, index, read);
                replayed += read;
            }
            else
            {
                read = base.Read(buffer, index, count);
            }

            foreach (char letter in buffer.AsSpan(index, read))
            {
                place = After(letter);
                line += letter == '\n' ? 1 : 0;
            }

            return read > 0 || place != Place.Quoted ? read : throw new DataException(
                $"{path} has a quote (\") in line {opened} that is not closed: {Form}");
        }

        private Place After(char letter)
        {
            if (place == Place.Quoted)
            {
                return letter == '"' ? Place.QuoteInQuoted : Place.Quoted;
            }

            if (letter == '"')
            {
                opened = place == Place.CellStart ? line : opened;
                return place != Place.Cell ? Place.Quoted : throw new DataException(
                    $"{path} has a quote (\") within a cell in line {line}: {Form}");
            }

            return letter is ',' or ';' or '\t' or '|' or '\n' or '\r' || (letter == ' ' && place == Place.CellStart)
                ? Place.CellStart : Place.Cell;
        }
    }

    /// <summary>What columns have, for one way to write numbers.</summary>
    private sealed class Look(int columns)
    {
        public bool[] IsText { get; } = new bool[columns];

        public long[] Numbers { get; } = new long[columns];

        public string[] FirstText { get; } = new string[columns];

        public void Add(SepReader.Row row, int column, bool isNumber, double number)
        {
            Numbers[column] += isNumber && !double.IsNaN(number) ? 1 : 0;
            if (!isNumber && !IsText[column])
            {
                IsText[column] = true;
                FirstText[column] = $"'{Core.Text.Printable.Name(row[column].ToString())}' in line {row.LineNumberFrom}";
            }
        }
    }
}
