using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace PacGen.Benchmarks.Reporting;

/// <summary>
/// Writes a page's blocks as one HTML file that asks for nothing else: plots, style and the sorting of tables are in it.
/// </summary>
internal static partial class HtmlPage
{
    private const string Style = """
        :root { color-scheme: light; }
        body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto; max-width: 76rem;
          padding: 0 1rem 3rem; }
        h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.3rem; margin-top: 2.2rem; border-top: 1px solid #ddd;
          padding-top: 1rem; } h3 { font-size: 1.05rem; }
        p, li { max-width: 46rem; overflow-wrap: break-word; }
        code { font: 0.9em ui-monospace, monospace; background: #f3f3f3; padding: 0 0.2em; border-radius: 3px; }
        pre { background: #f3f3f3; padding: 0.7rem 0.9rem; border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; }
        pre code { background: none; padding: 0; }
        .wide { overflow-x: auto; margin: 1rem 0; }
        table { border-collapse: collapse; font-size: 0.86rem; font-variant-numeric: tabular-nums; }
        th, td { padding: 0.25rem 0.55rem; border-bottom: 1px solid #e6e6e6; text-align: right; vertical-align: top; }
        td { white-space: nowrap; }
        th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: #fff; min-width: 8rem;
          max-width: 13rem; white-space: normal; overflow-wrap: break-word; }
        th button { font: inherit; font-weight: 600; border: 0; background: none; padding: 0; cursor: pointer; text-align: inherit;
          color: inherit; }
        th button::after { content: " ↕"; color: #999; } th[aria-sort=ascending] button::after { content: " ↑"; color: #000; }
        th[aria-sort=descending] button::after { content: " ↓"; color: #000; }
        td svg { display: block; margin-left: auto; }
        .plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 1rem; margin: 1rem 0; }
        .key { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; font-size: 0.86rem; padding: 0; list-style: none; max-width: none; }
        .key span { display: inline-block; width: 0.7rem; height: 0.7rem; border-radius: 50%; margin-right: 0.35rem; }
        .plots svg { width: 100%; height: auto; }
        details { margin: 1rem 0; } summary { cursor: pointer; font-weight: 600; }
        @media (max-width: 40rem) { td { white-space: normal; } th, td { padding: 0.25rem 0.35rem; }
          th:first-child, td:first-child { min-width: 5.5rem; } }
        """;

    private const string Script = """
        for (const button of document.querySelectorAll('th button')) button.addEventListener('click', () => {
          const head = button.parentElement, body = head.closest('table').tBodies[0], column = head.cellIndex;
          const down = head.getAttribute('aria-sort') !== 'descending';
          for (const other of head.parentElement.cells) other.removeAttribute('aria-sort');
          head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
          const key = row => { const cell = row.cells[column]; return cell.dataset.sort ?? cell.textContent.trim(); };
          const compare = (a, b) => { const x = key(a), y = key(b), n = parseFloat(x), m = parseFloat(y);
            if (isNaN(n) || isNaN(m)) return isNaN(n) && isNaN(m) ? x.localeCompare(y) : isNaN(n) ? 1 : -1;
            return down ? m - n : n - m; };
          const text = [...body.rows].every(row => isNaN(parseFloat(key(row))));
          const rows = [...body.rows].sort(compare);
          if (text && down) rows.reverse();
          body.append(...rows);
        });
        """;

    /// <summary>Writes it.</summary>
    /// <param name="title">The window's title.</param>
    /// <param name="blocks">The page.</param>
    public static string Of(string title, IReadOnlyList<PageBlock> blocks) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{WebUtility.HtmlEncode(title)}</title>
        <style>
        {Style}
        </style>
        </head>
        <body>
        <main>
        {string.Join('\n', blocks.Select(Text))}
        </main>
        <script>
        {Script}
        </script>
        </body>
        </html>

        """;

    private static string Text(PageBlock block) => block switch
    {
        PageBlock.Heading { IsPlain: true } title => $"<h{title.Level}>{WebUtility.HtmlEncode(title.Text)}</h{title.Level}>",
        PageBlock.Heading heading => $"<h{heading.Level}>{Marked(heading.Text)}</h{heading.Level}>",
        PageBlock.Paragraph paragraph => $"<p>{Marked(paragraph.Text)}</p>",
        PageBlock.Plain plain => $"<p>{WebUtility.HtmlEncode(plain.Text)}</p>",
        PageBlock.Code code => $"<pre><code>{WebUtility.HtmlEncode(code.Text)}</code></pre>",
        PageBlock.Bullets bullets => $"<ul>{string.Concat(bullets.Items.Select(item => $"<li>{Marked(item)}</li>"))}</ul>",
        PageBlock.Grid grid => Table(grid),
        PageBlock.Pictures pictures => Plots(pictures),
        PageBlock.Fold fold =>
            $"<details><summary>{Marked(fold.Summary)}</summary>{string.Concat(fold.Inside.Select(Text))}</details>",
        _ => "",
    };

    private static string Plots(PageBlock.Pictures pictures)
    {
        string label = WebUtility.HtmlEncode(pictures.Alternative);
        IEnumerable<string> key = pictures.Key.Select(one =>
            $"<li><span style=\"background: {one.Colour}\"></span>{WebUtility.HtmlEncode(one.Name)}</li>");
        return $"<div class=\"plots\" role=\"group\" aria-label=\"{label}\">{string.Join('\n', pictures.Plots)}</div>"
            + (pictures.Key.Count > 0 ? $"<ul class=\"key\">{string.Concat(key)}</ul>" : "");
    }

    private static string Table(PageBlock.Grid grid)
    {
        StringBuilder table = new("<div class=\"wide\"><table>\n<thead><tr>");
        foreach (string heading in grid.Headings)
        {
            table.Append(CultureInfo.InvariantCulture, $"<th><button type=\"button\">{Marked(heading)}</button></th>");
        }

        table.Append("</tr></thead>\n<tbody>\n");
        foreach (IReadOnlyList<PageCell> row in grid.Rows)
        {
            table.Append("<tr>").AppendJoin("", row.Select(Cell)).Append("</tr>\n");
        }

        return table.Append("</tbody></table></div>").ToString();
    }

    private static string Cell(PageCell cell)
    {
        string sort = double.IsNaN(cell.Sort) ? "" : $" data-sort=\"{cell.Sort:R}\"";
        if (double.IsNaN(cell.Shown))
        {
            return $"<td{sort}>{(cell.IsPlain ? WebUtility.HtmlEncode(cell.Text) : Marked(cell.Text))}</td>";
        }

        if (cell.Interval is null)
        {
            // Blue where it agrees, orange where it goes against: Okabe and Ito's.
            string colour = cell.Shown >= 0 ? "0, 114, 178" : "213, 94, 0";
            string style = $"background: rgba({colour}, {Math.Min(1, Math.Abs(cell.Shown)) * 0.45:F2})";
            return $"<td{sort} style=\"{style}\">{Marked(cell.Text)}</td>";
        }

        double low = Place(cell.Interval.Low), high = Place(cell.Interval.High);
        return $"<td{sort}>{Marked(cell.Text)}<svg width=\"120\" height=\"10\" viewBox=\"0 0 120 10\" aria-hidden=\"true\">"
            + "<path d=\"M0 5H120\" stroke=\"#ddd\"/><path d=\"M60 1V9\" stroke=\"#999\"/>"
            + $"<path d=\"M{low:F1} 5H{high:F1}\" stroke=\"#0072B2\" stroke-width=\"3\"/>"
            + $"<circle cx=\"{Place(cell.Shown):F1}\" cy=\"5\" r=\"3.5\" fill=\"#0072B2\"/></svg></td>";
    }

    private static double Place(double correlation) => 60 + (56 * correlation);

    /// <summary>A text with its code, bold and links as elements; everything else in it is text.</summary>
    private static string Marked(string text) =>
        Italic().Replace(Bold().Replace(Code().Replace(Link().Replace(
            WebUtility.HtmlEncode(text), "<a href=\"$2\">$1</a>"), "<code>$1</code>"), "<strong>$1</strong>"), "<em>$1</em>");

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\*\*([^*]+)\*\*")]
    private static partial Regex Bold();

    [GeneratedRegex(@"(?<!\*)\*([^*]+)\*(?!\*)")]
    private static partial Regex Italic();

    [GeneratedRegex(@"\[([^\]]+)\]\(([\w./-]+)\)")]
    private static partial Regex Link();
}
