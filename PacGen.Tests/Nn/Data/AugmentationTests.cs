using PacGen.Core.Randomness;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class AugmentationTests
{
    /// <summary>Against pad, crop and mirror pixel by pixel, from the documented words.</summary>
    [Test]
    public void PadsCropsAndMirrorsAsItSays([Values(0, 1, 4, 9)] int padding, [Values] bool flip, [Values(1, 3)] int channels)
    {
        const ulong Seed = 77;
        ImageSet set = ImageSetTests.Set(60, 6, 5, channels);
        Augmentation augmentation = new() { Padding = padding, Flip = flip };
        int[] indices = [.. Enumerable.Range(0, 60)];
        float[] images = new float[60 * set.SampleSize], labels = new float[60], expected = new float[set.SampleSize];
        HashSet<(int, int, bool)> seen = [];

        augmentation.Gather(set, indices, Seed, epoch: 3, images, labels, new byte[set.SampleSize]);

        for (int i = 0; i < 60; i++)
        {
            int Shift(int word) =>
                (int)(Philox.Word(Seed, 0x8000_0002, 3, (4 * i) + word) / 4294967296.0 * ((2 * padding) + 1)) - padding;
            (int down, int right, bool mirrored) = (
                Shift(0), Shift(1), flip && Philox.Word(Seed, 0x8000_0002, 3, (4 * i) + 2) % 2 == 1);
            seen.Add((down, right, mirrored));
            byte[] bytes = new byte[set.SampleSize];
            for (int y = 0; y < 6; y++)
            {
                for (int x = 0; x < 5; x++)
                {
                    (int fromY, int fromX) = (y + down, (mirrored ? 4 - x : x) + right);
                    for (int c = 0; c < channels; c++)
                    {
                        bytes[(((y * 5) + x) * channels) + c] = fromY is < 0 or > 5 || fromX is < 0 or > 4
                            ? (byte)0 : set.Pixels[(i * set.SampleSize) + (((fromY * 5) + fromX) * channels) + c];
                    }
                }
            }

            set.Normalization.Apply(bytes, expected);
            Assert.That(images[(i * set.SampleSize)..((i + 1) * set.SampleSize)], Is.EqualTo(expected), $"image {i}");
            Assert.That(labels[i], Is.EqualTo(set.Labels[i]));
        }

        Assert.That(seen, Has.Count.GreaterThan(padding == 0 ? flip ? 1 : 0 : 5));
    }

    /// <summary>What an image becomes depends on seed, epoch and image: not on threads, batch size or where it stands.</summary>
    [Test]
    public void RepeatsWhateverTheThreadsAndBatches([Values(1, 2, 4)] int threads, [Values(1, 7, 16)] int batchSize)
    {
        ImageSet set = ImageSetTests.Set(80, 8, 8, 3);
        int[] order = [.. Enumerable.Range(0, 80)];
        using BatchLoader loader =
            BatchLoader.Shuffled(set, batchSize, seed: 5, augmentation: Augmentation.CropFlip, threads: threads);
        for (int epoch = 1; epoch <= 4; epoch++)
        {
            int[] chosen = (int[])order.Clone();
            new RandomStream(5, 0x8000_0001, (uint)epoch).Shuffle(chosen);
            float[] images = new float[80 * set.SampleSize], labels = new float[80];
            Augmentation.CropFlip.Gather(set, chosen, 5, epoch, images, labels, new byte[set.SampleSize]);
            int first = epoch == 4 ? 2 : 0, at = first * batchSize;
            loader.Start(epoch, first);
            while (loader.TryNext(out Batch batch))
            {
                Assert.That(
                    batch.Samples.SequenceEqual(images.AsSpan(at * set.SampleSize, batch.Samples.Length)),
                    $"epoch {epoch}, image {at}");
                Assert.That(batch.Targets.SequenceEqual(labels.AsSpan(at, batch.Count)));
                at += batch.Count;
            }

            Assert.That(at, Is.EqualTo(80));
        }
    }

    [Test]
    public void StartsAnewInTheMiddleWithManyThreads()
    {
        ImageSet set = ImageSetTests.Set(80, 4, 4, 3);
        using BatchLoader loader = BatchLoader.Shuffled(set, 4, seed: 5, augmentation: Augmentation.CropFlip, threads: 4);
        float[] images = new float[80 * set.SampleSize], labels = new float[80];
        int[] order = [.. Enumerable.Range(0, 80)];
        new RandomStream(5, 0x8000_0001, 2).Shuffle(order);
        Augmentation.CropFlip.Gather(set, order, 5, 2, images, labels, new byte[set.SampleSize]);
        for (int taken = 0; taken <= 100; taken++)
        {
            loader.Start(1);
            for (int i = 0; i < taken % 21; i++)
            {
                loader.TryNext(out _);
            }

            loader.Start(2);
            int at = 0;
            while (loader.TryNext(out Batch batch))
            {
                Assert.That(batch.Samples.SequenceEqual(images.AsSpan(at, batch.Samples.Length)), $"after {taken} batches");
                at += batch.Samples.Length;
            }
        }
    }

    [Test]
    public void RefusesPaddingThatMakesNoSense() =>
        Assert.That(() => new Augmentation { Padding = -1 }, Throws.TypeOf<ArgumentOutOfRangeException>());
}
