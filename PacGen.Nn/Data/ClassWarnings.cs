using System.Globalization;
using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>
/// What an accuracy says little by: one class alone, most samples of one class, classes in one part alone.
/// </summary>
internal static class ClassWarnings
{
    private const double Most = 0.9;

    /// <summary>The warnings, in sentences.</summary>
    /// <param name="target">What the classes are called together.</param>
    /// <param name="classes">Their names, in the order of their numbers.</param>
    /// <param name="trained">The classes that are trained on.</param>
    /// <param name="tested">Those that are tested on.</param>
    /// <param name="noun">What one sample is called.</param>
    public static List<string> Of(
        string target, IReadOnlyList<string> classes, ReadOnlySpan<int> trained, ReadOnlySpan<int> tested, string noun)
    {
        int[] train = Counts(trained, classes.Count), test = Counts(tested, classes.Count);
        int[] all = [.. train.Zip(test, (one, other) => one + other)];
        int often = Array.IndexOf(all, all.Max());
        double share = all[often] / (double)(trained.Length + tested.Length);
        string shown = Printable.Name(target), most = Printable.Name(classes[often]);
        List<string> warnings = [];
        if (share == 1)
        {
            warnings.Add($"{shown} is {most} in all {noun}s: " +
                (classes.Count == 1 ? "whatever a network answers is right." : "who always answers that is always right."));
        }
        else if (share >= Most)
        {
            warnings.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{shown} is {most} in {100 * share:F1} % of the {noun}s: who always answers that is as often right."));
        }

        foreach ((int[] counts, string done) in new[] { (train, "trained"), (test, "tested") })
        {
            string[] absent = [.. from one in Enumerable.Range(0, classes.Count) where counts[one] == 0 select classes[one]];
            if (absent.Length > 0)
            {
                warnings.Add($"no {noun} of {string.Join(", ", absent.Take(20).Select(Printable.Name))}" +
                    $"{(absent.Length > 20 ? $" and {absent.Length - 20} more" : "")} is {done} on.");
            }
        }

        return warnings;
    }

    private static int[] Counts(ReadOnlySpan<int> labels, int classes)
    {
        int[] counts = new int[classes];
        foreach (int label in labels)
        {
            counts[label]++;
        }

        return counts;
    }
}
