using System.Security.Cryptography;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class DigitsTests
{
    private static readonly Dataset Digits = Datasets.Load("digits");

    [Test]
    public void HaveTheirPublishedCounts()
    {
        Assert.That((Digits.Train.Count, Digits.Test.Count), Is.EqualTo((1438, 359)));
        Assert.That(
            (Digits.Train.Height, Digits.Train.Width, Digits.Train.Channels, Digits.Train.Classes), Is.EqualTo((8, 8, 1, 10)));

        // The counts of optdigits.names, test part.
        int[] published = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
        int[] counts = new int[10], tested = new int[10];
        foreach (int label in Digits.Train.Labels)
        {
            counts[label]++;
        }

        foreach (int label in Digits.Test.Labels)
        {
            counts[label]++;
            tested[label]++;
        }

        Assert.That(counts, Is.EqualTo(published));
        Assert.That(tested, Is.EqualTo((int[])[.. from count in published select (count + 2) / 5]));
    }

    /// <summary>The split is a promise: results of years apart compare only if it never moves.</summary>
    [Test]
    public void AreSplitAsEver()
    {
        Assert.That(Hash(Digits.Train), Is.EqualTo("777279a5aa77d9fbdb582ef11ecae8280e2034a03ac70647f8f41658338801e7"));
        Assert.That(Hash(Digits.Test), Is.EqualTo("a8dee80a4bf306c6f44a15fde4ddba49ba2aec612a8ad1865237f46bcd43cb9b"));
    }

    [Test]
    public void AreNormalisedByTheirTrainingStatistics()
    {
        SampleSet train = Digits.Train;
        float[] images = new float[train.Count * train.SampleSize], labels = new float[train.Count];
        train.Gather([.. Enumerable.Range(0, train.Count)], images, labels);
        double mean = images.Average(x => (double)x), deviation = Math.Sqrt(images.Average(x => (x - mean) * (x - mean)));
        Assert.That(mean, Is.EqualTo(0).Within(2e-4));
        Assert.That(deviation, Is.EqualTo(1).Within(2e-4));
    }

    [Test]
    public void CarryTheirCredit()
    {
        using Stream credit = typeof(Datasets).Assembly.GetManifestResourceStream("digits.README.md")!;
        using StreamReader reader = new(credit);
        Assert.That(reader.ReadToEnd(), Does.Contain("Creative Commons Attribution 4.0").And.Contain("Alpaydin"));
    }

    private static string Hash(SampleSet set) =>
        Convert.ToHexStringLower(SHA256.HashData([.. set.Pixels, .. from label in set.Labels.ToArray() select (byte)label]));
}
