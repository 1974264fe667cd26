using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using PacGen.Benchmarks.CommandLine;

namespace PacGen.Benchmarks.Reporting;

/// <summary>Numbers as a file of comma-separated values (RFC 4180) that is read back to the same bits.</summary>
internal static class CsvText
{
    /// <summary>The name of the option that asks for such a file.</summary>
    public const string Option = "--csv";

    /// <summary>A line of cells, those in quotes that need them.</summary>
    public static string Line(params IEnumerable<string> cells) => string.Join(',', cells.Select(
        cell => cell.AsSpan().ContainsAny(",\"\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell));

    /// <summary>A number whole; nothing where there is none.</summary>
    public static string Exact(double? value) =>
        value is { } number && !double.IsNaN(number) ? number.ToString("R", CultureInfo.InvariantCulture) : "";

    /// <summary>The numbers, texts and truth values of a JSON object, a line each with the names on the way to it.</summary>
    public static IEnumerable<string> Flat(JsonObject json) =>
        new[] { Line("name", "value") }.Concat(Leaves("", json).Select(leaf => Line(leaf.Name, leaf.Value)));

    /// <summary>
    /// Checks, before the work begins, that the file can be written; a table that is there is replaced only where it is of the
    /// same kind.
    /// </summary>
    /// <param name="path">The file; null for none.</param>
    /// <param name="head">What the first line of such tables begins with.</param>
    /// <exception cref="UsageException">Its extension promises another format.</exception>
    /// <exception cref="IOException">It can't be written, or holds something else.</exception>
    public static void Check(string? path, string head)
    {
        if (path is null)
        {
            return;
        }

        OutputFile.Check(path, Option, "a table", OutputKind.Any, ".csv", ".txt", "");
        if (!OutputFile.Writes || !File.Exists(path) || new FileInfo(path).Length == 0)
        {
            return;
        }

        byte[] wanted = Encoding.UTF8.GetBytes(head), start = new byte[wanted.Length];
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || !start.SequenceEqual(wanted))
        {
            throw new IOException(Prose.Line($"""
                {Option} {path}: this file is there and is no table of this kind ({head}…), so it is left alone. {Option} names
                a file to write: choose another, or delete it.
                """));
        }
    }

    /// <summary>Writes the lines.</summary>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Write(string path, IEnumerable<string> lines)
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => $"{line}\n")));
        OutputFile.Write(path, Option, stream => stream.Write(text));
    }

    private static IEnumerable<(string Name, string Value)> Leaves(string name, JsonNode? node) => node switch
    {
        JsonObject all => all.SelectMany(pair => Leaves(name.Length == 0 ? pair.Key : $"{name}.{pair.Key}", pair.Value)),
        JsonArray list => list.SelectMany((one, i) => Leaves($"{name}.{i + 1}", one)),
        null => [(name, "")],
        _ => [(name, $"{node}")],
    };
}
