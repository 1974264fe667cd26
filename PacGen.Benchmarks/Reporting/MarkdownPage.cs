using System.Text;

namespace PacGen.Benchmarks.Reporting;

/// <summary>Writes a page's blocks as Markdown; what is folded is left to the HTML page.</summary>
internal static class MarkdownPage
{
    /// <summary>Writes it.</summary>
    /// <param name="blocks">The page.</param>
    public static string Of(IReadOnlyList<PageBlock> blocks)
    {
        StringBuilder page = new();
        foreach (string block in blocks.Select(Text).Where(text => text.Length > 0))
        {
            page.Append(page.Length > 0 ? "\n" : "").Append(block).Append('\n');
        }

        return page.ToString();
    }

    private static string Text(PageBlock block) => block switch
    {
        PageBlock.Heading heading => $"{new string('#', heading.Level)} {Plain(heading.Text)}",
        PageBlock.Paragraph paragraph => Plain(paragraph.Text),
        PageBlock.Plain plain => Plain(plain.Text),
        PageBlock.Code code => $"```\n{code.Text}\n```",
        PageBlock.Bullets bullets => string.Join('\n', bullets.Items.Select(item => $"- {Plain(item)}")),
        PageBlock.Grid grid => Table(grid),
        PageBlock.Pictures pictures => $"![{Plain(pictures.Alternative)}]({pictures.File})",
        _ => "",
    };

    private static string Table(PageBlock.Grid grid) => string.Join('\n',
    [
        Row(grid.Headings),
        $"| --- |{string.Concat(grid.Headings.Skip(1).Select(_ => " ---: |"))}",
        .. grid.Rows.Select(row => Row(row.Select(cell => cell.Text))),
    ]);

    private static string Row(IEnumerable<string> cells) =>
        $"| {string.Join(" | ", cells.Select(cell => Plain(cell).Replace("|", "\\|", StringComparison.Ordinal)))} |";

    /// <summary>What a name from a study's file could do to the page is undone: lines and HTML.</summary>
    private static string Plain(string text) =>
        text.ReplaceLineEndings(" ").Replace("<", "&lt;", StringComparison.Ordinal);
}
