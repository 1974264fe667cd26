using System.Text;
using PacGen.Plots;

namespace PacGen.Benchmarks.Reporting;

/// <summary>
/// The files that a verb leaves in the folder of <c>--output</c>: checked before the work begins, each written as a whole.
/// </summary>
internal sealed class Results
{
    private const string Option = "--output", Picture = ".png";
    private readonly string folder, format;
    private readonly PageSize size;
    private readonly string[] names;

    /// <param name="folder">The folder; the working folder without it.</param>
    /// <param name="format">The pictures' format, as their extension names it.</param>
    /// <param name="size">The pictures' size.</param>
    /// <param name="names">The files' names, those of pictures as PNG files.</param>
    /// <exception cref="IOException">One of them can't be written.</exception>
    public Results(string? folder, string format, PageSize size, params string[] names)
    {
        this.folder = folder ?? ".";
        this.format = format;
        this.size = size;
        this.names = names;
        foreach (string name in names)
        {
            OutputFile.Check(PathOf(name), Option);
        }
    }

    /// <summary>Notified of the path of each file that is written.</summary>
    public Action<string>? Written { get; init; }

    /// <summary>Draws a picture, and disposes of it.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Write(string name, Page page)
    {
        using (page)
        {
            Write(name, page.Encode(NameOf(name), size));
        }
    }

    /// <summary>Writes a text.</summary>
    public void Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n")));

    /// <summary>Writes lines of text.</summary>
    public void Write(string name, IEnumerable<string> lines) => Write(name, string.Concat(lines.Select(line => $"{line}\n")));

    /// <summary>The name that a file has: a picture's has the extension of its format.</summary>
    public string NameOf(string name) =>
        name.EndsWith(Picture, StringComparison.Ordinal) ? Path.ChangeExtension(name, format) : name;

    /// <summary>Where something of that name lies in the folder.</summary>
    public string PathOf(string name) => Path.Combine(folder, NameOf(name));

    /// <summary>All the files.</summary>
    public override string ToString() => string.Join(", ", names.Select(PathOf));

    private void Write(string name, byte[] content)
    {
        OutputFile.Write(PathOf(name), Option, stream => stream.Write(content));
        Written?.Invoke(PathOf(name));
    }
}
