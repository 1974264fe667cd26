namespace PacGen.Benchmarks.Reporting;

/// <summary>A part of a page that is written as Markdown and as HTML. Texts may have <c>`code`</c> and <c>**bold**</c>.</summary>
internal abstract record PageBlock
{
    /// <summary>A heading.</summary>
    /// <param name="Level">1 for the page's own.</param>
    /// <param name="Text">Its text.</param>
    internal sealed record Heading(int Level, string Text) : PageBlock
    {
        /// <summary>Whether the text is shown as it is, whatever stars and brackets are in it.</summary>
        public bool IsPlain { get; init; }
    }

    /// <summary>A paragraph.</summary>
    /// <param name="Text">Its text.</param>
    internal sealed record Paragraph(string Text) : PageBlock;

    /// <summary>A paragraph that is shown as it is, whatever stars and brackets are in it.</summary>
    /// <param name="Text">Its text.</param>
    internal sealed record Plain(string Text) : PageBlock;

    /// <summary>A command or a piece of code, as it is.</summary>
    /// <param name="Text">Its text.</param>
    internal sealed record Code(string Text) : PageBlock;

    /// <summary>A list.</summary>
    /// <param name="Items">Its items.</param>
    internal sealed record Bullets(IReadOnlyList<string> Items) : PageBlock;

    /// <summary>A table; a reader of the HTML page can sort it by any column.</summary>
    /// <param name="Headings">A heading for each column.</param>
    /// <param name="Rows">The rows.</param>
    internal sealed record Grid(IReadOnlyList<string> Headings, IReadOnlyList<IReadOnlyList<PageCell>> Rows) : PageBlock;

    /// <summary>Plots side by side where there is room.</summary>
    /// <param name="File">The name of the file that has them for Markdown.</param>
    /// <param name="Alternative">What they show, for who can't see them.</param>
    /// <param name="Plots">Each as SVG.</param>
    /// <param name="Key">What each colour is.</param>
    internal sealed record Pictures(
        string File, string Alternative, IReadOnlyList<string> Plots, IReadOnlyList<(string Name, string Colour)> Key)
            : PageBlock;

    /// <summary>More, shown when it is asked for.</summary>
    /// <param name="Summary">What it is.</param>
    /// <param name="Inside">The parts.</param>
    internal sealed record Fold(string Summary, IReadOnlyList<PageBlock> Inside) : PageBlock;
}
