using System.Security.Cryptography;
using PacGen.Nn.Data;

namespace PacGen.Tests.Nn.Data;

/// <summary>The published sets themselves, where this machine has them; checked by MD5s that were published with them or of them.</summary>
internal sealed class PublishedDataTests
{
    [TestCase("mnist", "6bbc9ace898e44ae57da46a324031adb", "a25bea736e30d166cdddb491f175f624", "2646ac647ad5339dbf082846283269ea", "27ae3e4e09519cfbb04c329615203637")]
    [TestCase("fashion-mnist", "f4a8712d7a061bf5bd6d2ca38dc4d50a", "9018921c3c673c538a1fc5bad174d6f9", "8181f5470baa50b63fa0f6fddb340f0a", "15d484375f8d13e6eb1aabb0c3f46965")]
    public void AreReadBitForBit(string name, string trainImages, string trainLabels, string testImages, string testLabels)
    {
        Dataset data = Load(name);

        Assert.That((data.Train.Count, data.Test.Count, data.Train.Height, data.Train.Width, data.Train.Classes), Is.EqualTo((60_000, 10_000, 28, 28, 10)));
        Assert.That(Images(data.Train), Is.EqualTo(trainImages));
        Assert.That(Labels(data.Train), Is.EqualTo(trainLabels));
        Assert.That(Images(data.Test), Is.EqualTo(testImages));
        Assert.That(Labels(data.Test), Is.EqualTo(testLabels));
    }

    [TestCase("mnist")]
    [TestCase("fashion-mnist")]
    public void AreNormalisedByTheirTrainingStatistics(string name)
    {
        ImageSet train = Load(name).Train;
        float[] images = new float[train.ImageSize * 1000], labels = new float[1000];
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

    private static Dataset Load(string name)
    {
        try
        {
            return Datasets.Load(name, new DataOptions { AllowDownload = false });
        }
        catch (DataException error) when (error.Message.Contains("is not on this machine", StringComparison.Ordinal))
        {
            Assert.Ignore(error.Message);
            throw;
        }
    }

#pragma warning disable CA5351 // These are the published checksums; they guard against accidents, not against people.
    private static string Images(ImageSet set) => Convert.ToHexStringLower(MD5.HashData(Idx.File(set.Pixels, set.Count, set.Height, set.Width)));

    private static string Labels(ImageSet set) => Convert.ToHexStringLower(MD5.HashData(Idx.File([.. from label in set.Labels.ToArray() select (byte)label], set.Count)));
#pragma warning restore CA5351
}
