using System.Globalization;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// What an accuracy says little by: one class alone, most samples of one class, classes in one part alone.
/// </summary>
internal static class ClassWarnings
{
    private const double Most = 0.9;
    private const int Shown = 20;

    /// <summary>
    /// The warnings, in sentences; in no more memory than the samples ask for, however many classes a file claims.
    /// </summary>
    /// <param name="target">What the classes are called together.</param>
    /// <param name="classes">How many there are.</param>
    /// <param name="name">A class's name, by its number.</param>
    /// <param name="trained">The classes that are trained on.</param>
    /// <param name="tested">Those that are tested on.</param>
    /// <param name="noun">What one sample is called.</param>
    public static List<string> Of(
        string target, int classes, Func<int, string> name, ReadOnlySpan<int> trained, ReadOnlySpan<int> tested, string noun)
    {
        Dictionary<int, int> train = Counts(trained), test = Counts(tested);
        (int often, int count) = train.Keys.Union(test.Keys)
            .Select(one => (one, train.GetValueOrDefault(one) + test.GetValueOrDefault(one))).MaxBy(pair => pair.Item2);
        double share = count / (double)(trained.Length + tested.Length);
        string shown = Printable.Name(target), most = Printable.Name(name(often));
        List<string> warnings = [];
        if (share == 1)
        {
            warnings.Add($"{shown} is {most} in all {noun}s: " +
                (classes == 1 ? "whatever a network answers is right." : "who always answers that is always right."));
        }
        else if (share >= Most)
        {
            warnings.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{shown} is {most} in {100 * share:F1} % of the {noun}s: who always answers that is as often right."));
        }

        foreach ((Dictionary<int, int> counts, string done) in new[] { (train, "trained"), (test, "tested") })
        {
            int absent = classes - counts.Count;
            if (absent > 0)
            {
                IEnumerable<string> names = Enumerable.Range(0, classes).Where(one => !counts.ContainsKey(one)).Take(Shown)
                    .Select(one => Printable.Name(name(one)));
                warnings.Add($"no {noun} of {string.Join(", ", names)}" +
                    $"{(absent > Shown ? $" and {absent - Shown} more" : "")} is {done} on.");
            }
        }

        return warnings;
    }

    private static Dictionary<int, int> Counts(ReadOnlySpan<int> labels)
    {
        Dictionary<int, int> counts = [];
        foreach (int label in labels)
        {
            counts[label] = counts.GetValueOrDefault(label) + 1;
        }

        return counts;
    }
}
