namespace PacGen.Benchmarks.CommandLine;

/// <summary>The known word that a mistyped one was meant to be.</summary>
internal static class Nearest
{
    /// <summary>
    /// The closest of the candidates, or null where none is close: the one whose words begin with these letters (lr for
    /// learning-rate), else the only one that begins so (check for checkpoint) or has this among its words (rate), else the
    /// nearest by edit distance.
    /// </summary>
    public static string? To(string word, IReadOnlyCollection<string> candidates)
    {
        string bare = word.TrimStart('-');
        return Only(2, one => Initials(one).Equals(bare, StringComparison.OrdinalIgnoreCase))
            ?? Only(3, one => one.TrimStart('-').StartsWith(bare, StringComparison.OrdinalIgnoreCase))
            ?? Only(3, one => one.Split('-').Contains(bare, StringComparer.OrdinalIgnoreCase))
            ?? ByDistance(word, candidates);

        string? Only(int letters, Func<string, bool> fits) =>
            bare.Length >= letters && candidates.Where(fits).Take(2).ToArray() is [{ } only] ? only : null;
    }

    private static string Initials(string name) =>
        string.Concat(name.Split('-', StringSplitOptions.RemoveEmptyEntries).Select(part => part[0]));

    private static string? ByDistance(string word, IEnumerable<string> candidates) => candidates
        .Select(candidate => (candidate, distance: Distance(word, candidate)))
        .Where(
            pair => pair.distance <= Math.Max(1, Math.Min(pair.candidate.TrimStart('-').Length, word.TrimStart('-').Length) / 2))
        .OrderBy(pair => pair.distance)
        .Select(pair => pair.candidate)
        .FirstOrDefault();

    // Levenshtein's, one row at a time.
    private static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int changed = diagonal + (char.ToUpperInvariant(from[i - 1]) == char.ToUpperInvariant(to[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
