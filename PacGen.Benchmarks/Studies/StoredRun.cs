using System.Globalization;
using System.Text.RegularExpressions;

namespace PacGen.Benchmarks.Studies;

/// <summary>A run, as the store has it.</summary>
/// <param name="Run">Its number, from 1.</param>
/// <param name="Settings">Its settings by name.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="State">Where it stands.</param>
internal sealed partial record StoredRun(int Run, SortedDictionary<string, string> Settings, ulong Seed, StudyRunState State)
{
    /// <summary>Why it could not go on, or null.</summary>
    public string? Failure { get; init; }

    /// <summary>Where it ran, or null.</summary>
    public string? Device { get; init; }

    /// <summary>The time that it took; NaN before its end.</summary>
    public double Seconds { get; init; } = double.NaN;

    /// <summary>What the images that it trained on are, with their fingerprint; null before it begins.</summary>
    public string? Images { get; init; }

    /// <summary>The name of the images, and how many are for training and for testing; null before it begins.</summary>
    public (string Name, int Train, int Test)? Counts => Images is { } text && Counted().Match(text) is { Success: true } counted
        ? (counted.Groups[1].Value, int.Parse(counted.Groups[2].Value, CultureInfo.InvariantCulture),
            int.Parse(counted.Groups[3].Value, CultureInfo.InvariantCulture)) : null;

    // StudyWork.ImagesOf writes it.
    [GeneratedRegex(@"^(.*), (\d{1,9}) \+ (\d{1,9}), [^,]*$", RegexOptions.Singleline)]
    private static partial Regex Counted();
}
