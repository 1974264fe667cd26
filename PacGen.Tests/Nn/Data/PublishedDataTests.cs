using System.Security.Cryptography;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// The published sets themselves, where this machine has them; checked by MD5s that were published with them or of them.
/// </summary>
internal sealed class PublishedDataTests
{
    [TestCase(
        "mnist", "6bbc9ace898e44ae57da46a324031adb", "a25bea736e30d166cdddb491f175f624", "2646ac647ad5339dbf082846283269ea",
        "27ae3e4e09519cfbb04c329615203637")]
    [TestCase(
        "fashion-mnist", "f4a8712d7a061bf5bd6d2ca38dc4d50a", "9018921c3c673c538a1fc5bad174d6f9",
        "8181f5470baa50b63fa0f6fddb340f0a", "15d484375f8d13e6eb1aabb0c3f46965")]
    public void AreReadBitForBit(string name, string trainImages, string trainLabels, string testImages, string testLabels)
    {
        Dataset data = Load(name);

        Assert.That(
            (data.Train.Count, data.Test.Count, data.Train.Height, data.Train.Width, data.Train.Classes),
            Is.EqualTo((60_000, 10_000, 28, 28, 10)));
        Assert.That(Images(data.Train), Is.EqualTo(trainImages));
        Assert.That(Labels(data.Train), Is.EqualTo(trainLabels));
        Assert.That(Images(data.Test), Is.EqualTo(testImages));
        Assert.That(Labels(data.Test), Is.EqualTo(testLabels));
    }

    [TestCase("mnist")]
    [TestCase("fashion-mnist")]
    public void AreNormalisedByTheirTrainingStatistics(string name)
    {
        SampleSet train = Load(name).Train;
        float[] images = new float[train.SampleSize * 1000], labels = new float[1000];
        double sum = 0, squares = 0;
        for (int start = 0; start < train.Count; start += 1000)
        {
            train.Gather([.. Enumerable.Range(start, 1000)], images, labels);
            foreach (float value in images)
            {
                sum += value;
                squares += (double)value * value;
            }
        }

        double mean = sum / train.Pixels.Length;
        Assert.That(mean, Is.EqualTo(0).Within(2e-4));
        Assert.That((squares / train.Pixels.Length) - (mean * mean), Is.EqualTo(1).Within(4e-4));
    }

    /// <summary>
    /// CIFAR-10's test batch and the batches of its training set that are there, by the MD5 of the first; every class a tenth of
    /// the test set.
    /// </summary>
    [Test]
    public void HasCifar10AsPublished()
    {
        Dataset data = Load("cifar-10");
        Assert.That(
            (data.Test.Count, data.Train.Count % 10_000, data.Train.Height, data.Train.Channels), Is.EqualTo((10_000, 0, 32, 3)));
        Assert.That(Records(data.Train.Take(10_000)), Is.EqualTo("5dd7e06a14cb22eb9f671a540d1b7c25"));
        Assert.That(Records(data.Test), Is.EqualTo("803d5f7f4d78ea53de84dbe85f74fb6d"));
        Assert.That(
            data.Train.Labels[..5].ToArray(), Is.EqualTo(new[] { 6, 9, 9, 4, 1 }), "frog, truck, truck, deer, automobile");
        Assert.That(
            from label in data.Test.Labels.ToArray() group label by label into same select same.Count(), Is.All.EqualTo(1000));
        IsNearlyNormalised(data.Train);
    }

    [TestCase("cifar-100", 100)]
    [TestCase("cifar-100-coarse", 20)]
    public void HasCifar100(string name, int classes)
    {
        Dataset data = Load(name);
        Assert.That(
            (data.Train.Classes, data.Train.Labels.ToArray().Distinct().Count(), data.Test.Labels.ToArray().Distinct().Count()),
            Is.EqualTo((classes, classes, classes)));
        IsNearlyNormalised(data.Train);
    }

    [Test]
    public void HasTinyImageNet()
    {
        using TemporaryFolder cache = new();
        Dataset data = Load("tiny-imagenet", cache.Path);
        Assert.That((data.Train.Height, data.Train.Width, data.Train.Channels), Is.EqualTo((64, 64, 3)));
        int[] counts = [.. from label in data.Train.Labels.ToArray() group label by label into same select same.Count()];
        Assert.That(counts, Has.Length.EqualTo(data.Train.Classes).And.All.EqualTo(counts[0]));
        Assert.That(data.Test.Labels.ToArray().Distinct().Count(), Is.EqualTo(data.Train.Classes));
        IsNearlyNormalised(data.Train);
        Assert.That(Load("tiny-imagenet", cache.Path).Train.Pixels.SequenceEqual(data.Train.Pixels), "from the cache");
    }

    /// <summary>The stated statistics are those of the whole set: a part of it comes close.</summary>
    private static void IsNearlyNormalised(SampleSet train)
    {
        int count = Math.Min(2000, train.Count);
        float[] images = new float[train.SampleSize * count], labels = new float[count];
        train.Gather([.. Enumerable.Range(0, count)], images, labels);
        for (int channel = 0; channel < 3; channel++)
        {
            float[] values = [.. images.Where((_, i) => i % 3 == channel)];
            double mean = values.Average(value => (double)value);
            Assert.That(mean, Is.Zero.Within(0.15), $"channel {channel}");
            Assert.That(
                values.Average(value => (double)value * value) - (mean * mean), Is.EqualTo(1).Within(0.2), $"channel {channel}");
        }
    }

    private static Dataset Load(string name, string? cache = null)
    {
        try
        {
            return Datasets.Load(
                name, cache is null ? new DataOptions { AllowDownload = false }
                : new DataOptions { AllowDownload = false, CacheFolder = cache });
        }
        catch (DataException error) when (error.Message.Contains("is not on this machine", StringComparison.Ordinal))
        {
            Assert.Ignore(error.Message);
            throw;
        }
    }

#pragma warning disable CA5351 // These are the published checksums; they guard against accidents, not against people.
    private static string Images(SampleSet set) =>
        Convert.ToHexStringLower(MD5.HashData(Idx.File(set.Pixels, set.Count, set.Height, set.Width)));

    private static string Labels(SampleSet set) =>
        Convert.ToHexStringLower(MD5.HashData(Idx.File([.. from label in set.Labels.ToArray() select (byte)label], set.Count)));

    private static string Records(SampleSet set)
    {
        byte[] records = new byte[set.Count * 3073];
        for (int i = 0; i < records.Length; i++)
        {
            (int image, int at) = (i / 3073, (i % 3073) - 1);
            records[i] = at < 0 ? (byte)set.Labels[image] : set.Pixels[(image * 3072) + (at % 1024 * 3) + (at / 1024)];
        }

        return Convert.ToHexStringLower(MD5.HashData(records));
    }
#pragma warning restore CA5351
}
