using System.Text;

namespace PacGen.Benchmarks.Reporting;

/// <summary>
/// The files that a verb leaves in the folder of <c>--output</c>: checked before the work begins, each written as a whole.
/// </summary>
internal sealed class Results
{
    private const string Option = "--output";
    private readonly string folder;
    private readonly string[] names;

    /// <param name="folder">The folder; the working folder without it.</param>
    /// <param name="names">The files' names.</param>
    /// <exception cref="IOException">One of them can't be written.</exception>
    public Results(string? folder, params string[] names)
    {
        this.folder = folder ?? ".";
        this.names = names;
        foreach (string name in names)
        {
            OutputFile.Check(PathOf(name), Option);
        }
    }

    /// <summary>Notified of the path of each file that is written.</summary>
    public Action<string>? Written { get; init; }

    /// <summary>Writes the file of that name.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Write(string name, byte[] content)
    {
        OutputFile.Write(PathOf(name), Option, stream => stream.Write(content));
        Written?.Invoke(PathOf(name));
    }

    /// <summary>Writes a text.</summary>
    public void Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n")));

    /// <summary>Writes lines of text.</summary>
    public void Write(string name, IEnumerable<string> lines) => Write(name, string.Concat(lines.Select(line => $"{line}\n")));

    /// <summary>Where something of that name lies in the folder.</summary>
    public string PathOf(string name) => Path.Combine(folder, name);

    /// <summary>All the files.</summary>
    public override string ToString() => string.Join(", ", names.Select(PathOf));
}
