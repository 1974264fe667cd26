using System.Buffers;

namespace PacGen.Benchmarks.CommandLine;

/// <summary>A word of a command that a person may copy into a shell.</summary>
internal static class ShellWord
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+=:,@%");

    /// <summary>A path in quotes where a shell asks for them; <c>PATH</c> where it can't be shown as it is.</summary>
    public static string OrPath(string path) => Of(path) ?? "PATH";

    /// <summary>
    /// The word in quotes where a shell would read something else out of it; null where it can't be shown as it is.
    /// </summary>
    public static string? Of(string word) =>
        word.Any(letter => char.IsControl(letter) || char.IsSurrogate(letter)) || Core.Text.Printable.Name(word) != word ? null
        : word.Length > 0 && !word.AsSpan().ContainsAnyExcept(Plain) ? word
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
