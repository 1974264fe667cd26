using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class ImageSetTests
{
    [Test]
    public void NormalisesEveryByteByTheFormula([Values(255, 16)] int maxValue)
    {
        Normalization normalization = new([0.1307f, 0.5f, 0.3f], [0.3081f, 0.25f, 2f], maxValue);
        byte[] pixels = [.. from value in Enumerable.Range(0, 256) from channel in Enumerable.Range(0, 3) select (byte)value];
        float[] result = new float[pixels.Length];

        normalization.Apply(pixels, result);

        for (int i = 0; i < result.Length; i++)
        {
            double expected = ((pixels[i] / (double)maxValue) - normalization.Mean[i % 3]) / normalization.StandardDeviation[
                i % 3];
            Assert.That(result[i], Is.EqualTo((float)expected), $"byte {pixels[i]}, channel {i % 3}");
        }
    }

    [Test]
    public void GathersImagesInTheGivenOrder([Values(1, 3)] int channels)
    {
        ImageSet set = Set(20, 3, 2, channels);
        int[] indices = [7, 0, 19, 7];
        float[] images = new float[(4 * set.SampleSize) + 1], labels = new float[5], one = new float[set.SampleSize];
        images[^1] = labels[^1] = -99;

        set.Gather(indices, images, labels);

        for (int i = 0; i < indices.Length; i++)
        {
            set.Normalization.Apply(set.Pixels.Slice(indices[i] * set.SampleSize, set.SampleSize), one);
            Assert.That(images[(i * set.SampleSize)..((i + 1) * set.SampleSize)], Is.EqualTo(one));
            Assert.That(labels[i], Is.EqualTo(set.Labels[indices[i]]));
        }

        Assert.That((images[^1], labels[^1]), Is.EqualTo((-99f, -99f)));
    }

    [Test]
    public void RefusesToGatherWhatIsNotThere()
    {
        ImageSet set = Set(20, 3, 2, 1);
        float[] images = new float[2 * set.SampleSize], labels = new float[2];
        Assert.That(() => set.Gather([0, 20], images, labels), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => set.Gather([-1], images, labels), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => set.Gather([0, 1, 2], images, new float[3]), Throws.ArgumentException);
        Assert.That(() => set.Gather([0, 1], images, new float[1]), Throws.ArgumentException);
    }

    [Test]
    public void TakesTheFirstAndChosenImages()
    {
        ImageSet set = Set(20, 3, 2, 1);
        ImageSet first = set.Take(5), chosen = set.Subset([3, 19, 3]);

        Assert.That((first.Count, first.Height, first.Width, first.Classes), Is.EqualTo((5, 3, 2, 10)));
        Assert.That(first.Pixels.SequenceEqual(set.Pixels[..30]) && first.Labels.SequenceEqual(set.Labels[..5]));
        Assert.That(chosen.Labels.ToArray(), Is.EqualTo(new[] { set.Labels[3], set.Labels[19], set.Labels[3] }));
        Assert.That(chosen.Pixels[6..12].SequenceEqual(set.Pixels[114..120]));
        Assert.That(() => set.Take(21), Throws.TypeOf<DataException>().With.Message.EqualTo(
            "21 images are asked for, but the set has 20: ask for 1 to 20."));
        Assert.That(() => set.Take(0), Throws.TypeOf<DataException>());
        Assert.That(() => set.Subset([20]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => set.Subset([]), Throws.ArgumentException);
    }

    [Test]
    public void RefusesWhatDoesNotFitTogether()
    {
        Normalization plain = new([0], [1]);
        Assert.That(() => new ImageSet(new byte[11], new int[2], 2, 3, 10, plain), Throws.ArgumentException);
        Assert.That(
            () => new ImageSet(new byte[12], new[] { 0, 10 }, 2, 3, 10, plain),
            Throws.ArgumentException.With.Message.Contains("Image 1 has label 10"));
        Assert.That(() => new ImageSet(new byte[12], new[] { 0, -1 }, 2, 3, 10, plain), Throws.ArgumentException);
        Assert.That(
            () => new ImageSet(new byte[] { 1, 17 }, new int[2], 1, 1, 10, new Normalization([0], [1], 16)),
            Throws.ArgumentException.With.Message.Contains("Image 1 has a pixel of 17"));
        Assert.That(() => new ImageSet(Array.Empty<byte>(), Array.Empty<int>(), 2, 3, 10, plain), Throws.ArgumentException);
        Assert.That(() => new ImageSet(new byte[1], new int[1], 1 << 20, 1 << 20, 10, plain), Throws.ArgumentException);
        Assert.That(() => new Normalization([0, 1], [1]), Throws.ArgumentException);
        Assert.That(() => new ImageSet(new byte[1], new int[1], 1, 1, 1, plain).With(new Normalization([0, 0], [1, 1])),
            Throws.ArgumentException);
        Assert.That(() => new Normalization([0], [0]), Throws.ArgumentException);
        Assert.That(() => new Normalization([float.NaN], [1]), Throws.ArgumentException);
        Assert.That(() => new Normalization([0], [1], 256), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    /// <summary>Images whose bytes all differ from those at the same place of another image.</summary>
    internal static ImageSet Set(int count, int height, int width, int channels)
    {
        int size = height * width * channels;
        byte[] pixels =
            [.. from image in Enumerable.Range(0, count) from i in Enumerable.Range(0, size) select (byte)((3 * image) + i)];
        float[] mean = [.. from channel in Enumerable.Range(0, channels) select 0.1f * channel], deviation = [
            .. from channel in Enumerable.Range(1, channels) select 0.3f * channel];
        return new ImageSet(
            pixels, (int[])[.. from image in Enumerable.Range(0, count) select image * 7 % 10], height, width, 10,
            new Normalization(mean, deviation));
    }

    /// <summary>Mean 0 and deviation 1 over the images that it is fitted to, whatever the others are.</summary>
    [Test]
    public void ANormalizationIsFittedToChosenImages()
    {
        byte[] pixels = [1, 9, 3, 9, 0, 9, 4, 9, 200, 9, 77, 1];
        ImageSet images = new(pixels, new int[3], 1, 2, 1, new Normalization([0f, 0f], [1f, 1f], 200));
        Normalization fitted = Normalization.Fit(images, 0, 1);
        float[] values = new float[8], labels = new float[2];
        images.With(fitted).Gather([0, 1], values, labels);
        float[] first = [values[0], values[2], values[4], values[6]];
        Assert.That(first.Sum(), Is.Zero.Within(1e-6));
        Assert.That(first.Sum(value => value * value), Is.EqualTo(4).Within(1e-5));
        Assert.That(values[1], Is.Zero.Within(1e-7), "a constant channel is not scaled");
        Assert.That(fitted.MaxValue, Is.EqualTo(200));
        Assert.That(Normalization.Fit(images).Mean[0], Is.EqualTo((1 + 3 + 0 + 4 + 200 + 77) / 6f / 200).Within(1e-6));
        Assert.That(() => Normalization.Fit(images, 3), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
