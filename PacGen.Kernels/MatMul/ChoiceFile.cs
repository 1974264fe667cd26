using PacGen.Core.Files;

namespace PacGen.Kernels;

/// <summary>
/// A file of choices by name, that of one maker: its first line. Each other line is a name, a tab and the choice. What can't be
/// read, is damaged or another maker's counts as nothing, and the next choice writes the file anew.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="maker">A line of text.</param>
internal sealed class ChoiceFile(string path, string maker)
{
    private const int MostBytes = 1 << 22;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>The choices that are there.</summary>
    public Dictionary<string, string> Read()
    {
        Dictionary<string, string> choices = [];
        try
        {
            if (!File.Exists(path) || new FileInfo(path).Length > MostBytes)
            {
                return choices;
            }

            string[] lines = File.ReadAllLines(path);
            if (lines.Length == 0 || lines[0] != maker)
            {
                return choices;
            }

            foreach (string line in lines[1..])
            {
                if (line.Split('\t') is not [{ Length: > 0 } name, { Length: > 0 } choice])
                {
                    return [];
                }

                choices[name] = choice;
            }

            return choices;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>
    /// Adds a choice to those that are there. Where the file can't be written it stays as it is. Of two processes that write at
    /// a time one's choice may be lost; what is there is whole.
    /// </summary>
    public void Add(string name, string choice)
    {
        Dictionary<string, string> choices = Read();
        choices[name] = choice;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, stream =>
            {
                using StreamWriter lines = new(stream, leaveOpen: true) { NewLine = "\n" };
                lines.WriteLine(maker);
                foreach ((string known, string of) in choices.OrderBy(one => one.Key, StringComparer.Ordinal))
                {
                    lines.WriteLine($"{known}\t{of}");
                }
            });
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The choice holds in this process alone.
        }
    }
}
